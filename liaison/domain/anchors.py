"""Anchors: each day a signed statement of where all chains stand, kept outside the database; standard library only.

How anybody recomputes one (`chain.canonical` says how objects are written):

1. A chain's head is its `number`, the count of its events `seq`, and the `hash` of the last; a case that is not there
   any more has `seq` 0 and an empty `hash`. The log of readings, exports and settings is a chain named "audit".
2. A leaf is the SHA-256 of a zero byte and the canonical head. As a hash has no guessable part, a leaf tells nobody of
   whom it is who does not know the head; the public is shown leaves, never numbers.
3. A tree's root is that of RFC 6962 over leaves sorted by their bytes: the SHA-256 of nothing for none; else of a
   byte 1, the root of the left part and that of the right, the left being the largest power of two that is smaller
   than the whole.
4. A statement says the day and time, of how many `cases` and `events`, the `root` over all heads, the `changed_root`
   over the heads that differ from the anchors before (all of them are listed with it), the digest of the statement
   before, and from which snapshots the database was ever restored. Its digest is the SHA-256 of its canonical form.
5. Ed25519 signs `SIGNED` followed by the canonical statement.

What it proves: nobody can cut, delete, change or rewrite a history as it stood at an anchor without the anchor and all
after it being rewritten as well, which every copy kept elsewhere contradicts. What it does not prove: what was
changed between an event and the next anchor, a day at most; for a first event the resident's receipt does.

A restore takes the database back to a snapshot. What anchors made after the snapshot and before the restore have seen
is then lost, which looks like tampering and is told apart only by the restore being written down: in the audit chain,
and so in every later statement, where the public sees it. It cannot be told from tampering that is passed off as a
restore, but neither can happen unseen: whoever runs `verify` is shown each head that was lost.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from json.encoder import encode_basestring as _quoted

from liaison.domain.chain import FIRST_PREVIOUS, Breach, canonical, moment

AUDIT = "audit"
"""The name of the audit log's chain; no case's number looks like it."""
SIGNED = b"liaison anchor\n"
FIRST = FIRST_PREVIOUS


@dataclass(frozen=True)
class Head:
    """Where one chain stands."""

    number: str
    seq: int
    hash: str

    @property
    def leaf(self) -> bytes:
        """What stands for it in a tree, 32 bytes; spelt out, since `canonical` takes five times as long."""
        told = f'\0{{"hash":{_quoted(self.hash)},"number":{_quoted(self.number)},"seq":{self.seq}}}'
        return hashlib.sha256(told.encode()).digest()


@dataclass(frozen=True)
class Restore:
    """The database was taken back, at `at`, to what it was at `taken_at`."""

    taken_at: datetime
    at: datetime

    def has_undone(self, anchored_at: datetime) -> bool:
        """Whether what an anchor of that time has seen may be lost by it."""
        return self.taken_at < anchored_at <= self.at


@dataclass(frozen=True)
class Statement:
    """What is signed; roots and digests are 64 hex characters."""

    day: date
    at: datetime
    cases: int
    events: int
    root: str
    changed: int
    changed_root: str
    previous: str
    restores: tuple[Restore, ...] = ()

    def plain(self) -> dict[str, object]:
        """As JSON has it."""
        restores = [{"taken_at": moment(each.taken_at), "at": moment(each.at)} for each in self.restores]
        return vars(self) | {"day": self.day.isoformat(), "at": moment(self.at), "restores": restores}

    @classmethod
    def read(cls, plain: Mapping[str, object]) -> "Statement":
        """Read it back. Raises TypeError, KeyError or ValueError for what is none."""
        restores = tuple(
            Restore(datetime.fromisoformat(each["taken_at"]), datetime.fromisoformat(each["at"]))
            for each in plain["restores"]
        )
        day, at = date.fromisoformat(plain["day"]), datetime.fromisoformat(plain["at"])
        return cls(**dict(plain) | {"day": day, "at": at, "restores": restores})

    @property
    def digest(self) -> str:
        """What the next statement names as `previous`."""
        return hashlib.sha256(canonical(self.plain())).hexdigest()

    @property
    def message(self) -> bytes:
        """The bytes the signature is over."""
        return SIGNED + canonical(self.plain())


class Tree:
    """Takes leaves one after the other and holds no more than one node for each level of the tree."""

    def __init__(self) -> None:
        self.size = 0
        self._stack: list[tuple[int, bytes]] = []

    def add(self, leaf: bytes) -> None:
        """Put a leaf at the end."""
        level, node = 0, leaf
        while self._stack and self._stack[-1][0] == level:
            level, node = level + 1, _joined(self._stack.pop()[1], node)
        self._stack.append((level, node))
        self.size += 1

    @property
    def root(self) -> str:
        """The root over the leaves so far."""
        if not self._stack:
            return hashlib.sha256().hexdigest()
        *rest, (_, node) = self._stack
        for _, left in reversed(rest):
            node = _joined(left, node)
        return node.hex()


def contradiction(hashes: Mapping[int, str], seq: int, hash_: str) -> Breach | None:
    """How a chain, of which these are hashes by their place, contradicts one who has seen it end so at that place."""
    if seq not in hashes:
        return Breach.MISSING
    return None if hashes[seq] == hash_ else Breach.REWRITTEN


def unchained(statements: Sequence[Statement]) -> list[date]:
    """The days, of statements in order, whose statement does not name the one before it."""
    digests = [FIRST, *(each.digest for each in statements)]
    return [each.day for each, digest in zip(statements, digests, strict=False) if each.previous != digest]


def is_undone(anchored_at: datetime, restores: Iterable[Restore]) -> bool:
    """Whether a restore may have lost what an anchor of that time has seen."""
    return any(each.has_undone(anchored_at) for each in restores)


def _joined(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()

