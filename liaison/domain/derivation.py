"""How a due date came about, step by step, so that the case page can show it to anybody who doubts it.

Codes and numbers only; the Chinese sentences live in the web layer.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from liaison.domain.calendar import ONE_DAY, WorkingCalendar, corresponding_day, local_day, month_end
from liaison.domain.clocks import Due, Term, Unit, due, pause_length, pause_total


class StepKind(StrEnum):
    """What one line of a derivation tells."""

    start = "start"
    rest = "rest"
    makeup = "makeup"
    pause = "pause"
    pause_minutes = "pause_minutes"
    moved = "moved"
    extension = "extension"
    due = "due"
    provisional = "provisional"


@dataclass(frozen=True)
class Step:
    """One line of how a due date came about: a kind, the day it concerns, and a number.

    start: the day not counted, 0 · rest: first day and length of a stretch skipped · makeup: a weekend day
    counted, 1 · pause: its first day and the working days added · pause_minutes: the same for hours-terms ·
    moved: the rest day on which a period of months would end, and the days moved · extension: the due day
    without it and the working days added · due: the working days counted, 0 for hours and months ·
    provisional: the first day without a published table, and how many such days were passed.
    """

    kind: StepKind
    day: date
    amount: int


def derivation(
    term: Term,
    started_at: datetime,
    calendar: WorkingCalendar,
    *,
    extended: int = 0,
    pauses: Sequence[tuple[datetime, datetime]] = (),
) -> list[Step]:
    """Return the steps from the start to the due day: start, the rest by day, due, then provisional.

    For working days the lengths of the rest stretches and the days counted add up to the days from start
    to due. `pauses` are finished ones, by the instants they began and ended.
    """
    paused = pause_total(pauses, calendar)
    sums = {"paused_days": paused.days, "paused_seconds": paused.seconds}
    without_extension = due(term, started_at, calendar, **sums)
    result = due(term, started_at, calendar, extended=extended, **sums)
    steps = [_pause_step(term, pause, calendar) for pause in pauses]
    if extended:
        steps.append(Step(StepKind.extension, without_extension.day, extended))
    start = local_day(started_at)
    if term.unit is Unit.months:
        steps.extend(_moved_step(corresponding_day(start, term.amount), calendar))
    counted_from = _counted_from(term, start, without_extension, calendar)
    steps.extend(_walk(counted_from, result.day, calendar))
    steps.sort(key=lambda step: step.day)
    return [Step(StepKind.start, start, 0), *steps, *_ending(term, start, result, calendar)]


def _counted_from(term: Term, start: date, without_extension: Due, calendar: WorkingCalendar) -> date:
    """Return the day after which working days are counted one by one."""
    if term.unit is Unit.months:
        return month_end(start, term.amount, calendar)
    return without_extension.day if term.unit is Unit.hours else start


def _pause_step(term: Term, pause: tuple[datetime, datetime], calendar: WorkingCalendar) -> Step:
    """Return the step of one pause in the unit that was added."""
    length, day = pause_length(*pause, calendar), local_day(pause[0])
    if term.unit is Unit.hours:
        return Step(StepKind.pause_minutes, day, length.seconds // 60)
    return Step(StepKind.pause, day, length.days)


def _moved_step(end: date, calendar: WorkingCalendar) -> Iterator[Step]:
    """Yield the step by which a period of months ending on a rest day moved on, if it did."""
    moved_to = calendar.on_or_after(end)
    if moved_to != end:
        yield Step(StepKind.moved, end, (moved_to - end).days)


def _walk(start: date, end: date, calendar: WorkingCalendar) -> Iterator[Step]:
    """Yield the stretches of rest and the make-up days in (start, end], day by day."""
    stretch: list[date] = []
    for offset in range(1, (end - start).days + 1):
        day = start + offset * ONE_DAY
        if not calendar.is_working(day):
            stretch.append(day)
            continue
        if stretch:
            yield Step(StepKind.rest, stretch[0], len(stretch))
            stretch = []
        if day.weekday() >= 5:
            yield Step(StepKind.makeup, day, 1)


def _ending(term: Term, start: date, result: Due, calendar: WorkingCalendar) -> Iterator[Step]:
    """Yield the due step and, when it rests on assumptions, the provisional one."""
    counted = calendar.between(start, result.day) if term.unit is Unit.working_days else 0
    yield Step(StepKind.due, result.day, counted)
    if result.provisional:
        span = (start + offset * ONE_DAY for offset in range(1, (result.day - start).days + 1))
        assumed = [day for day in span if calendar.is_provisional(day)]
        yield Step(StepKind.provisional, assumed[0], len(assumed))
