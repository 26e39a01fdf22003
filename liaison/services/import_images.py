"""What rows of the registers' tables looked like before an import and after it, and the way back.

A row is taken as its columns stand, so that undoing brings back what was there and not what somebody would write today.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_, delete, exists, insert, select, update
from sqlalchemy.exc import IntegrityError

from liaison import wall
from liaison.db import session
from liaison.domain.errors import Conflict
from liaison.models.base import Base
from liaison.models.conflicts import Conflict as Barred
from liaison.models.departments import Category, Department, RoutingRule
from liaison.models.imports import ImportedRow
from liaison.models.people import Deputy
from liaison.models.stations import DutyTurn, Station

Image = dict[str, Any]
Place = tuple[str, str]
Images = dict[Place, tuple[Image, Image]]
"""By table and primary key: that key, and the other columns."""

APART = frozenset({"last_scan_at", "absent_until"})
"""Columns that change by themselves, or by another page, and that no import writes."""

_READ: Mapping[type, Callable[[str], Any]] = {UUID: UUID, date: date.fromisoformat}


def take(concerned: Iterable[tuple[type[Base], ColumnElement[bool]]]) -> Images:
    """The rows that an import is about, locked until the transaction ends."""
    taken: Images = {}
    for model, condition in concerned:
        taken |= _take(model, condition)
    return taken


def _take(model: type[Base], concerned: ColumnElement[bool], *, lock: bool = True) -> Images:
    """Those of one table, parents before children."""
    table = model.__table__
    first = [table.c.parent_id.is_not(None)] if "parent_id" in table.c else []
    rows = select(table).where(concerned).order_by(*first, *table.primary_key)
    if lock:
        rows = rows.with_for_update(key_share=True)
    taken = {}
    for row in session.execute(rows).mappings():
        told = {name: _plain(value) for name, value in row.items() if name not in APART}
        key = {column.name: told.pop(column.name) for column in table.primary_key}
        taken[_place(table.name, key)] = (key, told)
    return taken


def differences(before: Images, after: Images) -> list[ImportedRow]:
    """A row for each that was added, changed or taken away."""
    made = []
    for place in [*before, *(place for place in after if place not in before)]:
        then, now = before.get(place, (None, None))[1], after.get(place, (None, None))[1]
        if then != now:
            key = (before.get(place) or after[place])[0]
            made.append(ImportedRow(position=len(made), table=place[0], key=key, before=then, after=now))
    return made


def find_obstacle(rows: Iterable[ImportedRow], *, lock: bool = False) -> str | None:
    """Which row is no longer as the import left it, in words; None when all are."""
    by_table: dict[str, list[ImportedRow]] = defaultdict(list)
    for row in rows:
        by_table[row.table].append(row)
    for name, those in by_table.items():
        now = _take(_MODELS[name], _among(those), lock=lock)
        for row in those:
            if now.get(_place(row.table, row.key), (None, None))[1] != row.after:
                return f"“{_called(row)}”在导入以后又被修改过"
    return None


def put_back(rows: Collection[ImportedRow]) -> None:
    """Bring every row back to what it was, or none. Raises Conflict naming the row that stands in the way."""
    if words := find_obstacle(rows, lock=True):
        raise Conflict(f"{words}，不能整体撤销；请在相应页面上逐项修改。")
    for row in sorted(rows, key=lambda row: (row.before is None, -row.position)):  # others may still hang on new ones
        try:
            with session.begin_nested():
                _put_back(row)
        except IntegrityError:
            raise _in_use(row) from None
    session.expire_all()


def _put_back(row: ImportedRow) -> None:
    table = _table(row)
    if row.before is None:
        if _named_elsewhere(row):
            raise _in_use(row)
        session.execute(delete(table).where(_is(row)))
    elif row.after is None:
        session.execute(insert(table).values(_stored(table, row.key | row.before)))
    else:
        session.execute(update(table).where(_is(row)).values(_stored(table, row.before)))


def _named_elsewhere(row: ImportedRow) -> bool:
    """Whether something names a new row without a key that the database would mind."""
    if row.table == Category.__tablename__:
        return session.scalar(select(exists().where(RoutingRule.category == row.after["code"])))
    if row.table in (Department.__tablename__, Deputy.__tablename__):
        with wall.behind():
            return session.scalar(select(exists().where(Barred.party_id == UUID(row.key["id"]))))
    return False


def _in_use(row: ImportedRow) -> Conflict:
    used = "在导入以后已经在使用（有事项、账号或名册用到它）"
    return Conflict(f"“{_called(row)}”{used}，不能整体撤销；不再需要的请停用。")


def _called(row: ImportedRow) -> str:
    told = row.after or row.before
    if "name" in told:
        return told["name"]
    if row.table == RoutingRule.__tablename__:
        return f"分派规则：{told['reason']}"
    station = session.scalar(select(Station.name).where(Station.id == UUID(row.key["station_id"])))
    return f"{station}的名册"


def _among(rows: Sequence[ImportedRow]) -> ColumnElement[bool]:
    """The rows of a table that these are about, perhaps with others beside them."""
    table = _table(rows[0])
    first = next(iter(table.primary_key))
    return first.in_({_stored(table, row.key)[first.name] for row in rows})


def _place(table: str, key: Image) -> Place:
    return table, str(sorted(key.items()))


def _table(row: ImportedRow) -> Table:
    return _MODELS[row.table].__table__


def _is(row: ImportedRow) -> ColumnElement[bool]:
    table = _table(row)
    return and_(*(table.c[name] == value for name, value in _stored(table, row.key).items()))


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID | date) else value


def _stored(table: Table, image: Image) -> Image:
    """An image as its columns want it."""
    return {name: _value(table.c[name].type.python_type, value) for name, value in image.items()}


def _value(type_: type, value: Any) -> Any:
    read = _READ.get(type_)
    return read(value) if read and value is not None else value


_MODELS: Mapping[str, type[Base]] = {
    model.__tablename__: model for model in (Department, Category, RoutingRule, Deputy, Station, DutyTurn)
}
