"""The working-day calendar as it stands in the database, and the import of an official table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from sqlalchemy import delete, func, select

from liaison.db import forget, lasting, session
from liaison.domain.calendar import WorkingCalendar
from liaison.domain.calendar_table import parse_table
from liaison.domain.errors import Invalid
from liaison.models.clocks import CalendarDay, CalendarYear, Clock

WARNED = 60  # working days before the tables end


def current_calendar() -> WorkingCalendar:
    """The calendar of all loaded years, read once per state of the registers; its days once per version of theirs."""
    return _calendar(*lasting("calendar", _version))


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
    forget_calendar()
    return table.years


def forget_calendar() -> None:
    """Read the calendar anew, for those who changed its rows or took a change back."""
    forget()
    _calendar.cache_clear()


@dataclass(frozen=True)
class Coverage:
    """How far the official tables reach: until which day, how many working days that is, and which years are loaded.

    `spans` are runs of years, first and last; `provisional` counts the open clocks that run beyond the tables.
    """

    until: date
    working_days: int
    spans: Sequence[tuple[int, int]]
    provisional: int

    @property
    def ends_soon(self) -> bool:
        """Whether it is time to load the next table (TRUST, the algorithm, step 8)."""
        return self.working_days <= WARNED


def coverage(today: date) -> Coverage:
    """How far the tables reach from today on without a gap, and how many open clocks run beyond them."""
    spans = _spans(session.scalars(select(CalendarYear.year).order_by(CalendarYear.year)))
    last = next((last for first, last in spans if first <= today.year <= last), today.year - 1)
    until = date(last, 12, 31)
    ahead = current_calendar().between(today, until) if until > today else 0
    beyond = select(func.count()).select_from(Clock).where(Clock.provisional, Clock.stopped_at.is_(None))
    return Coverage(until, ahead, spans, session.scalar(beyond))


def _spans(years: Iterable[int]) -> list[tuple[int, int]]:
    """Runs of years without a gap, each by its first and last."""
    spans: list[tuple[int, int]] = []
    for year in years:
        if spans and spans[-1][1] == year - 1:
            spans[-1] = (spans[-1][0], year)
        else:
            spans.append((year, year))
    return spans
