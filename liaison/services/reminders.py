"""Fall due: turn clocks whose time has come into notices, once per rung (TRUST, the algorithm, step 2).

Most clocks fall together with many others: at half past eight, the same rung, for the same people. So a batch is served
as a whole by a few statements (`notices.remind`); only what touches its case, or failed, is served alone.
"""

from collections.abc import Hashable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, case, exists, select, update
from sqlalchemy.orm import contains_eager

from liaison.db import session, set_apart
from liaison.domain.actors import Role
from liaison.domain.calendar import WorkingCalendar, local_day
from liaison.domain.clocks import Term, Unit
from liaison.domain.reminders import NEVER_EMPTY, Audience, Step
from liaison.domain.workflow import Party
from liaison.models.assignments import Assignment
from liaison.models.cases import Case
from liaison.models.clocks import Clock
from liaison.models.conflicts import Conflict
from liaison.services import announcements, clocks, ladders, recipients
from liaison.services.calendars import current_calendar
from liaison.services.escalation import escalate
from liaison.services.notices import Fall, remind, tell
from liaison.services.recipients import Recipient

BATCH = 2000
"""Clocks taken at once: an eighth of a second, for which a move of one of their cases has to wait at most. A batch of
1000 costs a tenth more for each clock."""
LATER = timedelta(minutes=10)


class Rung(NamedTuple):
    """A rung that has fallen, and when the next one will."""

    step: Step
    next_at: datetime


def fall_due(now: datetime) -> int:
    """Put the notices of every rung that has fallen by `now`; returns how many clocks were served.

    Rungs missed during an outage collapse into the newest. A clock that cannot be served is logged and
    steps aside for ten minutes, so that it holds up no other; one that another worker holds, or whose case is being
    moved, waits for the next tick.
    """
    calendar = current_calendar()
    due = session.execute(_due(now)).all()
    alone: list[Row] = []
    if due and not set_apart("fall due", f"{len(due)} clocks", lambda: alone.extend(_serve(due, calendar, now))):
        alone = [*due]
    served = len(due) - len(alone)
    found = _clocks([row.clock_id for row in alone])
    for row in alone:
        if set_apart("fall due", row.clock_id, partial(_fall, found[row.clock_id], row, calendar, now)):
            served += 1
        else:
            _step_aside(row.clock_id, now)
    return served


def _due(now: datetime) -> Select:
    """Clocks that are due, locked with their cases: a row has what is asked of either to see who hears of what."""
    of_clock = Clock.term, Clock.started_at, Clock.due_on, Clock.due_at, Clock.provisional, Clock.extended
    of_case = Case.id, Case.kind, Case.state, Case.round, Case.region_path, Case.deputy_id
    channels = case((Clock.owner == Party.RESIDENT, Case.channels))  # a document, which takes long to read
    in_conflict = exists().where(Conflict.case_id == Case.id, Conflict.lifted_at.is_(None))
    return (
        select(Clock.id.label("clock_id"), Clock.owner, Clock.reminded_to, *of_clock, *of_case)
        .add_columns(
            channels.label("channels"), _department().label("department_id"), in_conflict.label("in_conflict")
        )
        .join(Clock.case)
        .where(Clock.remind_at <= now)
        .order_by(Clock.remind_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True, of=(Clock, Case))
    )


def _department() -> ColumnElement[UUID | None]:
    """The department a clock of its assignment, or of its promise, belongs to; none for everybody else's clocks."""
    its = select(Assignment.department_id).where(Assignment.id == Clock.assignment_id)
    lead = (
        select(Assignment.department_id)
        .where(Assignment.case_id == Case.id, Assignment.round == Case.round, Assignment.part != "assisting")
        .order_by(Assignment.position)
        .limit(1)
    )
    return case(
        (Clock.owner == Party.DEPARTMENTS, its.correlate(Clock).scalar_subquery()),
        (Clock.owner == Party.LEAD, lead.correlate(Case).scalar_subquery()),
    )


def _serve(due: Sequence[Row], calendar: WorkingCalendar, now: datetime) -> list[Row]:
    """Serve together those that fall alike; returns the others."""
    climbs: dict[Hashable, tuple[Rung | None, dict[Hashable, Fall]]] = {}
    others = []
    for row in due:
        alike = _climb(row)
        climb = climbs.get(alike)
        if climb is None:
            climb = climbs[alike] = _rung(row, calendar, now), {}
        rung, falls = climb
        if rung is None or row.in_conflict or row.reminded_to >= rung.step.at or _escalates(rung.step, row):
            others.append(row)
            continue
        same = row.owner, _whose(row)
        fall = falls.get(same)
        if fall is None:
            fall = falls[same] = _fall_together(row, rung)
        fall.clocks.append(row.clock_id)
    remind([fall for _, falls in climbs.values() for fall in falls.values()], now)
    return others


def _climb(row: Row) -> Hashable:
    """What decides which rung has fallen, and whom a rung addresses."""
    starts = row.started_at if row.term.endswith(Unit.hours) else local_day(row.started_at)
    return row.term, starts, row.due_at, row.extended, row.region_path


def _whose(row: Row) -> UUID | None:
    """What decides, beside region and owner, who hears of it, where nobody is in conflict with the case."""
    if row.owner == Party.OFFICE:
        return None
    return row.deputy_id if row.owner == Party.DEPUTY else row.department_id or row.id


def _rung(row: Row, calendar: WorkingCalendar, now: datetime) -> Rung | None:
    """The rung that has fallen for all clocks of this climb; None when there is none to be told of."""
    audiences = ladders.audiences_for(row.region_path)
    try:
        ladder = clocks.ladder_of(row, calendar, audiences)
        step, next_at = ladder.fallen(row.started_at, now), ladder.next_step(now).at
    except Exception:  # what is wrong with it is logged where it is served alone
        return None
    return Rung(step, next_at) if step else None


def _fall_together(row: Row, rung: Rung) -> Fall:
    """The beginning of a fall: of this clock, and of all that are like it, the same people are told."""
    recipients.nobody_barred(row)
    people = tuple(dict.fromkeys(audience(row, rung.step)))
    return Fall(f"reminder.{rung.step.rung}", rung.step.key, _is_urgent(row), people, rung.next_at)


def _clocks(ids: Sequence[UUID]) -> dict[UUID, Clock]:
    """The clocks with their cases, as they are; they are locked."""
    rows = select(Clock).join(Clock.case).where(Clock.id.in_(ids)).options(contains_eager(Clock.case))
    found = session.scalars(rows.execution_options(populate_existing=True)) if ids else ()
    return {each.id: each for each in found}


def _fall(clock: Clock, row: Row, calendar: WorkingCalendar, now: datetime) -> None:
    """Serve one clock for itself."""
    ladder = clocks.ladder_of(clock, calendar, ladders.audiences_for(row.region_path))
    step = ladder.fallen(clock.reminded_to, now)
    if step is not None:
        people = dict.fromkeys(audience(row, step))
        topic, urgent = f"reminder.{step.rung}", _is_urgent(row)
        tell(clock.case, topic, people, now, occasion=step.key, clock=clock, urgent=urgent)
        if _escalates(step, row):
            escalate(clock, ladder, now)
    clock.reminded_to = now
    clock.remind_at = ladder.next_step(now).at


def _step_aside(clock_id: UUID, now: datetime) -> None:
    """Try a clock that could not be served again later, since the oldest come first and would fill every batch."""
    aside = update(Clock).where(Clock.id == clock_id).values(remind_at=now + LATER)
    session.execute(aside, execution_options={"synchronize_session": False})


def _is_urgent(row: Row) -> bool:
    return Term.parse(row.term).unit is Unit.hours


def _escalates(step: Step, row: Row) -> bool:
    """Whether the rung changes the case: a resident is only ever reminded, never escalated over."""
    return step.escalates and row.owner != Party.RESIDENT


def audience(row: Row, step: Step) -> list[Recipient]:
    """The people a rung of a clock is for, the row being that of `_due`.

    Where a loud rung finds nobody, as a department's head on the office's own clock, the office hears of it.
    """
    if row.owner == Party.RESIDENT:
        return recipients.resident(row) if Audience.owner in step.audience else []
    people: list[Recipient] = []
    if Audience.owner in step.audience:
        people += _owner(row)
    if row.department_id:
        roles = [Role(each) for each in (Audience.handler, Audience.approver) if each in step.audience]
        people += recipients.department(row, row.department_id, roles=roles) if roles else []
        people += recipients.department(row, row.department_id, head=True) if Audience.head in step.audience else []
    if Audience.office in step.audience or (step.rung in NEVER_EMPTY and not people):
        people += recipients.office(row)
    return people


def _owner(row: Row) -> list[Recipient]:
    match row.owner:
        case Party.OFFICE:
            return recipients.office(row)
        case Party.DEPUTY:
            return recipients.deputy(row) or recipients.office(row)
    return recipients.department(row, row.department_id) if row.department_id else announcements.awaited(row)
