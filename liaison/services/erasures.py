"""Erasures as a file outside the database, so that a restore does not give back what residents had erased.

The audit log is the ledger of erasures, but a restore takes it back to the snapshot, with all that was erased since. So
each erasure of a matter also becomes a line of `erasures.jsonl`, beside the anchors: number, parts, ground and rule,
nothing of anybody. Whoever commits an erasure writes it down right after, in the same request or job; every tick
writes down what is still missing, as when that process died in between. The line does not come before the commit: a
transaction that is rolled back after all would leave an order to erase what nobody wanted erased. What is lost is an
erasure whose process dies between commit and line when the database is lost as well before the next tick.

A line is known by the `hash` of its entry in the audit log, since after a restore the log counts on from the snapshot.
An erasure that is repeated says in the audit log which it `repeats`, so that it is repeated once. Lines are not signed:
who can write beside the anchors has the database too, and a line under a key that was changed must count all the same.

What retention removes by the batch needs no line: it is due in the restored database as it was in the lost one.
"""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Select, literal, select

from liaison.clients.folders import settle
from liaison.db import session, set_apart
from liaison.domain.actors import SYSTEM
from liaison.domain.chain import moment
from liaison.domain.erasure import RETENTION, RIGHT, Part
from liaison.models.audit import AuditEntry
from liaison.models.cases import Case
from liaison.models.rights import Hold
from liaison.services import audit, cases, erasing, rights
from liaison.services.erasing import Ground
from liaison.services.sealing import Keys

NAME = "erasures.jsonl"
BLOCK = 65_536
"""Bytes read at a time from the file's end; a line has some three hundred."""


@dataclass(frozen=True)
class Erasure:
    """One line. `seq` and `hash` are those of its entry in the audit log, `repeats` the hash of the one it repeats."""

    seq: int
    at: datetime
    number: str
    parts: tuple[Part, ...]
    ground: str
    rule: str
    hash: str
    repeats: str = ""

    @property
    def first(self) -> str:
        """The hash of the erasure itself, however often it was repeated."""
        return self.repeats or self.hash

    def line(self) -> bytes:
        """As the file has it."""
        told = vars(self) | {"at": moment(self.at), "parts": list(self.parts)}
        return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


@dataclass(frozen=True)
class Repeated:
    """What became of erasures the database did not know, as the numbers of their matters.

    `absent` are matters that are not there, `held` those put under a hold since; `failed` could not be erased.
    """

    done: list[str]
    absent: list[str]
    held: list[str]
    failed: list[str]


def write_down(folder: Path) -> int:
    """Append the erasures of the audit log that the file in this folder has not; returns how many. Raises OSError.

    To be asked in a transaction of its own, which holds no lock. Writers wait for each other, on whatever host.
    """
    with _held(folder) as file:
        if (end := _end_of_lines(file)) < file.seek(0, os.SEEK_END):
            file.truncate(end)  # a line that was cut short is written again
        missing = _missing(file, end)
        file.write(b"".join(each.line() for each in missing))
        if missing:
            file.flush()
            os.fsync(file.fileno())
            if not end:
                settle(folder)
        return len(missing)


def find_file(folder: Path) -> Path | None:
    """The file in this folder, if there is one."""
    return path if (path := folder / NAME).exists() else None


def read(paths: Iterable[Path]) -> tuple[list[Erasure], list[str]]:
    """Every erasure these files tell, once and in order, and what is wrong with other lines. Raises OSError.

    A last line that was cut short is no fault: its writer had not finished.
    """
    found: dict[str, Erasure] = {}
    damaged = []
    for path in paths:
        with path.open("rb") as file:
            for count, line in enumerate(file, 1):
                if each := _find(line):
                    found.setdefault(each.first, each)
                elif line.endswith(b"\n"):
                    damaged.append(f"{path}: line {count} tells no erasure")
    return sorted(found.values(), key=lambda each: (each.at, each.seq)), damaged


def repeat(told: Iterable[Erasure], keys: Keys, now: datetime) -> Repeated:
    """Erase again whatever of this the database does not know as erased, as the system, for the same reason.

    A hold that was there before the erasure had been let go, one set after it counts.
    """
    known = {data.get("repeats", hash_) for hash_, data in session.execute(_entries(AuditEntry.hash, AuditEntry.data))}
    became = Repeated([], [], [], [])
    for each in told:
        if each.first in known:
            continue
        if (case := _find_case(each)) is None:
            became.absent.append(each.number)
        elif (hold := session.get(Hold, case.id)) and hold.at > each.at:
            became.held.append(each.number)
        else:
            done = set_apart("repeat the erasure", each.number, partial(_erase, case, each, keys, now))
            (became.done if done else became.failed).append(each.number)
    return became


def _erase(case: Case, told: Erasure, keys: Keys, now: datetime) -> None:
    why = Ground(told.ground, told.rule, told.first)
    if told.ground == RIGHT:
        rights.repeat_erasure(case, told.parts, why, keys, now)
    else:
        erasing.erase(case, told.parts, SYSTEM, why, keys, now=now)


def _find_case(told: Erasure) -> Case | None:
    """The matter, locked; not one told after the erasure, which may have its number where numbers were not skipped."""
    case_id = session.scalar(select(Case.id).where(Case.number == told.number, Case.created_at <= told.at))
    return cases.lock_by_id(case_id) if case_id else None


@contextmanager
def _held(folder: Path) -> Iterator[BinaryIO]:
    """The file, made if there is none, for us alone."""
    folder.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(folder / NAME, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640), "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def _end_of_lines(file: BinaryIO) -> int:
    """Where the last whole line ends."""
    end = file.seek(0, os.SEEK_END)
    while end:
        start = max(0, end - BLOCK)
        file.seek(start)
        if at := file.read(end - start).rfind(b"\n") + 1:
            return start + at
        end = start
    return 0


def _missing(file: BinaryIO, end: int) -> list[Erasure]:
    """What the audit log tells beyond the last line or, where it does not know that one, what no line has."""
    entries = _entries(AuditEntry).order_by(AuditEntry.seq)
    file.seek(max(0, end - BLOCK))
    last = _find(lines[-1]) if (lines := file.readlines()) else None
    there = select(AuditEntry.hash).where(AuditEntry.seq == last.seq) if last else None
    if last and session.scalar(there) == last.hash:
        return [_told(each) for each in session.scalars(entries.where(AuditEntry.seq > last.seq))]
    file.seek(0)
    kept = {each.hash for each in map(_find, file) if each}
    return [_told(each) for each in session.scalars(entries) if each.hash not in kept]


def _entries(*columns: object) -> Select:
    """Of the entries that tell an erasure; the act stands in the query itself, for the sake of their index."""
    return select(*columns).where(AuditEntry.act == literal(audit.ERASE, literal_execute=True))


def _told(entry: AuditEntry) -> Erasure:
    rule = entry.data["rule"]
    return Erasure(
        seq=entry.seq,
        at=entry.at,
        number=entry.about,
        parts=tuple(map(Part, entry.data["parts"])),
        ground=RIGHT if rule == rights.BY_REQUEST.rule else RETENTION,
        rule=rule,
        hash=entry.hash,
        repeats=entry.data.get("repeats", ""),
    )


def _find(line: bytes) -> Erasure | None:
    """The erasure a line tells, None when it tells none."""
    try:
        told = json.loads(line)
        told["at"], told["parts"] = datetime.fromisoformat(told["at"]), tuple(map(Part, told["parts"]))
        found = Erasure(**told)
    except (ValueError, TypeError, KeyError):
        return None
    return found if found.at.tzinfo and found.hash else None

