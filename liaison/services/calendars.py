"""The working-day calendar as it stands in the database, and the import of an official table."""

from datetime import date, datetime
from functools import lru_cache

from sqlalchemy import delete, func, select

from liaison.db import forget, once, session
from liaison.domain.calendar import WorkingCalendar
from liaison.domain.calendar_table import parse_table
from liaison.domain.errors import Invalid
from liaison.models.clocks import CalendarDay, CalendarYear


def current_calendar() -> WorkingCalendar:
    """The calendar of all loaded years; its version is read once per transaction, its days once per version."""
    return _calendar(*once("calendar", _version))


def _version() -> tuple[datetime | None, int]:
    return session.execute(select(func.max(CalendarYear.loaded_at), func.count(CalendarYear.year))).one()


@lru_cache(maxsize=2)
def _calendar(loaded_at: datetime | None, years: int) -> WorkingCalendar:
    days = session.execute(select(CalendarDay.day, CalendarDay.working))
    covered = frozenset(session.scalars(select(CalendarYear.year)))
    return WorkingCalendar(dict(days.all()), covered)


def import_table(text: str, now: datetime) -> frozenset[int]:
    """Replace the years an official table covers (CSV day,kind,name) and return them.

    Raises Invalid naming the rows that cannot be read, or when no year is covered whole. Open clocks are
    recomputed by `clocks.recompute_open`.
    """
    table = parse_table(text)
    if not table.years:
        raise Invalid({"file": ["表中没有一个完整的年份，请导入全年的放假调休安排。"]})
    for year in table.years:
        session.execute(delete(CalendarDay).where(CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31))))
        session.merge(CalendarYear(year=year, loaded_at=now))
    for day, working in table.exceptions.items():
        session.merge(CalendarDay(day=day, working=working, name=table.names.get(day, "")))
    session.flush()
    forget()
    return table.years
