"""Counts what became of every promise, from the database, the provider's log and what the clients remember."""

import hashlib
import json
import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from chaos.injection import Happened
from chaos.provider import AMBIGUOUS
from chaos.work import Ack, Ledger

DEFERRED = "attempts = 0 AND next_at > now() + interval '2 minutes'"  # waits for the office to open
OPEN = f"SELECT count(*) FROM notices WHERE state IN ('due', 'leased') AND NOT ({DEFERRED})"
BEHIND = "SELECT count(*) FROM clocks WHERE remind_at <= now()"
SETTLING = 5.0  # seconds within which a worker settles what the provider took
BLAME = ("worker notices", "postgres", "backend", "clock")
"""Faults that can part a call from its settlement: the kinds whose names hold one of these."""


@dataclass
class Verdict:
    """The figures of one arm; `faults` and what follows only where they make sense."""

    acknowledged: int = 0
    lost: int = 0
    duplicated: int = 0
    undelivered: int = 0
    repeated_effects: int = 0
    faults: int = 0
    late_p50_s: float = 0.0
    late_p99_s: float = 0.0
    late_max_s: float = 0.0
    more: dict[str, object] = field(default_factory=dict)

    def told(self) -> dict[str, object]:
        """The figures as JSON has them."""
        return {name: value for name, value in vars(self).items() if name != "more"} | self.more


def unsettled(database: str) -> int:
    """How many due notices have not ended and how many clocks were not served; raises psycopg.Error."""
    with psycopg.connect(database, connect_timeout=3) as connection:
        return sum(connection.execute(query).fetchone()[0] for query in (OPEN, BEHIND))


def judge(database: str, files: Path, ledger: Ledger, log: Path, happened: Sequence[Happened]) -> Verdict:
    """Our arm's figures."""
    calls, end = read_calls(log, "ours"), max((each.ended for each in happened), default=0.0)
    with psycopg.connect(database) as connection:
        lost = [ack.key for ack in ledger.acks if not _is_kept(connection, ack, files)]
        notices = connection.execute(
            "SELECT encode(dedup_key, 'hex'), n.state, attempts, channel, topic, number,"
            " extract(epoch FROM n.created_at), extract(epoch FROM settled_at)"
            " FROM notices n LEFT JOIN cases ON cases.id = case_id"
        ).fetchall()
        missing = _missing_reminders(ledger, notices)
        unseen = [key for key, state, _, channel, *_ in notices if (state, channel) == ("sent", "webhook")]
        unseen = [key for key in unseen if not any(call["taken"] for call in calls[key])]
        late = [
            float(settled) - max(ledger.aged.get(number, 0.0) if "reminder" in topic else float(created), end)
            for *_, topic, number, created, settled in notices
            if settled and float(settled) > end
        ]
        verdict = Verdict(
            acknowledged=len(ledger.acks),
            lost=len(lost),
            duplicated=_duplicated(connection),
            undelivered=unsettled(database) + len(missing) + len(unseen),
            repeated_effects=_unexplained(calls, {key: tries for key, _, tries, *_ in notices}, happened),
            faults=len(happened),
        )
    _add_lateness(verdict, late)
    states = defaultdict(int)
    for notice in notices:
        states[notice[1]] += 1
    verdict.more = {
        "notices": dict(sorted(states.items())),
        "effects": sum(call["taken"] for each in calls.values() for call in each),
        "repeated_after_ambiguous": _repeats(calls) - verdict.repeated_effects,
        "refused": len(ledger.refused),
        "retries": sum(ack.tries - 1 for ack in ledger.acks),
        "which": (lost + missing + unseen + ledger.refused)[:10],
    }
    return verdict


def judge_naive(ledger: Ledger, waiting: set[str], log: Path, happened: Sequence[Happened]) -> Verdict:
    """The naive arm's figures: what RQ still knows of is undelivered, what it knows nothing of is lost."""
    calls, end = read_calls(log, "naive"), max((each.ended for each in happened), default=0.0)
    taken = {key: [call["at"] for call in each if call["taken"]] for key, each in calls.items()}
    absent = [key for key in ledger.naive if not taken.get(key)]
    firsts = {key: min(taken[key]) for key in ledger.naive if taken.get(key)}
    verdict = Verdict(
        acknowledged=len(ledger.naive),
        lost=sum(key not in waiting for key in absent),
        undelivered=sum(key in waiting for key in absent),
        repeated_effects=_unexplained(calls, {}, happened),
        faults=len(happened),
    )
    _add_lateness(verdict, [at - max(ledger.naive[key], end) for key, at in firsts.items() if at > end])
    return verdict


def read_calls(log: Path, arm: str) -> dict[str, list[dict]]:
    """What the provider was handed by one arm, by message, in order."""
    calls: dict[str, list[dict]] = defaultdict(list)
    for line in log.read_text().splitlines() if log.exists() else ():
        call = json.loads(line)
        if call["arm"] == arm:
            calls[call["id"]].append(call)
    return calls


def _is_kept(connection: psycopg.Connection, ack: Ack, files: Path) -> bool:
    """Whether an acknowledged matter stands there once, word for word, with its receipt, under its key, with photos."""
    rows = connection.execute(
        "SELECT cases.id, cases.text, hash FROM cases JOIN events ON case_id = cases.id AND events.seq = 1"
        " JOIN idempotency ON idempotency.case_id = cases.id AND key = %s JOIN matters ON matters.case_id = cases.id"
        " WHERE number = %s",
        (ack.key, ack.number),
    ).fetchall()
    if len(rows) != 1 or _hash(rows[0][1]) != _hash(ack.text) or rows[0][2] != ack.receipt:
        return False
    keys = connection.execute("SELECT key, thumb_key FROM attachments WHERE case_id = %s", (rows[0][0],)).fetchall()
    return len(keys) == ack.photos and all((files / key).stat().st_size for pair in keys for key in pair if key)


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _duplicated(connection: psycopg.Connection) -> int:
    """Matters beyond one per key and per text, and notices beyond one per recipient, channel and occasion."""
    queries = (
        "SELECT abs((SELECT count(*) FROM matters) - (SELECT count(*) FROM idempotency))",
        "SELECT count(*) - count(DISTINCT text) FROM cases",
        "SELECT count(*) - count(DISTINCT (case_id, clock_id, topic, generation, recipient_id, channel)) FROM notices"
        " WHERE topic LIKE 'reminder.%'",
    )
    return sum(connection.execute(query).fetchone()[0] for query in queries)


def _missing_reminders(ledger: Ledger, notices: Sequence[tuple]) -> list[str]:
    """Matters whose time has come without a reminder in either channel."""
    reminded = {(number, channel) for _, _, _, channel, topic, number, *_ in notices if topic.startswith("reminder.")}
    wanted = ((number, channel) for number in ledger.aged for channel in ("inbox", "webhook"))
    return [f"{number} {channel}" for number, channel in wanted if (number, channel) not in reminded]


def _repeats(calls: dict[str, list[dict]]) -> int:
    return sum(max(0, sum(call["taken"] for call in each) - 1) for each in calls.values())


def _unexplained(calls: dict[str, list[dict]], claims: dict[str, int], happened: Sequence[Happened]) -> int:
    """Effects repeated although nothing stood between the call before and its settlement, or calls beyond claims."""
    blamed = sorted((each.began, each.ended) for each in happened if any(word in each.kind for word in BLAME))
    count = 0
    for key, each in calls.items():
        taken = [call for call in each if call["taken"]]
        count += sum(not _is_explained(call, blamed) for call in taken[:-1])
        count += max(0, len(each) - claims.get(key, len(each)))
    return count


def _is_explained(call: dict, blamed: Sequence[tuple[float, float]]) -> bool:
    if call["mood"] in AMBIGUOUS:
        return True
    begun = blamed[: bisect_left(blamed, (call["at"] + SETTLING, math.inf))]
    return any(ended >= call["at"] - 1 for _, ended in begun)


def _add_lateness(verdict: Verdict, late: list[float]) -> None:
    late.sort()
    if late:
        verdict.late_p50_s = round(late[len(late) // 2], 1)
        verdict.late_p99_s = round(late[math.ceil(0.99 * len(late)) - 1], 1)
        verdict.late_max_s = round(late[-1], 1)
