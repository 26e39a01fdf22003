"""Rows of lists: in which order, where a page goes on; one query each. The boxes are `inboxes`' own.

Every order is one that keyset pages can follow. Lights change with time, so that a page goes on by the moment the first
one was read at: nothing is shown twice or left out because it fell due meanwhile.

A query first finds the page in its order and only then looks up what the page's rows show beside their cases: behind
the wall every look-up costs, and what is looked up before the limit is looked up for every row there is.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Lateral,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import aliased

from liaison.db import session
from liaison.domain import clocks
from liaison.domain.actors import Actor
from liaison.domain.calendar import local_day, start_of_day
from liaison.domain.clocks import Light, Thresholds
from liaison.domain.workflow import ASSIGNMENT, MATTER
from liaison.models.assignments import Assignment
from liaison.models.cases import Case
from liaison.models.clocks import Clock
from liaison.services import register_names
from liaison.services.figures import running
from liaison.services.wanted import ID, MADE, MOMENT, MOST, Sort, Wanted, Words, conditions, look_up

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""Sorts what has no running deadline behind all that has."""

NOW = bindparam("now", type_=Clock.due_at.type)
TODAY = bindparam("today", type_=Clock.due_on.type)
MIDNIGHT = bindparam("midnight", type_=Clock.due_at.type)

HEAD = 1
"""The level of an assignment whose owner is the department's head."""

RANKS = (Light.red, Light.yellow, Light.blue, Light.none)
"""How pressing a row is, by its light."""

_AFTER = {
    "rank": bindparam("after_rank", type_=Integer),
    "due": bindparam("after_due", type_=Clock.due_at.type),
    "made": MADE,
    "id": ID,
}
_CASE = (
    Case.number,
    Case.title,
    Case.state,
    Case.created_at,
    Case.supervised_at,
    Case.round,
    Case.category_id,
    Case.station_id,
    Case.deputy_id,
)


class Place(NamedTuple):
    """Where a page ended: a row's place in every order, and the moment the lights were read at."""

    at: datetime
    rank: int
    due: datetime
    made: datetime
    id: UUID


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


@dataclass(frozen=True)
class Asked:
    """What the query of a list is built from, so that it is built once: all but words, moments and places."""

    wanted: Wanted
    words: Words
    goes_on: bool


def read(
    query: Callable[[Asked], Select],
    wanted: Wanted,
    actor: Actor,
    now: datetime,
    after: Place | None,
    limit: int,
    *,
    whole: bool = False,
) -> list[Row]:
    """The rows of a list from a place on, by the query built from `case_rows` or `assignment_rows`.

    The list is `whole` where it holds all that an office reaches.
    """
    moment = after.at if after else now
    place = {f"after_{name}": getattr(after, name, None) for name in _AFTER}
    is_plain = whole and wanted == Wanted(wanted.query, sort=Sort.NEWEST)
    words, told = look_up(actor, wanted.query, place | {"most": limit} if is_plain else None)
    told |= place | {"moment": moment, "most": limit, **moments(now)}
    rows = session.execute(query(Asked(replace(wanted, query=""), words, after is not None)), told)
    return _rows(rows, now, moment)


def case_rows(within: Sequence[ColumnElement[bool]], asked: Asked, actor: Actor) -> Select:
    """Cases that fulfil the conditions, of which the actor's reach must be one. Raises Invalid for unknown states."""
    rows = select(*_CASE, Case.id.label("row_id"), Case.created_at.label("made"), Case.clock_id.label("shown_id"))
    rows = rows.outerjoin(Clock, shown_of(Case))
    rows = rows.where(*within, *conditions(asked.wanted, asked.words, actor, Case.state, MATTER.states))
    page = _page(rows, asked, Case.created_at, Case.id)
    held = _highest(page)
    return _shown(page, asked.wanted.sort).add_columns(held.c.level, held.c.department_id).outerjoin(held, true())


def assignment_rows(within: Sequence[ColumnElement[bool]], asked: Asked, actor: Actor) -> Select:
    """Assignments with their cases, in the same way."""
    part = (Assignment.position, Assignment.state.label("part_state"), Assignment.level)
    keys = (Assignment.id.label("row_id"), Assignment.assigned_at.label("made"), Assignment.clock_id.label("shown_id"))
    rows = select(*_CASE, *part, *keys).join_from(Case, Assignment, Assignment.case_id == Case.id)
    rows = rows.outerjoin(Clock, shown_of(Assignment))
    rows = rows.where(*within, *conditions(asked.wanted, asked.words, actor, Assignment.state, ASSIGNMENT.states))
    return _shown(_page(rows, asked, Assignment.assigned_at, Assignment.id), asked.wanted.sort)


def shown_of(owner: type[Case | Assignment]) -> ColumnElement[bool]:
    """Joins the clock a row shows. That it is one of the same case lets a query also go from clocks to their rows."""
    own = Clock.case_id == (Case.id if owner is Case else Assignment.case_id)
    return and_(Clock.id == owner.clock_id, own)


def _page(rows: Select, asked: Asked, made: Any, id_: Any) -> Subquery:
    """In the order asked for from a place on; what is alike otherwise comes newest first."""
    sort = asked.wanted.sort
    if sort in (Sort.NEWEST, Sort.OLDEST):
        place, before = tuple_(made, id_), tuple_(MADE, ID)
        goes_on, keys = place < before if sort is Sort.NEWEST else place > before, (None, None)
    else:
        rank, due = _rank(), func.coalesce(case((running(), Clock.due_at)), NEVER)
        rows, keys = rows.add_columns(rank.label("rank"), due.label("due")), (rank, due)
        place, before = tuple_(rank, due), tuple_(_AFTER["rank"], _AFTER["due"])
        if sort is Sort.DUE:
            place, before = due, _AFTER["due"]
        goes_on = or_(place > before, and_(place == before, id_ < ID))
    rows = rows.where(goes_on) if asked.goes_on else rows
    return rows.order_by(*_order(sort, *keys, made, id_)).limit(MOST).subquery("page")


def _order(sort: Sort, rank: Any, due: Any, made: Any, id_: Any) -> tuple[Any, ...]:
    match sort:
        case Sort.NEWEST:
            return made.desc(), id_.desc()
        case Sort.OLDEST:
            return made, id_
        case Sort.DUE:
            return due, id_.desc()
    return rank, due, id_.desc()


def _rank() -> ColumnElement[int]:
    """How pressing a row is, as `RANKS` has it."""
    ends = (Clock.red_at, Clock.yellow_at, Clock.blue_at)
    passed = {rank: and_(running(), end <= MOMENT) for rank, end in enumerate(ends)}
    return case(*((is_past, rank) for rank, is_past in passed.items()), else_=len(ends))


def _shown(page: Subquery, sort: Sort) -> Select:
    """The rows of a page, in its order, with the clock each shows."""
    clock, key = aliased(Clock), page.c
    of_clock = (clock.due_at, clock.blue_at, clock.yellow_at, clock.red_at, clock.stopped_at, clock.paused_at)
    rows = select(page, *of_clock).outerjoin_from(page, clock, clock.id == key.shown_id)
    return rows.order_by(*_order(sort, key.get("rank"), key.get("due"), key.made, key.row_id))


def _highest(page: Subquery) -> Lateral:
    """The rank of the highest owner among the assignments of a case's current round, and that one's department."""
    return (
        select(Assignment.level, Assignment.department_id)
        .where(Assignment.case_id == page.c.row_id, Assignment.round == page.c.round)
        .order_by(Assignment.level.desc(), Assignment.position)
        .limit(1)
        .lateral("held")
    )


def moments(now: datetime) -> dict[str, Any]:
    """What `NOW`, `TODAY` and `MIDNIGHT` of a query are at that moment."""
    today = local_day(now)
    return {"now": now, "today": today, "midnight": start_of_day(today)}


def _rows(found: Iterable[Any], now: datetime, moment: datetime) -> list[Row]:
    categories, stations = register_names.category_names(), register_names.station_names()
    deputies = register_names.deputy_names()
    return [
        Row(
            cursor=_place(row, moment),
            reference=row.number if not hasattr(row, "position") else f"{row.number}.{row.position}",
            number=row.number,
            title=row.title,
            state=row.state,
            part_state=getattr(row, "part_state", None),
            light=_light(row, now),
            due_at=row.due_at,
            created_at=row.created_at,
            category=categories.get(row.category_id),
            station=stations.get(row.station_id),
            deputy=deputies.get(row.deputy_id),
            supervised=row.supervised_at is not None,
            round=row.round,
            level=row.level,
            owner=_owner(row),
        )
        for row in found
    ]


def _place(row: Any, moment: datetime) -> Place:
    due = row.due_at if _runs(row) else NEVER
    return Place(moment, RANKS.index(_light(row, moment)), due, row.made, row.row_id)


def _light(row: Any, moment: datetime) -> Light:
    return clocks.light(Thresholds(row.blue_at, row.yellow_at, row.red_at), moment) if _runs(row) else Light.none


def _runs(row: Any) -> bool:
    return row.due_at is not None and row.stopped_at is None and row.paused_at is None


def _owner(row: Any) -> str | None:
    """The department of the highest owner, with the name of its head where the head is the owner."""
    department = getattr(row, "department_id", None)
    if department is None:
        return None
    names = register_names.headed_names() if row.level == HEAD else register_names.department_names()
    return names.get(department)
