"""The office's queues: what waits to be screened or dispatched, the oldest first, so that one leads to the next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import Select, func, select, tuple_

from liaison.db import session
from liaison.domain.actors import Actor
from liaison.domain.policy import require
from liaison.models.cases import Case
from liaison.models.clocks import Clock
from liaison.services import content_checks
from liaison.services.reach import cases_within

QUEUES: Mapping[str, Sequence[str]] = MappingProxyType(
    {"screening": ("submitted",), "dispatch": ("handed_over", "reopened")}
)
"""The states that wait in each queue."""

SHOWN = 12


@dataclass(frozen=True)
class Waiting:
    """One line of a queue; `hinted` says that a content check asks somebody to look."""

    number: str
    title: str
    created_at: datetime
    due_at: datetime | None
    hinted: bool


def waiting(actor: Actor, queue: str, *, hinted: bool = False) -> list[Waiting]:
    """The first matters of a queue, the oldest first; only those with a hint, if so asked."""
    rows = _queue(actor, queue, hinted).order_by(Case.created_at, Case.id).limit(SHOWN)
    return [Waiting(*row) for row in session.execute(rows)]


def count_hinted(actor: Actor, queue: str) -> int:
    """How many matters of a queue have a hint."""
    return session.scalar(select(func.count()).select_from(_queue(actor, queue, True).subquery()))


def find_next(actor: Actor, queue: str, after: str = "", *, hinted: bool = False) -> str | None:
    """The number that comes after another in a queue, from its end round to its beginning; None when it is empty."""
    rows = _queue(actor, queue, hinted).order_by(Case.created_at, Case.id).limit(1)
    place = select(Case.created_at, Case.id).where(Case.number == after, cases_within(actor))
    if last := session.execute(place).one_or_none():
        following = session.execute(rows.where(tuple_(Case.created_at, Case.id) > tuple(last))).first()
        if following:
            return following.number
    first = session.execute(rows.where(Case.number != after)).first()
    return first.number if first else None


def _queue(actor: Actor, queue: str, hinted: bool) -> Select:
    require(actor.role, "queue.read")
    rows = (
        select(Case.number, Case.title, Case.created_at, Clock.due_at, content_checks.is_flagged().label("hinted"))
        .outerjoin(Clock, Clock.id == Case.clock_id)
        .where(cases_within(actor), Case.state.in_(QUEUES[queue]))
    )
    return rows.where(content_checks.is_flagged()) if hinted else rows
