"""What an overdue clock raises: the case comes under supervision and its owner goes one level up (DOMAIN §3, +5 wd)."""

from datetime import datetime

from sqlalchemy import select

from liaison.db import session
from liaison.domain.actors import SYSTEM
from liaison.domain.reminders import Ladder
from liaison.domain.workflow import Party
from liaison.models.assignments import Assignment
from liaison.models.clocks import Clock
from liaison.models.departments import Department
from liaison.services import cases, ratings
from liaison.services.assignments import HIGHEST_LEVEL


def escalate(clock: Clock, ladder: Ladder, now: datetime) -> None:
    """Supervise the case of a clock far overdue and name the next owner: handler, then head, then leader in charge.

    The owner changes once per due date, however often its reminder is repeated; what changed is in the event.
    """
    facts = {} if _was_raised(clock, ladder) else _raise_owner(clock)
    if not ratings.supervise(clock.case, now, facts) and facts:
        cases.record(clock.case, "raise_owner", SYSTEM, now, data=facts)


def _was_raised(clock: Clock, ladder: Ladder) -> bool:
    """Whether a rung that escalates has fallen before."""
    before = ladder.fallen(clock.started_at, clock.reminded_to)
    return before is not None and before.escalates


def _raise_owner(clock: Clock) -> dict[str, object]:
    """Hand an assignment one level up; returns department and new level, nothing when nobody is above or meant."""
    if clock.assignment_id is None or clock.owner != Party.DEPARTMENTS:
        return {}
    assignment, name = session.execute(
        select(Assignment, Department.name)
        .join(Department, Department.id == Assignment.department_id)
        .where(Assignment.id == clock.assignment_id)
        .with_for_update(of=Assignment)
        .execution_options(populate_existing=True)
    ).one()
    if assignment.level >= HIGHEST_LEVEL:
        return {}
    assignment.level += 1
    return {"department": name, "position": assignment.position, "level": assignment.level}
