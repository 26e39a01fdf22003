"""The ladder of reminders every clock climbs: when each rung falls, for whom, and how loud it is.

Terms in days and months remind at 08:30 of a working day, never at night or on a rest day. Urgent terms, in
hours, remind at exact instants, also at night; for them hours take the place of working days after the
due instant, and repeats come once a day. The ladder is a table (DOMAIN §3); who is meant by an audience in
one case, and sending, is for the services. Expects a `Due` computed with the same calendar.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from liaison.domain.calendar import OPENING, WorkingCalendar, local_day, moment
from liaison.domain.clocks import Due, Term, Unit, allotted_days, allotted_time, blue_day, thresholds


class Audience(StrEnum):
    """Whom a rung addresses; `owner` is whoever the clock waits for, the others act in their department."""

    owner = "owner"
    handler = "handler"
    approver = "approver"
    head = "head"
    office = "office"


class Rung(StrEnum):
    """The rungs from the softest to the loudest."""

    half = "half"
    blue = "blue"
    due_day = "due_day"
    overdue_1 = "overdue_1"
    overdue_3 = "overdue_3"
    overdue_5 = "overdue_5"
    repeat = "repeat"


Audiences = Mapping[Rung, frozenset[Audience]]
LADDER: Audiences = MappingProxyType(
    {
        Rung.half: frozenset({Audience.owner}),
        Rung.blue: frozenset({Audience.owner}),
        Rung.due_day: frozenset({Audience.owner}),
        Rung.overdue_1: frozenset({Audience.owner, Audience.handler, Audience.approver}),
        Rung.overdue_3: frozenset({Audience.head, Audience.office}),
        Rung.overdue_5: frozenset({Audience.head, Audience.office}),
        Rung.repeat: frozenset({Audience.head, Audience.office}),
    }
)
NEVER_EMPTY = frozenset({Rung.overdue_3, Rung.overdue_5, Rung.repeat})
"""The rungs of which somebody above the owner must hear, whatever a region's own table says."""
OVERDUE = {Rung.overdue_1: 1, Rung.overdue_3: 3, Rung.overdue_5: 5}
REPEAT_DAYS = 5
URGENT_REPEAT = timedelta(hours=24)


@dataclass(frozen=True)
class Step:
    """One rung at its UTC instant; `index` counts repeats from 1 and is 0 for every other rung."""

    rung: Rung
    index: int
    at: datetime
    audience: frozenset[Audience]

    @property
    def key(self) -> str:
        """Return the stable name used against sending twice: `overdue_5`, `repeat_1`, `repeat_2`."""
        return f"{self.rung}_{self.index}" if self.index else str(self.rung)

    @property
    def escalates(self) -> bool:
        """Return whether the case becomes supervised now.

        Repeats say so too, because after an outage the first of them may stand for a missed overdue_5.
        """
        return self.rung in (Rung.overdue_5, Rung.repeat)


@dataclass(frozen=True)
class Ladder:
    """The rungs of one clock; built anew after every move, pause, extension or calendar table.

    `audiences` may be a region's own table and names every rung. `extended` is in working days.
    """

    term: Term
    started_at: datetime
    due: Due
    calendar: WorkingCalendar
    extended: int = 0
    audiences: Audiences = field(default_factory=lambda: LADDER)

    def rungs(self, repeats: int = 0) -> list[Step]:
        """Return all rungs in order, with so many repeats.

        What would fall on or before the start day (hours: the start) is left out; of several at one
        moment the loudest stays.
        """
        loudest = {at: rung for rung, at in self._moments() if self._is_after_start(at)}
        steps = [self._step(rung, 0, at) for at, rung in sorted(loudest.items())]
        return steps + [self._repeat(index) for index in range(1, repeats + 1)]

    def next_step(self, after: datetime) -> Step:
        """Return the first rung strictly later than `after`; repeats go on, so there always is one."""
        later = (step for step in self.rungs() if step.at > after)
        return next(later, None) or self._repeat(self._repeats_until(after) + 1)

    def fallen(self, after: datetime, now: datetime) -> Step | None:
        """Return the newest rung in (after, now], standing for all missed before it, or None."""
        repeats = self._repeats_until(now)
        newest = self._repeat(repeats) if repeats else None
        if newest is None:
            newest = next((step for step in reversed(self.rungs()) if step.at <= now), None)
        return newest if newest is not None and newest.at > after else None

    def _moments(self) -> list[tuple[Rung, datetime]]:
        """Return every rung but the repeats with its instant, from the softest to the loudest."""
        if self.term.unit is Unit.hours:
            return self._urgent_moments()
        allotted = allotted_days(self.term, self.started_at, self.calendar, self.extended)
        blue = blue_day(self.term, self.started_at, self.due, self.calendar, self.extended)
        days = {
            Rung.half: self.calendar.add(self.due.day, -(allotted // 2)),
            Rung.blue: blue,
            Rung.due_day: self.due.day,
        } | {rung: self.calendar.add(self.due.day, late) for rung, late in OVERDUE.items()}
        return [(rung, _opening(day)) for rung, day in days.items()]

    def _urgent_moments(self) -> list[tuple[Rung, datetime]]:
        """Return the exact instants of an hours-term."""
        allotted = allotted_time(self.term, self.started_at, self.calendar, self.extended)
        lights = thresholds(self.term, self.started_at, self.due, self.calendar, extended=self.extended)
        before = [(Rung.half, self.due.at - allotted / 2), (Rung.blue, lights.blue_at)]
        overdue = [(rung, self.due.at + timedelta(hours=late)) for rung, late in OVERDUE.items()]
        return [*before, (Rung.due_day, self.due.at), *overdue]

    def _is_after_start(self, at: datetime) -> bool:
        """Return whether a rung comes late enough to be worth sending."""
        if self.term.unit is Unit.hours:
            return at > self.started_at
        return local_day(at) > local_day(self.started_at)

    def _repeat(self, index: int) -> Step:
        """Return the repeat with that number, counted from 1."""
        late = OVERDUE[Rung.overdue_5]
        if self.term.unit is Unit.hours:
            at = self.due.at + timedelta(hours=late) + index * URGENT_REPEAT
        else:
            at = _opening(self.calendar.add(self.due.day, late + index * REPEAT_DAYS))
        return self._step(Rung.repeat, index, at)

    def _repeats_until(self, until: datetime) -> int:
        """Return how many repeats have fallen up to and including `until`."""
        late = OVERDUE[Rung.overdue_5]
        if self.term.unit is Unit.hours:
            return max(0, (until - self.due.at - timedelta(hours=late)) // URGENT_REPEAT)
        count = (self.calendar.between(self.due.day, local_day(until)) - late) // REPEAT_DAYS
        if count > 0 and self._repeat(count).at > until:
            count -= 1  # the day has come, but not yet its opening hour
        return max(0, count)

    def _step(self, rung: Rung, index: int, at: datetime) -> Step:
        """Return the rung at its instant with its audience."""
        return Step(rung, index, at, self.audiences[rung])


def _opening(day: date) -> datetime:
    """Return the instant at which offices open on a day."""
    return moment(day, OPENING)
