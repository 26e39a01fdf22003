"""Fall due: turn clocks whose time has come into notices, once per rung (TRUST, the algorithm, step 2)."""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import contains_eager

from liaison.db import session, set_apart
from liaison.domain.actors import Role
from liaison.domain.calendar import WorkingCalendar
from liaison.domain.clocks import Term, Unit
from liaison.domain.reminders import NEVER_EMPTY, Audience, Step
from liaison.domain.workflow import Party
from liaison.models.assignments import Assignment
from liaison.models.cases import Case
from liaison.models.clocks import Clock
from liaison.services import announcements, clocks, ladders, recipients
from liaison.services.calendars import current_calendar
from liaison.services.escalation import escalate
from liaison.services.notices import tell
from liaison.services.recipients import Recipient

BATCH = 500
LATER = timedelta(minutes=10)


def fall_due(now: datetime) -> int:
    """Put the notices of every rung that has fallen by `now`; returns how many clocks were served.

    Rungs missed during an outage collapse into the newest. A clock that cannot be served is logged and
    steps aside for ten minutes, so that it holds up no other; one that another worker holds, or whose case is being
    moved, waits for the next tick.
    """
    calendar = current_calendar()
    due = session.scalars(
        select(Clock)
        .join(Clock.case)
        .where(Clock.remind_at <= now)
        .order_by(Clock.remind_at)
        .limit(BATCH)
        .options(contains_eager(Clock.case))
        .with_for_update(skip_locked=True, of=(Clock, Case))
        .execution_options(populate_existing=True)
    ).all()
    served = 0
    for clock_id, clock in [(each.id, each) for each in due]:
        if set_apart("fall due", clock_id, partial(_fall, clock, calendar, now)):
            served += 1
        else:
            _step_aside(clock_id, now)
    return served


def _step_aside(clock_id: UUID, now: datetime) -> None:
    """Try a clock that could not be served again later, since the oldest come first and would fill every batch."""
    aside = update(Clock).where(Clock.id == clock_id).values(remind_at=now + LATER)
    session.execute(aside, execution_options={"synchronize_session": False})


def _fall(clock: Clock, calendar: WorkingCalendar, now: datetime) -> None:
    ladder = clocks.ladder_of(clock, calendar, ladders.audiences_for(clock.case.region_path))
    step = ladder.fallen(clock.reminded_to, now)
    if step is not None:
        people = dict.fromkeys(audience(clock, step))
        urgent = Term.parse(clock.term).unit is Unit.hours
        tell(clock.case, f"reminder.{step.rung}", people, now, occasion=step.key, clock=clock, urgent=urgent)
        if step.escalates and clock.owner != Party.RESIDENT:
            escalate(clock, ladder, now)
    clock.reminded_to = now
    clock.remind_at = ladder.next_step(now).at


def audience(clock: Clock, step: Step) -> list[Recipient]:
    """The people a rung of this clock is for; a resident is only ever reminded, never escalated over.

    Where a loud rung finds nobody, as a department's head on the office's own clock, the office hears of it.
    """
    case = clock.case
    if clock.owner == Party.RESIDENT:
        return recipients.resident(case) if Audience.owner in step.audience else []
    department_id = _department_id(clock)
    people: list[Recipient] = []
    if Audience.owner in step.audience:
        people += _owner(clock, department_id)
    if department_id:
        roles = [Role(each) for each in (Audience.handler, Audience.approver) if each in step.audience]
        people += recipients.department(case, department_id, roles=roles) if roles else []
        people += recipients.department(case, department_id, head=True) if Audience.head in step.audience else []
    if Audience.office in step.audience or (step.rung in NEVER_EMPTY and not people):
        people += recipients.office(case)
    return people


def _owner(clock: Clock, department_id) -> list[Recipient]:
    match clock.owner:
        case Party.OFFICE:
            return recipients.office(clock.case)
        case Party.DEPUTY:
            return recipients.deputy(clock.case) or recipients.office(clock.case)
    return recipients.department(clock.case, department_id) if department_id else announcements.awaited(clock.case)


def _department_id(clock: Clock):
    """The department a clock of its assignment, or of its promise, belongs to; None for everybody else's clocks."""
    if clock.owner == Party.DEPARTMENTS:
        return session.scalar(select(Assignment.department_id).where(Assignment.id == clock.assignment_id))
    if clock.owner != Party.LEAD:
        return None
    return session.scalar(
        select(Assignment.department_id)
        .join(Case, Case.id == Assignment.case_id)
        .where(Assignment.case_id == clock.case_id, Assignment.round == Case.round, Assignment.part != "assisting")
        .order_by(Assignment.position)
        .limit(1)
    )
