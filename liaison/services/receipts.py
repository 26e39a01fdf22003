"""The resident's receipt: a case's chain as its resident may recompute it, and the days whose anchors have seen it.

Events that are internal are shown as a link without content: its hash and place, which tell nothing, since a hash is
over a salted digest. So the resident follows the chain from the receipt to its end without learning what is not theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from liaison.db import session
from liaison.domain import chain
from liaison.domain.actors import Actor, Role
from liaison.domain.anchors import Head, contradiction
from liaison.domain.calendar import local_day
from liaison.domain.chain import Fault, Link
from liaison.domain.errors import NotAllowed
from liaison.models.cases import Case, Event
from liaison.services import anchors
from liaison.services.reach import cases_within

SHORTEST = 8
"""So many characters of a receipt are enough to tell it from another: one in four billion is like it."""

NEWEST, SOON = 3, 3
"""How far a check goes back for an anchor: the newest events, and the anchors that follow each."""


@dataclass(frozen=True)
class Checked:
    """What became of a check: how many links the chain has and its first fault, and whether the receipt is the one.

    `anchored` is a day whose anchor has seen the chain, if there is one yet, and `agrees` whether it saw the same.
    """

    links: int
    fault: Fault | None
    is_genuine: bool | None
    anchored: date | None
    agrees: bool


def first_event(case_id: UUID) -> Event:
    """The event whose hash is the receipt."""
    return session.get_one(Event, (case_id, 1))


def events_of(actor: Actor, case: Case) -> list[Event]:
    """Every event of the resident's own case, internal ones among them, to be shown as bare links.

    Raises NotAllowed to anybody else: who has the salt can guess what is hidden in a text.
    """
    own = select(Case.id).where(Case.id == case.id, cases_within(actor))
    if actor.role is not Role.RESIDENT or session.scalar(own) is None:
        raise NotAllowed()
    return list(session.scalars(select(Event).where(Event.case_id == case.id).order_by(Event.seq)))


def check(actor: Actor, case: Case, told: str, folder: Path) -> Checked:
    """Recompute the chain of the resident's own case, and compare a receipt, of which the beginning is enough.

    `is_genuine` is None when no receipt, or too little of one, is told.
    """
    events = events_of(actor, case)
    links = [_link(case.number, event) for event in events]
    typed = "".join(told.lower().split())
    seen = _find_witness(case.number, events, folder)
    return Checked(
        links=len(links),
        fault=chain.verify(links, {case.seq: case.head}) or _altered(events),
        is_genuine=links[0].hash.startswith(typed) if len(typed) >= SHORTEST else None,
        anchored=seen[0] if seen else None,
        agrees=seen is not None and _agrees(events, seen[1]),
    )


def _find_witness(number: str, events: Sequence[Event], folder: Path) -> tuple[date, Head] | None:
    """The head that an anchor made soon after one of the newest events has seen, and its day."""
    days = sorted(anchors.days(folder))
    for event in reversed(events[-NEWEST:]):
        for day in [day for day in days if day >= local_day(event.at)][:SOON]:
            anchor = anchors.find_anchor(folder, day)
            head = anchor.find_head(number) if anchor else None
            if head and head.seq:
                return day, head
    return None


def _agrees(events: Sequence[Event], head: Head) -> bool:
    return contradiction({event.seq: event.hash for event in events}, head.seq, head.hash) is None


def _altered(events: Sequence[Event]) -> Fault | None:
    left: dict[int, str] = {}
    for event in events:
        left |= chain.left_by(event.kind, {"data": event.data})
    for event in events:
        digest = chain.digest_body(event.salt, {"text": event.text, "data": event.data})
        if digest not in (event.body_digest, left.get(event.seq)):
            return Fault(event.seq, chain.Breach.ALTERED)
    return None


def _link(number: str, event: Event) -> Link:
    return Link(
        number=number,
        seq=event.seq,
        at=event.at,
        kind=event.kind,
        by_role=event.by_role,
        body_digest=event.body_digest,
        prev_hash=event.prev_hash,
        hash=event.hash,
    )
