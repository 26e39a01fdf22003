"""Rows of lists: which are wanted, in which order, where a page goes on; one query each. The boxes are `inboxes`' own.

Every order is one that keyset pages can follow. Lights change with time, so that a page goes on by the moment the first
one was read at: nothing is shown twice or left out because it fell due meanwhile.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, tuple_

from liaison.db import session
from liaison.domain.actors import DEPARTMENT_ROLES, Actor, Role
from liaison.domain.calendar import start_of_day
from liaison.domain.clocks import Light
from liaison.domain.errors import Invalid
from liaison.domain.policy import may
from liaison.domain.workflow import ASSIGNMENT, MATTER
from liaison.models.assignments import Assignment
from liaison.models.cases import Case
from liaison.models.clocks import Clock
from liaison.models.departments import Category, Department
from liaison.models.people import Deputy
from liaison.models.stations import Station
from liaison.services import figures
from liaison.services.figures import light, running

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""Sorts what has no running deadline behind all that has."""

HEAD = 1
"""The level of an assignment whose owner is the department's head."""

MASKED = DEPARTMENT_ROLES | {Role.LIAISON}
"""Who reads residents' words with numbers hidden, and so must not find a matter by such a number either."""


class Sort(StrEnum):
    """The orders of a list: by light and deadline, by deadline alone, by when it came."""

    URGENT = "urgent"
    DUE = "due"
    NEWEST = "newest"
    OLDEST = "oldest"


class Place(NamedTuple):
    """Where a page ended: a row's place in every order, and the moment the lights were read at."""

    at: datetime
    rank: int
    due: datetime
    made: datetime
    id: UUID


@dataclass(frozen=True)
class Wanted:
    """What a list is narrowed by; empty means any. `state` is an assignment's in a department's list.

    `figure` is one of `services.figures`, for those who may read overviews.
    """

    query: str = ""
    state: str = ""
    department: str = ""
    station: str = ""
    category: str = ""
    light: str = ""
    due_from: date | None = None
    due_until: date | None = None
    deputy: str = ""
    figure: str = ""
    told_from: date | None = None
    told_until: date | None = None
    closed_from: date | None = None
    closed_until: date | None = None
    sort: Sort = Sort.NEWEST


ANY = Wanted()


@dataclass(frozen=True)
class Row:
    """One line of a list; `reference` names the assignment in a department's list, else the case.

    `level` is the rank of the assignment's owner, in a list of cases the highest of this round; `owner` is that one's
    department, with its head's name when it is the head.
    """

    cursor: Place
    reference: str
    number: str
    title: str
    state: str
    part_state: str | None
    light: str
    due_at: datetime | None
    created_at: datetime
    category: str | None
    station: str | None
    deputy: str | None
    supervised: bool
    round: int
    level: int | None = None
    owner: str | None = None


def list_cases(
    within: Sequence[ColumnElement[bool]], wanted: Wanted, actor: Actor, now: datetime, after: Place | None, limit: int
) -> list[Row]:
    """Cases that fulfil the conditions, of which the actor's reach must be one. Raises Invalid for unknown states."""
    moment = after.at if after else now
    rows = _listing(now).add_columns(_level(), _owner()).outerjoin(Clock, Clock.id == Case.clock_id)
    rows = rows.where(*within, *_conditions(wanted, actor, moment, Case.state, MATTER.states))
    rows = _in_order(rows, wanted.sort, after, moment, Case.created_at, Case.id).limit(limit)
    return [_row(row, moment, row.number, None) for row in session.execute(rows)]


def list_assignments(
    within: Sequence[ColumnElement[bool]], wanted: Wanted, actor: Actor, now: datetime, after: Place | None, limit: int
) -> list[Row]:
    """Assignments with their cases, in the same way."""
    moment = after.at if after else now
    rows = (
        _listing(now)
        .add_columns(Assignment.position, Assignment.state.label("part_state"), Assignment.level.label("level"))
        .join(Assignment, Assignment.case_id == Case.id)
        .outerjoin(Clock, Clock.id == Assignment.clock_id)
        .where(*within, *_conditions(wanted, actor, moment, Assignment.state, ASSIGNMENT.states))
    )
    rows = _in_order(rows, wanted.sort, after, moment, Assignment.assigned_at, Assignment.id).limit(limit)
    return [_row(row, moment, f"{row.number}.{row.position}", row.part_state) for row in session.execute(rows)]


def may_search_text(actor: Actor, words: str) -> bool:
    """Whether the words may be looked for in the whole text, not in numbers and titles alone.

    Numbers, plates and addresses are hidden from some readers. Who could look for one would know whose matter it is.
    """
    folded = unicodedata.normalize("NFKC", words)
    return actor.role not in MASKED or not any(char.isascii() and char.isalnum() for char in folded)


def _conditions(wanted: Wanted, actor: Actor, moment: datetime, state: Any, states: Any) -> list[ColumnElement[bool]]:
    found = [_matching(actor, wanted.query.strip())] if wanted.query.strip() else []
    if wanted.state:
        if wanted.state not in states:
            raise Invalid({"state": ["没有这个状态，请重新选择。"]})
        found.append(state == wanted.state)
    if wanted.figure:
        found.append(_counted(wanted, actor, moment))
    elif wanted.department:
        named = select(Assignment.case_id).join(Assignment.department).where(Department.code == wanted.department)
        found.append(Case.id.in_(named))
    if wanted.station:
        found.append(Station.code == wanted.station)
    if wanted.category:
        above = select(Category.id).where(Category.code == wanted.category).scalar_subquery()
        found.append(or_(Category.code == wanted.category, Category.parent_id == above))
    if wanted.light:
        found.append(light(moment) == wanted.light)
    if wanted.deputy:
        found.append(Deputy.code == wanted.deputy)
    return [*found, *_dated(wanted)]


def _counted(wanted: Wanted, actor: Actor, moment: datetime) -> ColumnElement[bool]:
    """What the office counts are matters; what a department counts are its own assignments."""
    if may(actor.role, "overview.read"):
        return figures.condition(wanted.figure, wanted.department, moment)
    own = figures.duties(Clock, moment) if may(actor.role, "overview.duties") else {}
    if wanted.figure not in own:
        raise Invalid({"figure": [figures.UNKNOWN]})
    return own[wanted.figure]


def _dated(wanted: Wanted) -> list[ColumnElement[bool]]:
    found = list[ColumnElement[bool]]()
    spans = (
        (Case.created_at, wanted.told_from, wanted.told_until),
        (Case.closed_at, wanted.closed_from, wanted.closed_until),
    )
    for column, since, until in spans:
        found += [column >= start_of_day(since)] if since else []
        found += [column < start_of_day(until + timedelta(days=1))] if until else []
    if wanted.due_from:
        found += [Clock.due_on >= wanted.due_from, running()]
    if wanted.due_until:
        found += [Clock.due_on <= wanted.due_until, running()]
    return found


def _matching(actor: Actor, words: str) -> ColumnElement[bool]:
    """A number, or words of the text: two characters or more go through the bigram index.

    In a function of the database, since below row-level security no query may use that index itself.
    """
    is_number = Case.number == words.upper()
    if not may_search_text(actor, words):
        return or_(is_number, Case.title.contains(words, autoescape=True))
    if len(words) < 2:
        return or_(is_number, Case.text.contains(words, autoescape=True))
    return or_(is_number, Case.id.in_(select(func.cases_containing(words))))


def _in_order(rows: Select, sort: Sort, after: Place | None, moment: datetime, made: Any, id_: Any) -> Select:
    """In that order from that place on; what is alike otherwise comes newest first."""
    rank, due = _rank(moment), func.coalesce(case((running(), Clock.due_at)), NEVER)
    rows = rows.add_columns(rank.label("rank"), due.label("due"), made.label("made"), id_.label("row_id"))
    if sort is Sort.NEWEST:
        rows = rows.where(tuple_(made, id_) < (after.made, after.id)) if after else rows
        return rows.order_by(made.desc(), id_.desc())
    if sort is Sort.OLDEST:
        rows = rows.where(tuple_(made, id_) > (after.made, after.id)) if after else rows
        return rows.order_by(made, id_)
    keys = tuple_(rank, due) if sort is Sort.URGENT else tuple_(due)
    if after:
        place = (after.rank, after.due) if sort is Sort.URGENT else (after.due,)
        rows = rows.where(or_(keys > place, and_(keys == place, id_ < after.id)))
    return rows.order_by(*([rank] if sort is Sort.URGENT else []), due, id_.desc())


def _rank(moment: datetime) -> ColumnElement[int]:
    """How pressing a row is: red, yellow, blue, the others."""
    lights = (Light.red, Light.yellow, Light.blue)
    return case({light: place for place, light in enumerate(lights)}, value=light(moment), else_=len(lights))


def _listing(now: datetime) -> Select:
    return (
        select(
            Case.id,
            Case.number,
            Case.title,
            Case.state,
            Case.created_at,
            Case.supervised_at,
            Case.round,
            Clock.due_at,
            light(now).label("light"),
            Category.name.label("category"),
            Station.name.label("station"),
            Deputy.name.label("deputy"),
        )
        .select_from(Case)
        .outerjoin(Category, Category.id == Case.category_id)
        .outerjoin(Station, Station.id == Case.station_id)
        .outerjoin(Deputy, Deputy.id == Case.deputy_id)
    )


def _level() -> ColumnElement[int | None]:
    """The rank of the highest owner among the assignments of a case's current round."""
    of_round = (Assignment.case_id == Case.id, Assignment.round == Case.round)
    return select(func.max(Assignment.level)).where(*of_round).correlate(Case).scalar_subquery().label("level")


def _owner() -> ColumnElement[str | None]:
    """The department of that owner, with the name of its head where the head is the owner."""
    head = case((Assignment.level == HEAD, Department.head_name), else_="")
    return (
        select(func.rtrim(Department.name + " " + head))
        .join(Assignment, Assignment.department_id == Department.id)
        .where(Assignment.case_id == Case.id, Assignment.round == Case.round)
        .order_by(Assignment.level.desc(), Assignment.position)
        .limit(1)
        .correlate(Case)
        .scalar_subquery()
        .label("owner")
    )


def _row(row: Any, moment: datetime, reference: str, part_state: str | None) -> Row:
    return Row(
        cursor=Place(moment, row.rank, row.due, row.made, row.row_id),
        reference=reference,
        number=row.number,
        title=row.title,
        state=row.state,
        part_state=part_state,
        light=row.light,
        due_at=row.due_at,
        created_at=row.created_at,
        category=row.category,
        station=row.station,
        deputy=row.deputy,
        supervised=row.supervised_at is not None,
        round=row.round,
        level=row.level,
        owner=getattr(row, "owner", None),
    )
