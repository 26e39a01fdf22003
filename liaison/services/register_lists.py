"""The lists of the registers: searched, narrowed, and paged by the last row seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_
from sqlalchemy.orm import contains_eager, joinedload

from liaison.db import session
from liaison.domain.actors import Actor
from liaison.models.departments import Category
from liaison.models.people import Account, Deputy
from liaison.models.regions import Region
from liaison.models.stations import Station
from liaison.services.reach import region_within
from liaison.services.register_sheets import Entry, Kind
from liaison.services.registers import KINDS

_KINDS = {Deputy: Deputy.level, Station: Station.kind}

STATES = ("", "retired", "all")
"""In use (what one looks for nearly always), retired, or both."""


@dataclass(frozen=True)
class Wanted:
    """What to list; empty means any. `region` is a code and means that region and below; `kind` is a station's kind or
    a deputy's level, `capability` a station's."""

    words: str = ""
    region: str = ""
    kind: str = ""
    capability: str = ""
    state: str = ""


def list_rows(
    actor: Actor, kind: str, wanted: Wanted = Wanted(), *, after: tuple[str, ...] | None = None, limit: int = 20
) -> list[Entry]:
    """The rows within reach that fit: departments and stations region by region, deputies as their names are read out.

    `after` is the `cursor_of` the last row seen. Categories come all at once, each first-level one before its own.
    """
    register = KINDS[kind]
    rows = _narrowed(select(register.model), register, wanted)
    if register.model is Category:
        return _tree(rows)
    rows = rows.join(Region, Region.id == register.model.region_id).where(region_within(actor, Region.path))
    if wanted.region:
        above = select(Region.path).where(Region.code == wanted.region).scalar_subquery()
        rows = rows.where(func.starts_with(Region.path, above))
    order = (Deputy.name_pinyin, Deputy.code) if register.model is Deputy else (Region.path, register.model.code)
    if after:
        rows = rows.where(tuple_(*order) > after)
    if hasattr(register.model, "region"):
        rows = rows.options(contains_eager(register.model.region))
    return list(session.scalars(rows.order_by(*order).limit(limit)))


def cursor_of(kind: str, row: Any) -> tuple[str, ...]:
    """Where a list goes on after this row."""
    if kind == "deputy":
        return (row.name_pinyin, row.code)
    return (session.get_one(Region, row.region_id).path, row.code)


def people_of(kind: str, rows: Sequence[Any]) -> dict[UUID, int]:
    """How many people can sign in for each department, or as each deputy."""
    column = {"department": Account.department_id, "deputy": Account.deputy_id}.get(kind)
    if column is None:
        return {}
    counted = select(column, func.count()).where(column.in_([row.id for row in rows]), Account.active)
    return dict(session.execute(counted.group_by(column)).all())


def _narrowed(rows: Select, register: Kind, wanted: Wanted) -> Select:
    model = register.model
    if wanted.state != "all":
        rows = rows.where(model.active.is_(wanted.state != "retired"))
    if wanted.words:
        rows = rows.where(or_(*_holding(model, wanted.words)))
    if wanted.kind and model in _KINDS:
        rows = rows.where(_KINDS[model] == wanted.kind)
    if wanted.capability and model is Station:
        rows = rows.where(Station.capabilities.contains([wanted.capability]))
    return rows


def _holding(model: type[Entry], words: str) -> list[ColumnElement[bool]]:
    """Part of a name, a whole code however it is written; of a deputy the pinyin or its initials from the start."""
    holds = [model.name.contains(words, autoescape=True), func.lower(model.code) == words.lower()]
    if model is Deputy:
        typed = words.lower().replace(" ", "")
        spelled = func.replace(Deputy.name_pinyin, " ", "")
        initials = func.regexp_replace(Deputy.name_pinyin, r"(\w)\w*\s*", r"\1", "g")
        holds += [spelled.startswith(typed, autoescape=True), initials.startswith(typed, autoescape=True)]
        holds.append(Deputy.unit.contains(words, autoescape=True))
    return holds


def _tree(rows: Select) -> list[Category]:
    """Found categories in the order they are chosen from, each with its department."""
    found = session.scalars(rows.options(joinedload(Category.department))).all()
    places = {
        id_: (position, code)
        for id_, position, code in session.execute(select(Category.id, Category.position, Category.code))
    }

    def order(row: Category) -> tuple:
        own = places[row.id]
        return (places[row.parent_id], 1, own) if row.parent_id else (own, 0, own)

    return sorted(found, key=order)
