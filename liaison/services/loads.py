"""How much each department has in hand, and how it kept its terms: what whoever dispatches wants to know first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased

from liaison.db import session
from liaison.domain.actors import Actor
from liaison.domain.preferences import CATALOGUE
from liaison.models.assignments import Assignment
from liaison.models.clocks import Clock
from liaison.models.departments import Department
from liaison.services import preferences
from liaison.services.assignments import ASSISTING, ENDED
from liaison.services.reach import assignments_within, home_of

LOOKED_BACK = timedelta(days=180)
LEAST = CATALOGUE["figures_least"].default
"""Of fewer answers no rate is told: one late answer of two would read as half of them."""


@dataclass(frozen=True)
class Load:
    """What a department has in hand and overdue, and how many of its answers of half a year came in time."""

    open: int = 0
    overdue: int = 0
    answered: int = 0
    in_time: int = 0
    least: int = LEAST

    @property
    def rate(self) -> int | None:
        """Per cent of answers in time; None while there are too few."""
        return round(100 * self.in_time / self.answered) if self.answered >= self.least else None


def loads(actor: Actor, now: datetime) -> Mapping[str, Load]:
    """The load of every department that has or had work within the actor's reach, by its code; one query."""
    shown, handling = aliased(Clock), aliased(Clock)
    is_open = Assignment.state.not_in(ENDED)
    is_late = and_(is_open, shown.due_at < now, shown.stopped_at.is_(None), shown.paused_at.is_(None))
    answered = and_(
        Assignment.state == "approved", Assignment.part != ASSISTING, Assignment.assigned_at >= now - LOOKED_BACK
    )
    rows = (
        select(
            Department.code,
            func.count().filter(is_open),
            func.count().filter(is_late),
            func.count().filter(answered),
            func.count().filter(answered, handling.stopped_at <= handling.due_at),
        )
        .select_from(Assignment)
        .join(Department, Department.id == Assignment.department_id)
        .outerjoin(shown, shown.id == Assignment.clock_id)
        .outerjoin(handling, and_(handling.assignment_id == Assignment.id, handling.kind == "handling"))
        .where(assignments_within(actor))
        .group_by(Department.code)
    )
    least = preferences.in_force("figures_least", home_of(actor))
    return {code: Load(*counts, least) for code, *counts in session.execute(rows)}


def returns_of(actor: Actor, departments: set[UUID], since: datetime) -> Mapping[UUID, tuple[int, int]]:
    """How many assignments since then each department gave back, and how many of its wishes to were declined."""
    counted = (
        select(
            Assignment.department_id,
            func.count().filter(Assignment.state == "returned"),
            func.count().filter(Assignment.locked),
        )
        .where(assignments_within(actor), Assignment.department_id.in_(departments), Assignment.assigned_at >= since)
        .group_by(Assignment.department_id)
    )
    return {id_: (granted, declined) for id_, granted, declined in session.execute(counted)}
