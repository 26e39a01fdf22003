"""Counts what became of every promise, from the database, the provider's log and what the clients remember."""

import hashlib
import json
import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from chaos.injection import Happened
from chaos.repeats import UNEXPLAINED, causes
from chaos.stack import Stack
from chaos.work import Ack, Ledger

PUT_OFF = "n.due_at > n.created_at + interval '1 minute'"  # until the office opens, or by an hour for a bundle
WAITS = f"n.attempts = 0 AND n.next_at > now() AND {PUT_OFF}"
OPEN = f"SELECT count(*) FROM notices n WHERE n.state IN ('due', 'leased') AND NOT ({WAITS})"
BEHIND = "SELECT count(*) FROM clocks WHERE remind_at <= now()"
ALARMED = "SELECT count(*) FROM clock_watch WHERE alarm_since IS NOT NULL"
NOTICES = f"""
SELECT encode(uuid_send(n.id), 'hex'), n.state, attempts, channel, topic, number,
  extract(epoch FROM n.created_at)::float + %(behind)s, {PUT_OFF}
FROM notices n LEFT JOIN cases ON cases.id = n.case_id
"""


UNCLAIMED = "more calls than claims"


@dataclass(frozen=True)
class Notice:
    """One notice as it stands in the end; `is_put_off` when it was not meant to go at once."""

    key: str
    state: str
    attempts: int
    channel: str
    topic: str
    number: str | None
    created_at: float
    is_put_off: bool

    @property
    def is_reminder(self) -> bool:
        """Whether it tells of a deadline."""
        return self.topic.startswith("reminder.")

    @property
    def is_sent_outside(self) -> bool:
        """Whether the provider is said to have it."""
        return (self.state, self.channel) == ("sent", "webhook")


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
    """How many due notices have not ended, deadlines were not served, alarms stand; raises psycopg.Error."""
    with psycopg.connect(database, connect_timeout=3) as connection:
        return sum(connection.execute(query).fetchone()[0] for query in (OPEN, BEHIND, ALARMED))


def judge(stack: Stack, behind: float, ledger: Ledger, log: Path, happened: Sequence[Happened]) -> Verdict:
    """Our arm's figures; its database's clock is `behind` ours by so many seconds."""
    calls, end = read_calls(log, "ours"), max((each.ended for each in happened), default=0.0)
    firsts = _firsts(calls)
    with psycopg.connect(stack.database) as connection:
        notices = [Notice(*row) for row in connection.execute(NOTICES, {"behind": behind})]
        lost = [ack.key for ack in ledger.acks if not _is_kept(connection, ack, stack.files)]
        duplicated, orphans = _duplicated(connection), _files_without_rows(connection, stack.files)
    missing = _missing_reminders(ledger, notices)
    dead = [each.key for each in notices if each.state == "dead"]
    unseen = [each.key for each in notices if each.is_sent_outside and each.key not in firsts]
    repeats = causes(calls, happened)
    repeats += [(each.key, UNCLAIMED) for each in notices if len(calls.get(each.key, ())) > each.attempts]
    unexcused = [f"{key}: {cause}" for key, cause in repeats if cause in (UNEXPLAINED, UNCLAIMED)]
    late = _lateness(notices, ledger, firsts, end)
    verdict = Verdict(
        acknowledged=len(ledger.acks),
        lost=len(lost),
        duplicated=duplicated,
        undelivered=unsettled(stack.database) + len(missing) + len(dead) + len(unseen),
        repeated_effects=len(unexcused),
        faults=len(happened),
    )
    _add_lateness(verdict, late)
    verdict.more = {
        "judged_late": len(late),
        "notices": dict(sorted(Counter(f"{each.channel} {each.state}" for each in notices).items())),
        "effects": sum(call["taken"] for each in calls.values() for call in each),
        "repeats": dict(Counter(cause for _, cause in repeats).most_common()),
        "answers": {status or "none": count for status, count in sorted(ledger.answers.items())},
        "clock_alarms": len(ledger.alarms),
        "refused": len(ledger.refused),
        "files_without_rows": orphans,
        "which": (lost + missing + dead + unseen + unexcused + ledger.refused)[:10],
    }
    return verdict


def judge_naive(ledger: Ledger, waiting: set[str], log: Path, happened: Sequence[Happened]) -> Verdict:
    """The naive arm's figures: what RQ still knows of is undelivered, what it knows nothing of is lost."""
    calls, end = read_calls(log, "naive"), max((each.ended for each in happened), default=0.0)
    firsts = {key: at for key, at in _firsts(calls).items() if key in ledger.naive}
    absent = [key for key in ledger.naive if key not in firsts]
    verdict = Verdict(
        acknowledged=len(ledger.naive),
        lost=sum(key not in waiting for key in absent),
        undelivered=sum(key in waiting for key in absent),
        repeated_effects=sum(cause == UNEXPLAINED for _, cause in causes(calls, happened)),
        faults=len(happened),
    )
    _add_lateness(verdict, [max(0.0, at - max(ledger.naive[key], end)) for key, at in firsts.items() if at > end])
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


def _files_without_rows(connection: psycopg.Connection, files: Path) -> int:
    """Files that were kept for a submission that then failed; the sweep removes them after two days."""
    known = {key for row in connection.execute("SELECT key, thumb_key FROM attachments") for key in row}
    return sum(str(path.relative_to(files)) not in known for path in files.rglob("*") if path.is_file())


def _missing_reminders(ledger: Ledger, notices: Sequence[Notice]) -> list[str]:
    """Matters whose time has come without a reminder, in the inbox or on its way."""
    reminded = {(each.number, each.channel) for each in notices if each.is_reminder}
    wanted = ((number, channel) for number in ledger.aged for channel in ("inbox", "webhook"))
    return [f"{number} {channel}" for number, channel in wanted if (number, channel) not in reminded]


def _firsts(calls: dict[str, list[dict]]) -> dict[str, float]:
    """When each message was first taken, by the one clock here that nothing disturbs."""
    taken = {key: [call["at"] for call in each if call["taken"]] for key, each in calls.items()}
    return {key: min(each) for key, each in taken.items() if each}


def _lateness(notices: Sequence[Notice], ledger: Ledger, firsts: dict[str, float], end: float) -> list[float]:
    """How late each message was that went out after the last fault.

    When it was due is known from outside: a reminder's as its deadline was moved, any other's as its matter was
    acknowledged, unless the database, whose clock may have been ahead, names an earlier moment.
    """
    told = {ack.number: ack.at for ack in ledger.acks}
    late = []
    for each in notices:
        if each.is_put_off or firsts.get(each.key, 0.0) <= end:
            continue
        known = ledger.aged if each.is_reminder else told
        due = min(each.created_at, known.get(each.number, each.created_at))
        late.append(max(0.0, firsts[each.key] - max(due, end)))
    return late


def _add_lateness(verdict: Verdict, late: list[float]) -> None:
    late.sort()
    if late:
        verdict.late_p50_s = round(late[len(late) // 2], 1)
        verdict.late_p99_s = round(late[math.ceil(0.99 * len(late)) - 1], 1)
        verdict.late_max_s = round(late[-1], 1)
