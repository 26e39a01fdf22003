"""The hash chain of a case's events: edits, gaps and swaps show; standard library only, no storage.

How anybody recomputes it, with nothing but SHA-256 and JSON:

1. An object is written canonically: JSON with keys sorted by code point, no spaces, every character but
   JSON's own escapes written as itself in UTF-8; times as UTC, `2026-03-01T04:05:06.000000+00:00`.
2. `body_digest` = hex SHA-256 of the event's salt (raw bytes) followed by the canonical body. The salt is
   random per event and kept beside the body: when both are erased, the digest stands, the text is gone
   and cannot be guessed, and the chain still holds. What an erasure leaves has a salt of its own, and a later
   event of kind `erase` holds its digest: `data.bodies`, by `seq`. Without such an event it is tampering.
3. `hash` = hex SHA-256 of the canonical object with exactly the keys `at`, `body_digest`, `by_role`, `kind`,
   `number`, `prev_hash`, `seq`. `number` is the case's number, `seq` a JSON number counted 1, 2, 3, ...;
   `prev_hash` is the `hash` of the event before, for the first event 64 zeros.
4. The receipt is the `hash` and `at` of event 1. To check one: recompute event 1 and compare.

A chain alone cannot show that its last events were cut off or that all of it was written anew. Hashes kept
elsewhere (receipts, the daily signed digest of heads) can: `verify` takes them as `anchors`.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from uuid import UUID

FIRST_PREVIOUS = "0" * 64
ERASURE = "erase"
"""The kind of event that says which earlier bodies were erased, and what is left of them."""


class Breach(StrEnum):
    """Why a chain does not hold, or why it holds although a body is no longer the one that was written."""

    GAP = "gap"
    WRONG_PREVIOUS = "wrong_previous"
    ALTERED = "altered"
    MISSING = "missing"
    REWRITTEN = "rewritten"
    DELETED = "deleted"
    FORGED = "forged"
    ERASED = "erased by right"
    UNTOLD = "has an answer or rating that no event tells of"


@dataclass(frozen=True)
class Link:
    """One event as the chain sees it; `at` is aware."""

    number: str
    seq: int
    at: datetime
    kind: str
    by_role: str
    body_digest: str
    prev_hash: str
    hash: str


@dataclass(frozen=True)
class Fault:
    """The first event at which a chain breaks, and why."""

    seq: int
    breach: Breach


@dataclass(frozen=True)
class Receipt:
    """What a resident keeps: the hash and time of the first event."""

    hash: str
    at: datetime


def canonical(payload: Mapping[str, object]) -> bytes:
    """Return the one way to write `payload` as bytes, the same before and after a round trip through JSON.

    Takes text, whole numbers, booleans, None, aware datetimes, dates, UUIDs, and mappings and sequences of
    them. Fractions have no single spelling: TypeError. Naive times: ValueError.
    """
    return json.dumps(
        _plain(payload), sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    ).encode()


def digest_body(salt: bytes, body: Mapping[str, object]) -> str:
    """Return the hex digest that stands for `body` in the chain; `salt` has at least 16 random bytes."""
    if len(salt) < 16:
        raise ValueError("the salt must have at least 16 bytes")
    return hashlib.sha256(salt + canonical(body)).hexdigest()


def link(prev_hash: str, *, number: str, seq: int, at: datetime, kind: str, by_role: str, body_digest: str) -> str:
    """Return the hash of an event: 64 hex characters, as the module's text says."""
    fields = {
        "prev_hash": prev_hash,
        "number": number,
        "seq": seq,
        "at": at,
        "kind": kind,
        "by_role": by_role,
        "body_digest": body_digest,
    }
    return hashlib.sha256(canonical(fields)).hexdigest()


def receipt(first: Link) -> Receipt:
    """Return the receipt for a case from its first event."""
    if first.seq != 1:
        raise ValueError("a receipt is made from the first event")
    return Receipt(hash=first.hash, at=first.at)


def verify(events: Iterable[Link], anchors: Mapping[int, str] | None = None) -> Fault | None:
    """Return the first fault of one case's events in the order they are kept, or None when they hold.

    `anchors` maps a seq to the hash some outside witness has for it.
    """
    witnessed = dict(anchors or {})
    prev_hash = FIRST_PREVIOUS
    for seq, event in enumerate(events, start=1):
        breach = _breach(event, seq, prev_hash)
        if breach is None and witnessed.pop(seq, event.hash) != event.hash:
            breach = Breach.REWRITTEN
        if breach:
            return Fault(seq, breach)
        prev_hash = event.hash
    return Fault(min(witnessed), Breach.MISSING) if witnessed else None


def left_by(kind: str, body: Mapping[str, object]) -> dict[int, str]:
    """The digests, by seq, of what an erasure has left of earlier bodies; nothing for an event of another kind."""
    data = body["data"] if kind == ERASURE else None
    bodies = data.get("bodies") if isinstance(data, Mapping) else None
    return {int(seq): digest for seq, digest in bodies.items() if seq.isdecimal()} if bodies else {}


def moment(value: datetime) -> str:
    """Return an aware time as UTC with microseconds, the one way the chain writes it."""
    if value.tzinfo is None:
        raise ValueError("a time in the chain must be aware")
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def _breach(event: Link, seq: int, prev_hash: str) -> Breach | None:
    """Return what is wrong with one event at its place, or None."""
    if event.seq != seq:
        return Breach.GAP
    if event.prev_hash != prev_hash:
        return Breach.WRONG_PREVIOUS
    expected = link(
        event.prev_hash,
        number=event.number,
        seq=event.seq,
        at=event.at,
        kind=event.kind,
        by_role=event.by_role,
        body_digest=event.body_digest,
    )
    return None if event.hash == expected else Breach.ALTERED


def _plain(value: object) -> object:
    """Return `value` in the types JSON has, or raise TypeError for what has no single spelling."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date | UUID):
        return str(value)
    if isinstance(value, Mapping):
        return {_key(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no canonical form; write it as text")


def _key(key: object) -> str:
    """Return a mapping's key, which must be text: other keys sort differently once stored."""
    if not isinstance(key, str):
        raise TypeError("keys must be text")
    return key
