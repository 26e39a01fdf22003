"""Counts of a year by station, department, category and month, none of which points at anybody (`domain.suppression`).

Whatever lies in the actor's reach counts, in months that are over: of a month that is not, two looks a day apart would
tell of one matter. A matter stands for itself; in the table of departments an assignment does, since one matter may
have several. To fetch a table as a file is an export, and is written down.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, select

from liaison.db import session
from liaison.domain.actors import Actor
from liaison.domain.calendar import SHANGHAI, local_day, start_of_day
from liaison.domain.errors import Invalid
from liaison.domain.policy import require
from liaison.domain.suppression import hidden
from liaison.models.assignments import Assignment, Reply
from liaison.models.cases import Case
from liaison.models.departments import Category, Department
from liaison.models.stations import Station
from liaison.services import audit
from liaison.services.figures import first_answer, last_rating, ran_over
from liaison.services.reach import assignments_within, cases_within

FIRST_YEAR = 2020
RECEIVED = "received"
PUNCTUAL = ("in_time", "late")
ANSWERED = ("within_5", "within_15", "after_15", "not_yet")
RATED = ("satisfied", "basically", "dissatisfied", "unrated")
COLUMNS = (RECEIVED, *PUNCTUAL, *ANSWERED, *RATED)
"""What is counted: each group of columns adds up to the first. Days to the first answer are days of the calendar."""

BREAKDOWNS = ("station", "department", "category", "month")
TOTAL = ""
"""The name of a table's last row; no station or category is called so."""

Cell = tuple[str, str, str]


@dataclass(frozen=True)
class Line:
    """One row: its name, and its counts by column, None where hidden."""

    name: str
    counts: Mapping[str, int | None]


@dataclass(frozen=True)
class Table:
    """One breakdown with its rows by name and its total at the end."""

    breakdown: str
    lines: Sequence[Line]


@dataclass(frozen=True)
class Statistics:
    """The tables of a year; `until` is the last day that counts, None when no month of it is over."""

    year: int
    until: date | None
    tables: Sequence[Table]


def statistics(actor: Actor, year: int, *, now: datetime) -> Statistics:
    """The year's tables for what lies in the actor's reach. Raises Invalid for a year that cannot be."""
    require(actor.role, "statistics.read")
    today = local_day(now)
    if not FIRST_YEAR <= year <= today.year:
        raise Invalid({"year": [f"请选择 {FIRST_YEAR} 到 {today.year} 年。"]})
    end = min(date(year + 1, 1, 1), today.replace(day=1))
    span = (start_of_day(date(year, 1, 1)), start_of_day(end))
    of_cases = [_facts(row, ("station", "category", "month")) for row in session.execute(_cases(actor, *span, now))]
    of_parts = [_facts(row, ("department",)) for row in session.execute(_assignments(actor, *span, now))]
    until = end - timedelta(days=1)
    return Statistics(year, until if until.year == year else None, _tables(of_cases, of_parts))


def export(actor: Actor, year: int, kind: str, *, now: datetime) -> Statistics:
    """The same, taken out as a file of that kind: written down with who and when."""
    require(actor.role, "statistics.export")
    found = statistics(actor, year, now=now)
    audit.note(actor, audit.STATISTICS, now, about=str(year), region_path=actor.region_path, data={"kind": kind})
    return found


@dataclass(frozen=True)
class _Fact:
    """One matter, or one assignment: the row it belongs to in each breakdown, and its columns."""

    places: Mapping[str, str]
    columns: Sequence[str]


def _facts(row: Row, breakdowns: Iterable[str]) -> _Fact:
    columns = (RECEIVED, "late" if row.late else "in_time", _wait(row), row.result or "unrated")
    places = {each: _month(row.created_at) if each == "month" else getattr(row, each) or "—" for each in breakdowns}
    return _Fact(places, columns)


def _wait(row: Row) -> str:
    if row.answered_at is None:
        return "not_yet"
    days = (local_day(row.answered_at) - local_day(row.created_at)).days
    return "within_5" if days <= 5 else "within_15" if days <= 15 else "after_15"


def _month(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m}"


def _tables(of_cases: Sequence[_Fact], of_parts: Sequence[_Fact]) -> list[Table]:
    """The tables with what must be hidden hidden; those of matters share their totals, so they are looked at as one."""
    counts, sums = _counted(of_cases, ("station", "category", "month"), "cases")
    more, further = _counted(of_parts, ("department",), "parts")
    counts |= more
    hide = hidden(counts, sums + further)
    shown = {cell: None if cell in hide else count for cell, count in counts.items()}
    return [_table(each, shown, "parts" if each == "department" else "cases") for each in BREAKDOWNS]


def _counted(facts: Sequence[_Fact], breakdowns: Sequence[str], whole: str) -> tuple[dict[Cell, int], list[Any]]:
    """How many there are in each cell, zeros too, and which cells add up to which."""
    counted: Counter[Cell] = Counter()
    for fact in facts:
        for column in fact.columns:
            counted[whole, TOTAL, column] += 1
            counted.update((each, fact.places[each], column) for each in breakdowns)
    rows = [(whole, TOTAL), *sorted({(each, fact.places[each]) for fact in facts for each in breakdowns})]
    counts = {(*row, column): counted[*row, column] for row in rows for column in COLUMNS}
    sums = [
        ((*row, RECEIVED), [(*row, column) for column in family])
        for row in rows
        for family in (PUNCTUAL, ANSWERED, RATED)
    ]
    for each in breakdowns:
        mine = [row for row in rows if row[0] == each]
        sums += [((whole, TOTAL, column), [(*row, column) for row in mine]) for column in COLUMNS]
    return counts, sums


def _table(breakdown: str, shown: Mapping[Cell, int | None], whole: str) -> Table:
    names = list(dict.fromkeys(name for kind, name, _ in shown if kind == breakdown))
    lines = [Line(name, {column: shown[breakdown, name, column] for column in COLUMNS}) for name in names]
    return Table(breakdown, [*lines, Line(TOTAL, {column: shown[whole, TOTAL, column] for column in COLUMNS})])


def _cases(actor: Actor, since: datetime, until: datetime, now: datetime) -> Select:
    return (
        select(
            Case.created_at,
            Station.name.label("station"),
            Category.name.label("category"),
            ran_over("case_id", Case.id, now).label("late"),
            first_answer(Reply.case_id, Case.id).label("answered_at"),
            last_rating().label("result"),
        )
        .outerjoin(Station, Station.id == Case.station_id)
        .outerjoin(Category, Category.id == Case.category_id)
        .where(cases_within(actor), Case.created_at >= since, Case.created_at < until)
    )


def _assignments(actor: Actor, since: datetime, until: datetime, now: datetime) -> Select:
    return (
        select(
            Assignment.assigned_at.label("created_at"),
            Department.name.label("department"),
            ran_over("assignment_id", Assignment.id, now).label("late"),
            first_answer(Reply.assignment_id, Assignment.id).label("answered_at"),
            last_rating().label("result"),
        )
        .join(Department, Department.id == Assignment.department_id)
        .join(Case, Case.id == Assignment.case_id)
        .where(
            assignments_within(actor),
            Assignment.part != "assisting",
            Assignment.state.not_in(("returned", "recalled")),
            Assignment.assigned_at >= since,
            Assignment.assigned_at < until,
        )
    )
