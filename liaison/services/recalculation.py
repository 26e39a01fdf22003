"""What follows from a new official calendar: every open clock is computed again, and each case that moved says so."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from liaison.db import session
from liaison.domain.actors import SYSTEM
from liaison.models.cases import Case
from liaison.models.clocks import Clock
from liaison.services import calendars, cases, clocks


@dataclass(frozen=True)
class Recalculated:
    """The years a table covered, and how many open clocks it moved."""

    years: frozenset[int]
    moved: int


def load_table(text: str, now: datetime) -> Recalculated:
    """Import an official table (CSV day,kind,name), recompute all open clocks and note it in each case that moved.

    Raises Invalid naming the rows that cannot be read.
    """
    years = calendars.import_table(text, now)
    _lock_waiting_cases()
    moved = clocks.recompute_open(now)
    for clock, before in moved:
        data = {"clock": clock.kind, "from": before.isoformat(), "to": clock.due_on.isoformat()}
        cases.record(session.get_one(Case, clock.case_id), "calendar", SYSTEM, now, data=data)
    return Recalculated(years, len(moved))


def _lock_waiting_cases() -> None:
    """Lock every case that has an open clock before its clocks, as moves do, so that neither waits for the other."""
    waiting = select(Clock.case_id).where(Clock.stopped_at.is_(None))
    locked = select(Case).where(Case.id.in_(waiting)).order_by(Case.number).with_for_update()
    session.scalars(locked.execution_options(populate_existing=True)).all()
