"""Anchors as files outside the database: made once a day, signed, never overwritten; read for the public and to verify.

A file is one JSON document laid out in lines, so that one of a million heads is read in little memory:

    {"statement":{…},"key":"…","signature":"…","heads":[
    ["M2026-000001-5",3,"…"],
    ["M2026-000002-3",1,"…"]]}

`key` is the public key and `signature` what it signed, both base64; heads stand in the order of their leaves. The files
are the truth about themselves: what has changed since the last is found by reading them all, and nothing about them
is in the database, so that neither a restore nor an administrator there can bring them out of step. `domain.anchors`
says what they prove.
"""

import base64
import json
import logging
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import select

from liaison.clients.folders import settle
from liaison.db import session
from liaison.domain.anchors import FIRST, Head, Statement
from liaison.domain.calendar import local_day
from liaison.models.cases import Case
from liaison.services import audit
from liaison.services.witnesses import Witnesses

BATCH = 5000
NAMES = "????-??-??.json"
PARTS = {"statement", "key", "signature", "heads"}
_log = logging.getLogger(__name__)


class Unreadable(Exception):
    """A file that should be an anchor is none; the message says which and why."""


@dataclass(frozen=True)
class Anchor:
    """One file without its heads."""

    path: Path
    statement: Statement
    key: str
    signature: str

    @property
    def day(self) -> date:
        """The day it was made on."""
        return self.statement.day

    def is_signed_by(self, keys: Iterable[str]) -> bool:
        """Whether one of these public keys has signed the statement."""
        try:
            signature = base64.b64decode(self.signature, validate=True)
            public = Ed25519PublicKey.from_public_bytes(base64.b64decode(self.key, validate=True))
            public.verify(signature, self.statement.message)
        except (InvalidSignature, ValueError):
            return False
        return self.key in keys

    def heads(self) -> Iterator[Head]:
        """The heads listed with it, one after the other. Raises Unreadable."""
        with self.path.open(encoding="utf-8") as file:
            next(file)
            for line in file:
                yield _head(line, self.path)

    def find_head(self, number: str) -> Head | None:
        """The head of one chain, if it is listed, without a look at the others. Raises Unreadable."""
        beginning = f"[{json.dumps(number)},"
        with self.path.open(encoding="utf-8") as file:
            line = next((line for line in file if line.startswith(beginning)), None)
        return _head(line, self.path) if line else None


def put_anchor(folder: Path, seed: bytes, now: datetime) -> Anchor | None:
    """Write the anchor of this day in Shanghai, or return None when there is one of it, or of a later one of ours.

    What no anchor of ours has told is listed again: one that is damaged, or signed by another key, is not believed.
    To be asked in a transaction that holds no locks: reading all heads takes seconds by the million.
    """
    day, key = local_day(now), public_key(seed)
    if day in days(folder):
        return None
    found, damaged = read_folder(folder)
    for fault in damaged:
        _log.error("%s; the next anchor goes on without it", fault)
    own = [each for each in found if each.is_signed_by({key})]
    if own and own[-1].day > day:
        return None
    so_far = [each for each in found if each.day < day]
    with closing(Witnesses()) as known:
        for each in own:
            with suppress(Unreadable):
                known.add(each.day, each.heads())
        known.stand_at(_heads_now())
        statement = Statement(
            day=day,
            at=now,
            **known.figures(),
            previous=so_far[-1].statement.digest if so_far else FIRST,
            restores=tuple(audit.restores()),
        )
        return _write(folder, statement, seed, known.changed())


def read_folder(folder: Path) -> tuple[list[Anchor], list[str]]:
    """The anchors in a folder by day, and what is wrong with the files that are none."""
    found, damaged = [], []
    for path in sorted(folder.glob(NAMES)):
        try:
            found.append(_read(path))
        except Unreadable as error:
            damaged.append(str(error))
    return found, damaged


def find_anchor(folder: Path, day: date) -> Anchor | None:
    """The anchor of a day, if there is one. Raises Unreadable."""
    path = folder / f"{day.isoformat()}.json"
    return _read(path) if path.exists() else None


def days(folder: Path) -> list[date]:
    """The days that have an anchor, newest first."""
    return [date.fromisoformat(path.stem) for path in sorted(folder.glob(NAMES), reverse=True)]


def public_key(seed: bytes) -> str:
    """The public half of the installation's key, base64."""
    return base64.b64encode(Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()).decode()


def public_lines(anchor: Anchor) -> Iterator[str]:
    """An anchor as the public gets it, line by line: leaves in place of heads, so that it names no case."""
    return _lines(anchor, "leaves", (head.leaf.hex() for head in anchor.heads()))


def _read(path: Path) -> Anchor:
    try:
        with path.open(encoding="utf-8") as file:
            told = json.loads(file.readline().rstrip().removesuffix("]}") + "]}")
        if told.keys() != PARTS:
            raise ValueError(f"it has {sorted(told)}")
        found = Anchor(path, Statement.read(told["statement"]), told["key"], told["signature"])
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Unreadable(f"{path.name} is no anchor: {error!r}") from None
    if found.day.isoformat() != path.stem:
        raise Unreadable(f"{path.name} holds the anchor of {found.day}")
    return found


def _head(line: str, path: Path) -> Head:
    try:
        number, seq, hash_ = json.loads(line.rstrip().removesuffix("]}").removesuffix(","))
        return Head(str(number), int(seq), str(hash_))
    except (ValueError, TypeError) as error:
        raise Unreadable(f"{path.name} is damaged: {error!r}") from None


def _heads_now() -> Iterator[Head]:
    """The head of every chain as the database has it, few of them in memory at once."""
    rows = select(Case.number, Case.seq, Case.head).execution_options(yield_per=BATCH)
    for row in session.execute(rows):
        yield Head(*row)
    own = audit.head()
    if own.seq:
        yield own


def _write(folder: Path, statement: Statement, seed: bytes, heads: Iterable[Head]) -> Anchor | None:
    """Sign and write a file that is there whole or not at all, and never in another's place."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{statement.day.isoformat()}.json"
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(statement.message)
    anchor = Anchor(path, statement, public_key(seed), base64.b64encode(signature).decode())
    draft = folder / f".{path.name}.{secrets.token_hex(8)}"  # two hosts may share the folder and a process's number
    with draft.open("w", encoding="utf-8") as file:
        file.writelines(_lines(anchor, "heads", ([head.number, head.seq, head.hash] for head in heads)))
        file.flush()
        os.fsync(file.fileno())
    draft.chmod(0o440)
    try:
        os.link(draft, path)
    except FileExistsError:
        return None
    finally:
        draft.unlink()
    settle(folder)
    return anchor


def _lines(anchor: Anchor, name: str, rows: Iterable[str | Sequence[object]]) -> Iterator[str]:
    told = {"statement": anchor.statement.plain(), "key": anchor.key, "signature": anchor.signature, name: []}
    line = json.dumps(told, separators=(",", ":"))[:-2]
    separator = ""
    for row in rows:
        yield f"{line}{separator}\n"
        line, separator = json.dumps(row, separators=(",", ":")), ","
    yield f"{line}]}}\n"
