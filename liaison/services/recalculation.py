"""What follows from a new official calendar: every open clock is computed again, and each case that moved says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter

from sqlalchemy import select

from liaison import wall
from liaison.db import session
from liaison.domain.actors import SYSTEM, Actor
from liaison.models.cases import Case
from liaison.models.clocks import CalendarImport, Clock
from liaison.services import audit, calendars, cases, clocks


@dataclass(frozen=True)
class Shift:
    """One open clock that a table moves: of which case, from which day to which."""

    number: str
    region_path: str
    clock: str
    before: date
    after: date


@dataclass(frozen=True)
class Recalculated:
    """The years a table covered, and the open clocks it moved, by number of their case."""

    years: frozenset[int]
    shifts: Sequence[Shift]

    @property
    def moved(self) -> int:
        """How many clocks moved."""
        return len(self.shifts)


def preview_table(text: str, now: datetime) -> Recalculated:
    """What `load_table` would do, by doing it and taking all of it back. Raises Invalid like it."""
    attempt = session.begin_nested()
    try:
        return load_table(text, now)
    finally:
        attempt.rollback()
        calendars.forget_calendar()


def load_table(text: str, now: datetime, actor: Actor = SYSTEM) -> Recalculated:
    """Import an official table (CSV day,kind,name), recompute all open clocks and note it in each case that moved.

    Raises Invalid naming the rows that cannot be read.
    """
    years = calendars.import_table(text, now)
    wall.pass_through()  # a working day is one everywhere, whatever the importer's region
    _lock_waiting_cases()
    moved = clocks.recompute_open(now)
    shifts = [_shift(clock, before, now) for clock, before in moved]
    session.add(CalendarImport(at=now, by_name=actor.name, years=sorted(years), moved=len(shifts)))
    session.flush()
    told = {"years": sorted(years), "moved": len(shifts)}
    audit.note(actor, "setting.calendar", now, about="、".join(map(str, sorted(years))), data=told)
    return Recalculated(years, sorted(shifts, key=attrgetter("number", "clock")))


def imports(limit: int = 20) -> list[CalendarImport]:
    """The newest imports of official tables."""
    return list(session.scalars(select(CalendarImport).order_by(CalendarImport.at.desc()).limit(limit)))


def _shift(clock: Clock, before: date, now: datetime) -> Shift:
    case = session.get_one(Case, clock.case_id)
    data = {"clock": clock.kind, "before": before.isoformat(), "after": clock.due_on.isoformat()}
    cases.record(case, "calendar", SYSTEM, now, data=data)
    return Shift(case.number, case.region_path, clock.kind, before, clock.due_on)


def _lock_waiting_cases() -> None:
    """Lock every case that has an open clock before its clocks, as moves do, so that neither waits for the other."""
    waiting = select(Clock.case_id).where(Clock.stopped_at.is_(None))
    locked = select(Case).where(Case.id.in_(waiting)).order_by(Case.number).with_for_update()
    session.scalars(locked.execution_options(populate_existing=True)).all()
