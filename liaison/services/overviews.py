"""Overviews: how much was told, how it stands and how it went, by station, department and deputy, and week by week.

Whatever lies in the actor's reach counts, and every figure is a condition of `services.figures`, by which the list
behind it is narrowed. No rate is told of fewer than the region says, and nobody is ranked (DOMAIN §4): stations stand
town by town, departments and deputies by name.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import CTE, ColumnElement, Row, and_, distinct, func, literal, or_, select, true, tuple_
from sqlalchemy.orm import aliased

from liaison.db import session
from liaison.domain.actors import Actor
from liaison.domain.calendar import local_day, start_of_day
from liaison.domain.clocks import Light
from liaison.domain.errors import Invalid
from liaison.domain.policy import require
from liaison.models.assignments import Assignment, Reply
from liaison.models.cases import Case
from liaison.models.clocks import Clock
from liaison.models.departments import Department
from liaison.models.people import Deputy
from liaison.models.regions import Region
from liaison.models.stations import Station
from liaison.services import preferences
from liaison.services.figures import CURRENT, DUTIES, MATTERS, RATINGS, ZONE, duties, history, is_open, light, matters
from liaison.services.loads import LEAST
from liaison.services.reach import assignments_within, cases_within, home_of, station_within

PERIODS = ("days90", "month", "year", "today")

RATES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "within_5": ("within_5", ("answered",)),
    "kept": ("kept", ("kept", "late")),
    "content": ("content", RATINGS),
    "duty_kept": ("duty_kept", ("duty_kept", "duty_late")),
}
"""Which figure a rate is of, and which ones make up the whole; unanswered and late counts against being in time."""


@dataclass(frozen=True)
class Period:
    """The days an overview is of, both included."""

    code: str
    since: date
    until: date


@dataclass(frozen=True)
class Line:
    """The figures of one station, department or deputy, or of all (then without a code)."""

    code: str
    name: str
    counts: Mapping[str, int]
    least: int = LEAST

    def whole(self, rate: str) -> int:
        """How many a rate is of."""
        return sum(self.counts[each] for each in RATES[rate][1])

    def rate(self, rate: str) -> int | None:
        """Per cent; None while there are too few."""
        part = self.counts["satisfied"] + self.counts["basically"] if rate == "content" else self.counts[RATES[rate][0]]
        return round(100 * part / self.whole(rate)) if self.whole(rate) >= self.least else None


@dataclass(frozen=True)
class Week:
    """How many were told and closed in the days of a week that lie in the period."""

    since: date
    until: date
    received: int
    closed: int


@dataclass(frozen=True)
class Health:
    """When a station gave its last sign of life: its code scanned, a matter told, one answered."""

    code: str
    name: str
    scanned_at: datetime | None
    told_at: datetime | None
    answered_at: datetime | None
    silent: bool


@dataclass(frozen=True)
class Overview:
    """The figures of a period: of all, by light, by station, department and deputy."""

    period: Period
    total: Line
    lights: Mapping[str, int]
    stations: Sequence[Line]
    departments: Sequence[Line]
    deputies: Sequence[Line]


def period_of(code: str, today: date) -> Period:
    """The days of a period that ends today. Raises Invalid for one there is not."""
    begins = {
        "days90": today - timedelta(days=89),
        "month": today.replace(day=1),
        "year": today.replace(month=1, day=1),
        "today": today,
    }
    if code not in begins:
        raise Invalid({"period": ["没有这个时间范围，请重新选择。"]})
    return Period(code, begins[code], today)


def overview(actor: Actor, code: str, *, now: datetime) -> Overview:
    """The figures of what lies in the actor's reach; two queries, and one for the names of stations without matters."""
    require(actor.role, "overview.read")
    period = period_of(code, local_day(now))
    total, by_station, by_deputy = _of_matters(_facts(actor, period, now, MATTERS))
    lights = {each: total[f"light_{each}"] for each in Light}
    least = least_of(actor)
    stations = [Line(*each, by_station.get(each[0], _NOTHING)) for each in _stations(actor)]
    departments = _of_departments(actor, _facts(actor, period, now, ("open", *RATINGS)), now)
    found = (_from(least, lines) for lines in (stations, departments, by_deputy))
    return Overview(period, Line("", "", total, least), lights, *found)


def least_of(actor: Actor) -> int:
    """Of how many a rate is told at least, in the actor's region."""
    return preferences.in_force("figures_least", home_of(actor))


def silent_days(actor: Actor) -> int:
    """A station where nothing was told for so long may have lost its code from the wall."""
    return preferences.in_force("station_silent", home_of(actor))


def _from(least: int, lines: Iterable[Line]) -> list[Line]:
    return [replace(line, least=least) for line in lines]


def own_duties(actor: Actor, code: str, *, now: datetime) -> tuple[Period, Line]:
    """A department's figures of its own assignments, of matters told in the period; one query."""
    require(actor.role, "overview.duties")
    period = period_of(code, local_day(now))
    told, own = _told(period), duties(Clock, now)
    counts = (func.count().filter(_counts(name, own[name], told)).label(name) for name in DUTIES)
    rows = select(*counts).select_from(Assignment).join(Case, Case.id == Assignment.case_id)
    rows = rows.outerjoin(Clock, Clock.id == Assignment.clock_id).where(assignments_within(actor))
    return period, Line("", "", _named(session.execute(rows).one(), DUTIES), least_of(actor))


def weeks(actor: Actor, period: Period) -> list[Week]:
    """What was told and closed week by week, from Monday to Sunday; weeks without anything too."""
    require(actor.role, "overview.read")
    told, closed = (_by_week(actor, column, period) for column in (Case.created_at, Case.closed_at))
    found, monday = [], period.since - timedelta(days=period.since.weekday())
    while monday <= period.until:
        since, until = max(monday, period.since), min(monday + timedelta(days=6), period.until)
        found.append(Week(since, until, told.get(monday, 0), closed.get(monday, 0)))
        monday += timedelta(days=7)
    return found


def health(actor: Actor, *, now: datetime) -> list[Health]:
    """The signs of life of every active station, town by town."""
    require(actor.role, "overview.read")
    own = (Case.station_id == Station.id, cases_within(actor))
    told = select(func.max(Case.created_at)).where(*own).scalar_subquery()
    answered = select(func.max(Reply.approved_at)).join(Case, Case.id == Reply.case_id).where(*own).scalar_subquery()
    rows = (
        select(Station.code, Station.name, Station.last_scan_at, told, answered)
        .join(Region, Region.id == Station.region_id)
        .where(Station.active, station_within(actor))
        .order_by(Region.code, Station.name, Station.code)
    )
    longest = timedelta(days=silent_days(actor))
    return [Health(*row, silent=row[3] is None or now - row[3] > longest) for row in session.execute(rows)]


def _facts(actor: Actor, period: Period, now: datetime, figures: Iterable[str]) -> CTE:
    """One row for each matter that is open or was told in the period: which figures it counts in."""
    told = _told(period)
    past = history(now)
    holds = matters(now, past)
    rows = (
        select(
            Case.id,
            Case.station_id,
            Case.deputy_id,
            *(_counts(name, holds[name], told).label(name) for name in figures),
            *(and_(is_open(), light(now) == each).label(f"light_{each}") for each in Light),
            told.label("told"),
        )
        .outerjoin(Clock, Clock.id == Case.clock_id)
        .join(past, true())
        .where(cases_within(actor), or_(told, is_open()))
    )
    return rows.cte("facts").prefix_with("MATERIALIZED")


def _counts(figure: str, holds: ColumnElement[bool], told: ColumnElement[bool]) -> ColumnElement[bool]:
    return holds if figure in CURRENT else and_(told, holds)


_COUNTED = (*MATTERS, *(f"light_{each}" for each in Light))
_NOTHING = dict.fromkeys(_COUNTED, 0)


def _of_matters(facts: CTE) -> tuple[dict[str, int], dict[str, dict[str, int]], list[Line]]:
    """The figures of all, by a station's code, and of every deputy who has any."""
    ways = func.grouping_sets(
        tuple_(facts.c.station_id, Station.code),
        tuple_(facts.c.deputy_id, Deputy.code, Deputy.name, Deputy.name_pinyin),
        tuple_(literal(1)),
    )
    level = func.grouping(facts.c.station_id, facts.c.deputy_id)
    rows = session.execute(
        select(
            level.label("level"),
            Station.code.label("station"),
            Deputy.code.label("deputy"),
            Deputy.name,
            *(func.count().filter(facts.c[name]).label(name) for name in _COUNTED),
        )
        .select_from(facts)
        .outerjoin(Station, Station.id == facts.c.station_id)
        .outerjoin(Deputy, Deputy.id == facts.c.deputy_id)
        .group_by(ways)
        .order_by(Deputy.name_pinyin, Deputy.name, Deputy.code)
    ).all()
    return (
        next((_named(row, _COUNTED) for row in rows if row.level == 3), _NOTHING),
        {row.station: _named(row, _COUNTED) for row in rows if row.level == 1 and row.station},
        [Line(row.deputy, row.name, _named(row, _COUNTED)) for row in rows if row.level == 2 and row.deputy],
    )


def _of_departments(actor: Actor, facts: CTE, now: datetime) -> list[Line]:
    """A department's figures count matters, not assignments: a second round makes no second matter."""
    shown = aliased(Clock)
    own = duties(shown, now)
    wanted = {name: _counts(name, own[name], facts.c.told) for name in DUTIES}
    wanted |= {name: and_(own[name], facts.c.open) for name in DUTIES if name in CURRENT}
    wanted |= {name: and_(own["duty"], facts.c[name]) for name in RATINGS}
    rows = session.execute(
        select(
            Department.code,
            Department.name,
            *(func.count(distinct(facts.c.id)).filter(holds).label(name) for name, holds in wanted.items()),
        )
        .select_from(Assignment)
        .join(facts, facts.c.id == Assignment.case_id)
        .join(Department, Department.id == Assignment.department_id)
        .outerjoin(shown, shown.id == Assignment.clock_id)
        .where(assignments_within(actor), own["duty"])
        .group_by(Department.id)
        .order_by(Department.name, Department.code)
    )
    return [Line(row.code, row.name, _named(row, wanted)) for row in rows]


def _stations(actor: Actor) -> Iterable[tuple[str, str]]:
    rows = (
        select(Station.code, Station.name)
        .join(Region, Region.id == Station.region_id)
        .where(Station.active, station_within(actor))
        .order_by(Region.code, Station.name, Station.code)
    )
    return [(row.code, row.name) for row in session.execute(rows)]


def _by_week(actor: Actor, column: ColumnElement[datetime], period: Period) -> Mapping[date, int]:
    monday = func.date(func.date_trunc("week", func.timezone(ZONE, column)))
    rows = select(monday, func.count()).where(
        cases_within(actor), column >= start_of_day(period.since), column < _after(period)
    )
    return dict(session.execute(rows.group_by(monday)).all())


def _told(period: Period) -> ColumnElement[bool]:
    return and_(Case.created_at >= start_of_day(period.since), Case.created_at < _after(period))


def _after(period: Period) -> datetime:
    return start_of_day(period.until + timedelta(days=1))


def _named(row: Row, names: Iterable[str]) -> dict[str, int]:
    return {name: row._mapping[name] for name in names}
