"""Deadlines: when a term runs out and which light it shows until then.

A stored clock keeps its term, its start, its pauses and its extension in working days; everything else is
computed from them here, and again when a calendar table arrives. A clock pauses only while it waits for
the resident. Rules of DOMAIN §3; the Chinese words for units and lights live in the web layer.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from liaison.domain.calendar import WorkingCalendar, end_of_day, local_day, month_end, start_of_day
from liaison.domain.errors import Invalid

LONGEST_TERM = 999
LONGEST_ASSISTING_DAYS = 10
RED_AFTER_HOURS = 3


class Unit(StrEnum):
    """What a term is counted in."""

    working_days = "wd"
    hours = "h"
    months = "months"


@dataclass(frozen=True)
class Term:
    """A length of time as the rules state it: five working days, 24 hours, three months."""

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        if not 1 <= self.amount <= LONGEST_TERM:
            raise Invalid({"term": [f"时限应在 1 到 {LONGEST_TERM} 之间，请重新填写。"]})

    @classmethod
    def parse(cls, text: str) -> "Term":
        """Read "5 wd", "24 h" or "3 months"; raises Invalid for `term` on anything else."""
        match = re.fullmatch(r"\s*([0-9]{1,3})\s*(wd|h|month|months)\s*", text)
        if match is None:
            raise Invalid({"term": ["时限请写成“5 wd”（工作日）、“24 h”（小时）或“3 months”（月）。"]})
        unit = Unit.months if match[2] == "month" else Unit(match[2])
        return cls(int(match[1]), unit)

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}"


@dataclass(frozen=True)
class Due:
    """When a term runs out: the Shanghai day, the UTC instant, and whether a table is still missing."""

    day: date
    at: datetime
    provisional: bool


@dataclass(frozen=True)
class Pause:
    """How long a clock stood still, in working days and in seconds; `due` takes what fits its unit."""

    days: int
    seconds: int


class Light(StrEnum):
    """How pressing a clock is, from not at all to long overdue."""

    none = "none"
    blue = "blue"
    yellow = "yellow"
    red = "red"


@dataclass(frozen=True)
class Thresholds:
    """The UTC instants from which a clock shows each light; stored, so that SQL can compare them."""

    blue_at: datetime
    yellow_at: datetime
    red_at: datetime


def pause_length(paused_at: datetime, resumed_at: datetime, calendar: WorkingCalendar) -> Pause:
    """Return what one pause adds: the working days in (paused day, resumed day], and whole seconds.

    After resuming, as many working days are left as when the clock stopped.
    """
    days = calendar.between(local_day(paused_at), local_day(resumed_at))
    return Pause(days, int((resumed_at - paused_at).total_seconds()))


def pause_total(pauses: Iterable[tuple[datetime, datetime]], calendar: WorkingCalendar) -> Pause:
    """Return what finished pauses add up to, each given as the instants it began and ended.

    A new calendar table changes the days, so recomputing a clock sums its pauses anew.
    """
    lengths = [pause_length(paused_at, resumed_at, calendar) for paused_at, resumed_at in pauses]
    return Pause(sum(length.days for length in lengths), sum(length.seconds for length in lengths))


def due(
    term: Term,
    started_at: datetime,
    calendar: WorkingCalendar,
    *,
    extended: int = 0,
    paused_days: int = 0,
    paused_seconds: int = 0,
) -> Due:
    """Return when a term started at `started_at` runs out; the start day is not counted (民法典 201).

    Days and months end at 23:59:59 Shanghai on a working day. Hours end at an exact instant, on any day
    and at night; once extended by working days, they end with the last of these. `paused_days` counts for
    days and months, `paused_seconds` for hours.
    """
    start = local_day(started_at)
    if term.unit is Unit.hours:
        at = started_at.astimezone(UTC) + timedelta(hours=term.amount, seconds=paused_seconds)
        if extended:
            at = end_of_day(calendar.add(local_day(at), extended))
    elif term.unit is Unit.months:
        at = end_of_day(calendar.add(month_end(start, term.amount, calendar), extended + paused_days))
    else:
        at = end_of_day(calendar.add(start, term.amount + extended + paused_days))
    day = local_day(at)
    # Hours run through rest days, so no table can change them unless working days were added.
    needs_table = term.unit is not Unit.hours or extended > 0
    return Due(day, at, needs_table and calendar.is_provisional_between(start, day))


def allotted_days(term: Term, started_at: datetime, calendar: WorkingCalendar, extended: int = 0) -> int:
    """Return the working days a term in days or months gives, extension included, pauses not."""
    planned = due(term, started_at, calendar, extended=extended)
    return calendar.between(local_day(started_at), planned.day)


def allotted_time(term: Term, started_at: datetime, calendar: WorkingCalendar, extended: int = 0) -> timedelta:
    """Return the time an hours-term gives, extension included, pauses not."""
    return due(term, started_at, calendar, extended=extended).at - started_at


def blue_day(term: Term, started_at: datetime, due: Due, calendar: WorkingCalendar, extended: int = 0) -> date:
    """Return the day on which a fifth of a term in days or months, at least one working day, is left.

    Days left are those after the day itself, so five working days turn blue on the fourth; never before
    the working day after the start, so one working day turns blue on the day it is due.
    """
    left = max(1, allotted_days(term, started_at, calendar, extended) // 5)
    return max(calendar.add(due.day, -left), calendar.add(local_day(started_at), 1))


def thresholds(
    term: Term, started_at: datetime, due: Due, calendar: WorkingCalendar, *, extended: int = 0
) -> Thresholds:
    """Return when a clock turns blue, yellow and red.

    Days and months: at midnight beginning the blue day, the first and the third working day after the due
    day. Hours: when a fifth of the time is left, when due, and three hours later.
    """
    if term.unit is Unit.hours:
        blue_at = due.at - allotted_time(term, started_at, calendar, extended) / 5
        return Thresholds(blue_at, due.at, due.at + timedelta(hours=RED_AFTER_HOURS))
    return Thresholds(
        start_of_day(blue_day(term, started_at, due, calendar, extended)),
        start_of_day(calendar.add(due.day, 1)),
        start_of_day(calendar.add(due.day, 3)),
    )


def light(thresholds: Thresholds, now: datetime) -> Light:
    """Return the light of a running clock at `now`; for one paused or stopped, do not ask: it shows none."""
    if now >= thresholds.red_at:
        return Light.red
    if now >= thresholds.yellow_at:
        return Light.yellow
    return Light.blue if now >= thresholds.blue_at else Light.none


def assisting_term(lead: Term) -> Term:
    """Return the term of an assisting opinion: half the lead's, rounded up, at most ten working days."""
    half = -(-lead.amount // 2)
    if lead.unit is Unit.hours:
        return Term(half, Unit.hours)
    if lead.unit is Unit.months:
        return Term(LONGEST_ASSISTING_DAYS, Unit.working_days)
    return Term(min(half, LONGEST_ASSISTING_DAYS), Unit.working_days)
