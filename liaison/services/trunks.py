"""What is read of every case that is opened: its trunk, and what happened to it.

Both statements are put together once, since that takes longer than to read what they find.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, exists, select
from sqlalchemy.orm import joinedload

from liaison.db import session
from liaison.models.assignments import Assignment, Reply
from liaison.models.cases import Attachment, Case, Event, Rating
from liaison.models.clocks import Clock
from liaison.models.matters import Matter


class Trunk(NamedTuple):
    """A case with its matter and clock, and of which parts there are any, so that none is asked for in vain."""

    case: Case
    matter: Matter | None
    clock: Clock | None
    replies: bool
    files: bool
    ratings: bool
    assignments: bool


@dataclass(frozen=True, slots=True)
class Past:
    """An event as it is read: no row of the session, so that no word that was masked is ever stored."""

    seq: int
    at: datetime
    kind: str
    by_role: str
    by_name: str
    state: str
    internal: bool
    text: str
    data: dict
    salt: bytes
    body_digest: str
    hash: str
    erased_at: datetime | None


def find_trunk(number: str, *within: ColumnElement[bool]) -> Trunk | None:
    """The trunk of a case, if it lies within."""
    row = session.execute(_TRUNK.where(*within), {"number": number}).one_or_none()
    return Trunk(*row) if row else None


def past_of(case_id: UUID) -> list[Past]:
    """The events of a case that was found within reach, in order."""
    return [Past(*row) for row in session.connection().execute(_EVENTS, {"case_id": case_id})]


def _select_trunk() -> Select:
    parts = {"replies": Reply, "files": Attachment, "ratings": Rating, "assignments": Assignment}
    any_of = [exists().where(part.case_id == Case.id).label(name) for name, part in parts.items()]
    return (
        select(Case, Matter, Clock, *any_of)
        .outerjoin(Matter, Matter.case_id == Case.id)
        .outerjoin(Clock, Clock.id == Case.clock_id)
        .where(Case.number == bindparam("number"))
        .options(joinedload(Case.station), joinedload(Case.deputy), joinedload(Case.category))
        .options(joinedload(Matter.suggested_department))
    )


_TRUNK = _select_trunk()  # made once: to put it together takes longer than to read what it finds
_EVENTS = (
    select(*(Event.__table__.c[each.name] for each in fields(Past)))
    .where(Event.__table__.c.case_id == bindparam("case_id"))
    .order_by(Event.__table__.c.seq)
)
