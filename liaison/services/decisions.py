"""What departments ask of the office and nobody has decided yet: to give an assignment back, or for more time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from liaison.db import session
from liaison.domain.actors import Actor
from liaison.domain.clocks import Due
from liaison.domain.policy import require
from liaison.models.assignments import Assignment, Extension
from liaison.models.clocks import Clock
from liaison.models.departments import Department
from liaison.services import clocks
from liaison.services.loads import returns_of
from liaison.services.reach import assignments_within

RETURN, EXTENSION = "return", "extension"
LOOKED_BACK = timedelta(days=365)
SHOWN = 50


@dataclass(frozen=True)
class Asked:
    """One wish: what, by which assignment, why, since when; `due` as it is and `then` as it would be.

    `returned` and `declined` count the department's returns of a year, `belongs_to` whose matter it says it is.
    """

    kind: str
    assignment: Assignment
    reason: str
    asked_at: datetime
    due_at: datetime
    returned: int
    declined: int
    belongs_to: str = ""
    working_days: int = 0
    then: Due | None = None

    @property
    def reference(self) -> str:
        """The assignment as forms name it."""
        return f"{self.assignment.case.number}.{self.assignment.position}"


def undecided(actor: Actor, now: datetime) -> list[Asked]:
    """Every wish within reach that waits for a decision, the longest waiting first; at most fifty."""
    require(actor.role, "queue.read")
    returns, extensions = _returns(actor), _extensions(actor)
    departments = {each.department_id for each, *_ in (*returns, *extensions)}
    history = returns_of(actor, departments, now - LOOKED_BACK) if departments else {}
    asked = [_return(*row, history) for row in returns] + [_extension(*row, history) for row in extensions]
    return sorted(asked, key=lambda each: each.asked_at)[:SHOWN]


def _return(assignment: Assignment, clock: Clock, owner: str | None, history: dict) -> Asked:
    returned, declined = history.get(assignment.department_id, (0, 0))
    reason = assignment.return_reason
    return Asked(RETURN, assignment, reason, clock.started_at, clock.due_at, returned, declined, belongs_to=owner or "")


def _extension(assignment: Assignment, wish: Extension, clock: Clock, history: dict) -> Asked:
    returned, declined = history.get(assignment.department_id, (0, 0))
    then = clocks.due_if_extended(clock, wish.working_days)
    return Asked(
        EXTENSION,
        assignment,
        wish.reason,
        wish.asked_at,
        clock.due_at,
        returned,
        declined,
        working_days=wish.working_days,
        then=then,
    )


_WHOLE = (joinedload(Assignment.department), joinedload(Assignment.case))


def _returns(actor: Actor) -> Sequence:
    owner = select(Department.name).where(Department.id == Assignment.belongs_to_id).scalar_subquery()
    rows = (
        select(Assignment, Clock, owner)
        .join(Clock, Clock.id == Assignment.clock_id)
        .where(assignments_within(actor), Assignment.state == "return_requested")
        .order_by(Clock.started_at)
    )
    return session.execute(rows.options(*_WHOLE).limit(SHOWN)).all()


def _extensions(actor: Actor) -> Sequence:
    rows = (
        select(Assignment, Extension, Clock)
        .join(Extension, Extension.assignment_id == Assignment.id)
        .join(Clock, Clock.id == Extension.clock_id)
        .where(assignments_within(actor), Extension.granted.is_(None), Clock.stopped_at.is_(None))
        .order_by(Extension.asked_at)
    )
    return session.execute(rows.options(*_WHOLE).limit(SHOWN)).all()
