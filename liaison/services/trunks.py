"""What is read of every case that is opened: its trunk, and what happened to it.

Both statements are put together once, since that takes longer than to read what they find.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, select

from liaison import wall
from liaison.db import session
from liaison.domain.actors import Actor, Role
from liaison.models.assignments import Assignment, Reply
from liaison.models.cases import Attachment, Case, Event, Rating
from liaison.models.clocks import Clock
from liaison.models.conflicts import Conflict
from liaison.models.matters import Matter, Reveal
from liaison.services.reach import cases_within, may_be_kept, parameters, standing_for


class Trunk(NamedTuple):
    """A case with its matter and clock, and of which parts there are any, so that none is asked for in vain."""

    case: Case
    matter: Matter | None
    clock: Clock | None
    replies: bool
    files: bool
    ratings: bool
    assignments: bool
    reveals: bool = True  # unless it was asked


class Locked(NamedTuple):
    """A trunk whose case is locked, and whether anybody is in conflict with it."""

    trunk: Trunk
    barred: bool


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
    return _found(_TRUNK.where(*within), number)


def find_told(number: str) -> Trunk | None:
    """The trunk of a matter; for who looks behind the wall (`wall.behind`)."""
    return _found(_TOLD, number)


def lock_trunk(actor: Actor, number: str) -> Locked | None:
    """The trunk of a case within the actor's reach, the case locked and the wall passed, in one statement.

    Who waited for the lock is given the case as it is now, but what hangs on it as it was when the statement began: the
    last event of then tells, and it is read once more.
    """
    statement, told = _locking(actor), parameters(actor) if may_be_kept(actor.role) else {}
    row = session.execute(statement, {"number": number, **told}).one_or_none()
    if row is not None and row.last != row.Case.seq:
        row = session.execute(statement, {"number": number, **told}).one_or_none()
    wall.passed(row is not None)
    return Locked(Trunk(*row[: len(Trunk._fields)]), row.barred) if row else None


def past_of(case_id: UUID) -> list[Past]:
    """The events of a case that was found within reach, in order."""
    return [Past(*row) for row in session.connection().execute(_EVENTS, {"case_id": case_id})]


def _found(rows: Select, number: str) -> Trunk | None:
    row = session.execute(rows, {"number": number}).one_or_none()
    return Trunk(*row) if row else None


def _select_trunk() -> Select:
    parts = {"replies": Reply, "files": Attachment, "ratings": Rating, "assignments": Assignment}
    any_of = [exists().where(part.case_id == Case.id).label(name) for name, part in parts.items()]
    rows = select(Case, Matter, Clock, *any_of).outerjoin(Matter, Matter.case_id == Case.id)
    return rows.outerjoin(Clock, Clock.id == Case.clock_id).where(Case.number == bindparam("number"))


def _select_locking() -> Select:
    """The trunk, and what a move must know besides."""
    last = select(func.max(Event.seq)).where(Event.case_id == Case.id).scalar_subquery()
    revealed = exists().where(Reveal.case_id == Case.id)
    barred = exists().where(Conflict.case_id == Case.id, Conflict.lifted_at.is_(None))
    more = revealed.label("reveals"), last.label("last"), barred.label("barred"), wall.PASS
    locking = _TRUNK.add_columns(*more).with_for_update(of=Case)
    return locking.execution_options(populate_existing=True)


def _locking(actor: Actor) -> Select:
    return _locking_for(actor.role) if may_be_kept(actor.role) else _LOCKING.where(cases_within(actor))


@cache
def _locking_for(role: Role) -> Select:
    return _LOCKING.where(cases_within(standing_for(role)))


_TRUNK = _select_trunk()  # made once: to put it together takes longer than to read what it finds
_TOLD = _TRUNK.where(Matter.case_id.is_not(None))
_LOCKING = _select_locking()
_EVENTS = (
    select(*(Event.__table__.c[each.name] for each in fields(Past)))
    .where(Event.__table__.c.case_id == bindparam("case_id"))
    .order_by(Event.__table__.c.seq)
)
