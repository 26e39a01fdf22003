"""What becomes of promises when one of two hosts goes: `python -m bench.hosts [--rounds N] [--json FILE]`.

While people tell matters and a clerk works, each round takes one of two hosts away and brings it back, in turn:

    killed       all its processes at once; the kernel says goodbye for them
    powered off  the same, with nobody to say goodbye
    silenced     all runs on, but nothing gets in or out
    parted       only from the database's host: it still takes in what people send
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg

from bench import shared
from bench.apart import entrance, missing
from bench.report import Figure, tell
from bench.residents import Clerk, Residents
from bench.trio import WAYS, Trio
from chaos.stack import remove
from chaos.verdict import Verdict, judge, read_calls, unsettled

QUIET = 120.0  # seconds to come to rest in the end
STEADY = 4.0  # seconds of work before each fault
LONGEST_WAIT = 12.0  # seconds for a resident: a silent try of 8, and another one
LATEST = 80.0  # seconds for a reminder: a tick of 15, a lock freed within 15, a lease of 45, a relay of 5
FREED = 15.0  # seconds for a lock of a host that is gone
REMINDERS = """
SELECT encode(uuid_send(notices.id), 'hex'), number FROM notices JOIN cases ON cases.id = case_id
WHERE topic LIKE 'reminder.%' AND channel = 'webhook'
"""
MOVES = """
SELECT number, count(*) FROM events JOIN cases ON cases.id = case_id
WHERE events.kind IN ('accept', 'accept_unattended') GROUP BY number
"""
INSIDE = "--inside"
FAILED = 500  # where it should have been 503, to be tried again


def beside(quick: bool) -> list[Figure]:
    """One round of each way, in a process of its own; nothing, and why is said, where that cannot or may not be."""
    reason = missing() or (quick and f"{len(WAYS)} rounds take minutes: python -m bench.hosts")
    if reason:
        print(f"skipped: two hosts: {reason}", flush=True)
        return []
    with tempfile.NamedTemporaryFile(prefix="hosts-", suffix=".json") as file:
        argv = [sys.executable, "-m", "bench.hosts", "--rounds", str(len(WAYS)), "--json", file.name]
        subprocess.run(argv, check=True)
        told = json.loads(Path(file.name).read_text("utf-8"))
    return [Figure(each["name"], each["figure"], each["goal"], least=False) for each in told]


def measure(rounds: int, folder: Path) -> list[Figure]:
    """So many rounds; prints each and what lies behind the figures. Only for a process behind `apart.entrance`."""
    trio = Trio(folder)
    try:
        trio.start()
        apart = shared.faults(trio.doors, trio.database, trio.deputy)
        residents = Residents(trio.doors, trio.database)
        clerk = Clerk(trio.doors, trio.office, residents)
        residents.start()
        clerk.start()
        for number in range(rounds):
            time.sleep(STEADY)
            trio.take_away(trio.hosts[(number + number // len(WAYS)) % 2], WAYS[number % len(WAYS)])
        time.sleep(STEADY)
        residents.stop()
        _until(residents.is_done)
        clerk.stop()
        _until(lambda: unsettled(trio.database) == 0)
        return _figures(trio, residents, clerk, apart)
    finally:
        trio.end()


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + QUIET
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.5)


def _figures(trio: Trio, residents: Residents, clerk: Clerk, apart: Sequence[str]) -> list[Figure]:
    ledger, log = residents.ledger, trio.folder / "provider.log"
    verdict = judge(trio, 0, ledger, log, trio.happened)
    with psycopg.connect(trio.database) as connection:
        moves = dict(connection.execute(MOVES).fetchall())
        reminders = connection.execute(REMINDERS).fetchall()
    firsts = {key: min(call["at"] for call in calls if call["taken"]) for key, calls in read_calls(log, "ours").items()}
    late = [firsts[key] - ledger.aged[number] for key, number in reminders if key in firsts and number in ledger.aged]
    lost = [number for number in clerk.moved if number not in moves]
    twice = [number for number, count in moves.items() if count > 1]
    _tell(verdict, residents, clerk, [*apart, *lost, *twice, *clerk.unseen, *clerk.refused])
    figures = {
        "acknowledged and lost": (verdict.lost + len(lost), 0),
        "done twice": (verdict.duplicated + len(twice), 0),
        "reminders and messages missing": (verdict.undelivered, 0),
        "sent twice without a cause": (verdict.repeated_effects, 0),
        "refused or failed": (len(ledger.refused) + len(clerk.refused) + ledger.answers[FAILED], 0),
        "known to one host alone": (len(apart) + len(clerk.unseen), 0),
        "longest wait of a resident, s": (max(residents.waits, default=0.0), LONGEST_WAIT),
        "latest reminder, s": (max(late, default=0.0), LATEST),
        "lock of a lost host held, s": (max(trio.freed, default=0.0), FREED),
    }
    return [Figure(f"two hosts: {name}", value, goal, least=False) for name, (value, goal) in figures.items()]


def _tell(verdict: Verdict, residents: Residents, clerk: Clerk, faults: Sequence[str]) -> None:
    waits, more = sorted(residents.waits), verdict.more
    median = waits[len(waits) // 2] if waits else 0.0
    print(f"{verdict.acknowledged} matters acknowledged, median wait {median:.2f} s; {len(clerk.moved)} moves")
    for name in ("notices", "effects", "repeats", "answers", "files_without_rows", "clock_alarms"):
        print(f"{name}: {more[name]}")
    print(*more["which"], *faults, sep="\n", flush=True)


def main(arguments: list[str]) -> int:
    """Run once, in namespaces of our own; 0 also when hosts cannot be made here, which is said."""
    told = _parse(arguments)
    if reason := missing():
        print(f"skipped: two hosts: {reason}", flush=True)
        return 0
    if not told.inside:
        os.execvp(entrance()[0], [*entrance(), sys.executable, "-m", "bench.hosts", INSIDE, *arguments])
    folder = Path(tempfile.mkdtemp(prefix="hosts-", dir="/tmp"))
    found = measure(told.rounds, folder)
    tell(found, told.json)
    if all(each.is_met for each in found):
        remove(folder)
    else:
        print(f"missed; everything is kept in {folder}")
    return 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.hosts", description="Take one of two hosts away, again and again.")
    parser.add_argument("--rounds", type=int, default=2 * len(WAYS))
    parser.add_argument("--json", type=Path)
    parser.add_argument(INSIDE, action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
