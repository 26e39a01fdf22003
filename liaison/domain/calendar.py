"""Working days, month periods and office hours: the calendar every deadline stands on.

Working days follow the tables the State Council publishes each autumn (holidays and make-up days, 调休).
For years without a table only weekends and fixed-date holidays are known: what touches them is
`provisional` and has to be computed again when the table arrives. Knows dates, not clocks or cases; the
tables themselves are read by `calendar_table`.
"""

from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
OPENING = time(8, 30)
OFFICE_HOURS = ((OPENING, time(12, 0)), (time(14, 30), time(18, 0)))
ONE_DAY = timedelta(days=1)

# 全国年节及纪念日放假办法; 2 May was added from 2025 on. The other holidays follow the moon or the sun.
FIXED_HOLIDAYS = frozenset({(1, 1), (5, 1), (10, 1), (10, 2), (10, 3)})
SECOND_OF_MAY_SINCE = 2025


@dataclass(frozen=True, eq=False)
class WorkingCalendar:
    """Tells working days from rest days; immutable, so one instance serves all threads.

    `exceptions` maps a day to True (works) or False (rests) where it departs from the plain week;
    `years` are those whose official table is complete.
    """

    exceptions: Mapping[date, bool]
    years: frozenset[int]
    _by_year: dict[int, tuple[date, ...]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "exceptions", MappingProxyType(dict(self.exceptions)))
        object.__setattr__(self, "years", frozenset(self.years))

    def is_working(self, day: date) -> bool:
        """Return whether offices work on `day`: as published, else by the week and the fixed holidays."""
        published = self.exceptions.get(day)
        if published is not None:
            return published
        return day.weekday() < 5 and not _is_fixed_holiday(day)

    def is_provisional(self, day: date) -> bool:
        """Return whether the table of the day's year is still unpublished."""
        return day.year not in self.years

    def is_provisional_between(self, start: date, end: date) -> bool:
        """Return whether any day of (start, end] lies in an unpublished year."""
        first = (start + ONE_DAY).year
        return any(year not in self.years for year in range(first, end.year + 1))

    def add(self, day: date, n: int) -> date:
        """Return the n-th working day after `day`, which is not itself counted (民法典 201).

        A negative `n` counts backwards from `day` in the same way; 0 gives `day` back.
        """
        if n == 0:
            return day
        year, working = day.year, self._working_days(day.year)
        index = bisect_right(working, day) + n - 1 if n > 0 else bisect_left(working, day) + n
        while index >= len(working):
            index -= len(working)
            year += 1
            working = self._working_days(year)
        while index < 0:
            year -= 1
            working = self._working_days(year)
            index += len(working)
        return working[index]

    def between(self, a: date, b: date) -> int:
        """Return the number of working days in (a, b]; negative, over (b, a], when b is before a."""
        if b < a:
            return -self.between(b, a)
        whole_years = sum(len(self._working_days(year)) for year in range(a.year, b.year))
        return whole_years + self._rank(b) - self._rank(a)

    def on_or_after(self, day: date) -> date:
        """Return `day` when it is a working day, else the next one (民法典 203)."""
        return day if self.is_working(day) else self.add(day, 1)

    def _rank(self, day: date) -> int:
        """Return how many working days its year has up to and including `day`."""
        return bisect_right(self._working_days(day.year), day)

    def _working_days(self, year: int) -> tuple[date, ...]:
        """Return the working days of a year in order, computed once."""
        # Two threads may fill the same year at once: both write the same tuple, so no lock is needed.
        if year not in self._by_year:
            first, length = date(year, 1, 1), 366 if monthrange(year, 2)[1] == 29 else 365
            days = (first + timedelta(days=offset) for offset in range(length))
            self._by_year[year] = tuple(day for day in days if self.is_working(day))
        return self._by_year[year]


def _is_fixed_holiday(day: date) -> bool:
    """Return whether the day is a holiday in every year, without needing a table to say so."""
    month_day = (day.month, day.day)
    return month_day in FIXED_HOLIDAYS or (month_day == (5, 2) and day.year >= SECOND_OF_MAY_SINCE)


def corresponding_day(start: date, months: int) -> date:
    """Return the same day `months` later, or that month's last day where it has none (民法典 202)."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def month_end(start: date, months: int, calendar: WorkingCalendar) -> date:
    """Return the last day of a period of months: an end on a rest day moves to the next working day.

    民法典 202, 203.
    """
    return calendar.on_or_after(corresponding_day(start, months))


def moment(day: date, at: time) -> datetime:
    """Return the aware UTC instant at which Shanghai's clocks show `at` on `day`."""
    return datetime.combine(day, at, SHANGHAI).astimezone(UTC)


def start_of_day(day: date) -> datetime:
    """Return midnight at the beginning of a Shanghai day, in UTC."""
    return moment(day, time.min)


def end_of_day(day: date) -> datetime:
    """Return 23:59:59 of a Shanghai day, in UTC: the instant at which a deadline in days runs out."""
    return moment(day, time(23, 59, 59))


def local_day(at: datetime) -> date:
    """Return the Shanghai day on which an aware instant falls."""
    return at.astimezone(SHANGHAI).date()


def office_moment(at: datetime, calendar: WorkingCalendar) -> datetime:
    """Return the earliest instant not before `at` inside office hours of a working day, in UTC.

    08:30–12:00 and 14:30–18:00, the closing minute excluded. For reminders only: deadlines run on.
    """
    local = at.astimezone(SHANGHAI)
    if calendar.is_working(local.date()):
        for opens, closes in OFFICE_HOURS:
            if local.time() < closes:
                return max(at.astimezone(UTC), moment(local.date(), opens))
    return moment(calendar.add(local.date(), 1), OPENING)
