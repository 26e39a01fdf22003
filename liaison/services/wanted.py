"""What a list is narrowed by, as conditions: states, codes of the registers, lights, days, figures, words."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, ScalarSelect, Text, Uuid, any_, bindparam, cast, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from liaison.db import session
from liaison.domain.actors import DEPARTMENT_ROLES, Actor, Role
from liaison.domain.calendar import start_of_day
from liaison.domain.errors import Invalid
from liaison.domain.policy import may
from liaison.models.assignments import Assignment
from liaison.models.cases import Case
from liaison.models.clocks import Clock
from liaison.models.departments import Category, Department
from liaison.models.people import Deputy
from liaison.models.stations import Station
from liaison.services import figures
from liaison.services.figures import light, running
from liaison.services.reach import home_of

FEW = 4_000
"""Cases that hold some words, up to which each is looked at; of a million that is about as much work as to walk along
the list until a page is full."""

MOMENT = bindparam("moment", type_=Clock.due_at.type)
"""When the first page of a list was read: its queries are built once and asked at many moments."""

MADE = bindparam("after_made", type_=Case.created_at.type)
ID = bindparam("after_id", type_=Case.id.type)
"""Where the last page ended."""

MOST = bindparam("most", type_=Integer)
"""How many rows a page has."""

MASKED = DEPARTMENT_ROLES | {Role.LIAISON}
"""Who reads residents' words with numbers hidden, and so must not find a matter by such a number either."""


class Sort(StrEnum):
    """The orders of a list: by light and deadline, by deadline alone, by when it came."""

    URGENT = "urgent"
    DUE = "due"
    NEWEST = "newest"
    OLDEST = "oldest"


class Words(StrEnum):
    """How words are looked for: not at all, in numbers and titles, in the text, as those few cases that hold them."""

    NONE = ""
    TITLE = "title"
    SAID = "said"
    FEW = "few"


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

_NUMBER = re.compile(r"[A-Z]\d{4}-\d+-\w", re.IGNORECASE)
_SAID = bindparam("words", type_=Text)
_REGION, _ACCOUNT = bindparam("region", type_=Text), bindparam("account", type_=Uuid)
_IS_NUMBER = Case.number == bindparam("number", type_=Text)
_HOLDS = {
    Words.TITLE: or_(_IS_NUMBER, func.strpos(Case.title, _SAID) > 0),
    Words.SAID: func.strpos(Case.text, _SAID) > 0,
    Words.FEW: or_(_IS_NUMBER, Case.id == any_(cast(bindparam("few", type_=Text), ARRAY(Uuid)))),
}
_FEW = select(cast(func.cases_containing(_SAID, FEW), Text))
_NEWEST = select(cast(func.newest_containing(_SAID, _REGION, _ACCOUNT, MADE, ID, MOST), Text))
"""Their ids, as the text they are: they only go back to where they come from."""


def may_search_text(actor: Actor, words: str) -> bool:
    """Whether the words may be looked for in the whole text, not in numbers and titles alone.

    Numbers, plates and addresses are hidden from some readers. Who could look for one would know whose matter it is.
    """
    folded = unicodedata.normalize("NFKC", words)
    return actor.role not in MASKED or not any(char.isascii() and char.isalnum() for char in folded)


def look_up(actor: Actor, query: str, newest: dict[str, Any] | None) -> tuple[Words, dict[str, Any]]:
    """How words are looked for, and what the query is then asked with.

    Words of two characters or more that few cases hold are found by their index, in a function of the database, since
    below row-level security no query may use that index itself. What many cases hold is soon met by whoever walks along
    the list in its order, and no number of a case is among it. Where nothing else narrows the list of an office, that
    function finds the very page: `newest` are the place it goes on from and its length.
    """
    words = query.strip()
    if not words:
        return Words.NONE, {}
    asked = {"words": words, "number": words.upper()}
    if not may_search_text(actor, words):
        return Words.TITLE, asked
    if len(words) < 2:
        return Words.SAID, asked
    is_page = newest is not None and not _NUMBER.fullmatch(words)
    if is_page:
        reach = {"region": home_of(actor), "account": actor.account_id}
        return Words.FEW, asked | {"few": session.scalar(_NEWEST, asked | newest | reach)}
    few = session.scalar(_FEW, asked)
    return (Words.SAID, asked) if few is None else (Words.FEW, asked | {"few": few})


def conditions(wanted: Wanted, words: Words, actor: Actor, state: Any, states: Any) -> list[ColumnElement[bool]]:
    """The conditions a row fulfils, about `Case` with the `Clock` it shows joined, `state` being the row's of `states`.

    They are asked with a `MOMENT` and what `look_up` says. Raises Invalid for a state or figure there is not.
    """
    found = [_HOLDS[words]] if words else []
    if wanted.state:
        if wanted.state not in states:
            raise Invalid({"state": ["没有这个状态，请重新选择。"]})
        found.append(state == wanted.state)
    if wanted.figure:
        found.append(_counted(wanted, actor))
    elif wanted.department:
        named = select(Assignment.case_id).join(Assignment.department).where(Department.code == wanted.department)
        found.append(Case.id.in_(named))
    if wanted.station:
        found.append(Case.station_id == _id_of(Station, wanted.station))
    if wanted.category:
        above = _id_of(Category, wanted.category)
        below = select(Category.id).where(Category.parent_id == above)
        found.append(or_(Case.category_id == above, Case.category_id.in_(below)))
    if wanted.light:
        found.append(light(MOMENT) == wanted.light)
    if wanted.deputy:
        found.append(Case.deputy_id == _id_of(Deputy, wanted.deputy))
    return [*found, *_dated(wanted)]


def _id_of(register: type[Station | Category | Deputy], code: str) -> ScalarSelect[UUID]:
    return select(register.id).where(register.code == code).scalar_subquery()


def _counted(wanted: Wanted, actor: Actor) -> ColumnElement[bool]:
    """What the office counts are matters; what a department counts are its own assignments."""
    if may(actor.role, "overview.read"):
        return figures.condition(wanted.figure, wanted.department, MOMENT)
    own = figures.duties(Clock, MOMENT) if may(actor.role, "overview.duties") else {}
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
