"""Writes all that changed at once: one statement for all rows together, where a flush takes one for each table.

PostgreSQL checks foreign keys when a statement ends, so that rows may refer to each other in any order. New rows of a
table are one value, a list in JSON, so that the same few statements serve any number of rows, and stay prepared.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain, groupby
from typing import Any

from sqlalchemy import Column, Table, event, inspect
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.orm import Mapper, Session, make_transient, make_transient_to_detached

from liaison.db import once, session
from liaison.models.base import Base
from liaison.models.vault import SCHEMA

_DIALECT = PGDialect_psycopg()

Part = tuple[str, Sequence[Any]]
"""One part of the statement and the values it takes."""


def write_new(told: type[Base] | None = None, rows: Sequence[Mapping[str, Any]] = ()) -> None:
    """Insert all that is new in the session, update what has changed, and flush what else there is, as rows to delete.

    The objects are persistent as ever. `rows` are inserted into the table `told` besides, but for those it has
    already. Nothing is asked back from the database, so it is for tables whose defaults are the application's own.
    Raises what a flush would.
    """
    fresh = sorted(session.new, key=lambda each: inspect(each).mapper.local_table.name)
    changed = [(each, names) for each in session.dirty if (names := _changed(each))]
    parts = [*_inserts(fresh), *(_update(each, names) for each, names in changed), *_besides(told, rows)]
    if parts:
        statement, values = _statement(tuple(part for part, _ in parts)), chain.from_iterable(told for _, told in parts)
        session.connection().exec_driver_sql(statement, tuple(values))
    all_rows = [*fresh, *(each for each, _ in changed)]
    written().update(inspect(each).mapper.local_table.name for each in all_rows)
    once("rows written", list).extend(all_rows)  # held on to, so that nobody need ask for one again
    _settle(all_rows)
    session.flush()


def written() -> set[str]:
    """The tables of which rows were written through the session in the running transaction."""
    return once("written", set)


@event.listens_for(session, "after_flush")
def _flushed(flushed: Session, _: object) -> None:
    rows = chain(flushed.new, flushed.dirty, flushed.deleted)
    written().update(inspect(each).mapper.local_table.name for each in rows)


def _inserts(fresh: Iterable[object]) -> Iterable[Part]:
    for mapper, rows in groupby(fresh, lambda each: inspect(each).mapper):
        yield _insert(mapper), [_listed([_complete(mapper, row) for row in rows])]


def _besides(table: type[Base] | None, rows: Sequence[Mapping[str, Any]]) -> Iterable[Part]:
    if table is not None and rows:
        mapper = inspect(table)
        yield f"{_insert(mapper)} ON CONFLICT DO NOTHING", [_listed([_values(mapper, row) for row in rows])]


def _update(row: object, names: Sequence[str]) -> Part:
    mapper, told = inspect(row).mapper, row.__dict__
    keys = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
    columns = _columns(mapper)
    values = [_ready(told[name], columns[name][1]) for name in (*names, *keys)]
    return _set(mapper, tuple(names)), values


def _settle(rows: Iterable[object]) -> None:
    """Let the session know these rows as they are now in the database."""
    own = session()
    for each in rows:
        own.expunge(each)
        if inspect(each).has_identity:
            make_transient(each)
        make_transient_to_detached(each)
        own.add(each)


def _changed(row: object) -> list[str]:
    """The columns of a row that are not as they were read."""
    told, state = row.__dict__, inspect(row)
    if state in session.deleted:
        return []
    return sorted(
        name
        for name, before in state.committed_state.items()
        if name in state.mapper.column_attrs and told[name] != before
    )


@lru_cache(maxsize=512)
def _statement(parts: Sequence[str]) -> str:
    return f"WITH {', '.join(f'w{place} AS ({part})' for place, part in enumerate(parts))} SELECT"


@lru_cache(maxsize=64)
def _insert(mapper: Mapper) -> str:
    table = _into(mapper.local_table)
    names = ", ".join(column.name for column, _ in _columns(mapper).values())
    return f"INSERT INTO {table} ({names}) SELECT {names} FROM json_populate_recordset(NULL::{table}, %s)"


def _into(table: Table) -> str:
    """Where its rows are put: those of the vault through a slot, out of which nothing can be taken (`0038_slots`)."""
    return f"slot_{table.name}" if table.schema == SCHEMA else table.fullname


@lru_cache(maxsize=512)
def _set(mapper: Mapper, names: Sequence[str]) -> str:
    columns = [_columns(mapper)[name][0] for name in names]
    changes, own = (map(_told, each) for each in (columns, mapper.primary_key))
    return f"UPDATE {mapper.local_table.fullname} SET {', '.join(changes)} WHERE {' AND '.join(own)}"


def _told(column: Column) -> str:
    return f"{column.name} = %s::{column.type.compile(_DIALECT)}"


@lru_cache(maxsize=64)
def _columns(mapper: Mapper) -> dict[str, tuple[Column, Callable[[Any], Any] | None]]:
    """Each column by its attribute's name, and what makes its values ready for the driver."""
    return {
        mapper.get_property_by_column(column).key: (column, column.type.dialect_impl(_DIALECT).bind_processor(_DIALECT))
        for column in mapper.local_table.columns
    }


def _complete(mapper: Mapper, row: object) -> dict[str, Any]:
    """A new row as it is written, which takes on the defaults of what it was not told."""
    for name, (column, _) in _columns(mapper).items():
        if name not in row.__dict__:
            setattr(row, name, _default(column))
    return _values(mapper, row.__dict__)


def _values(mapper: Mapper, told: Mapping[str, Any]) -> dict[str, Any]:
    values = {
        column.name: told[name] if name in told else _default(column) for name, (column, _) in _columns(mapper).items()
    }
    return {name: value for name, value in values.items() if value is not None}


def _ready(value: Any, ready: Callable[[Any], Any] | None) -> Any:
    return ready(value) if ready and value is not None else value


def _default(column: Column) -> Any:
    default = column.default
    if default is None:
        return None
    return default.arg(None) if default.is_callable else default.arg


def _listed(rows: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps(rows, default=_as_text, ensure_ascii=False)


def _as_text(value: object) -> str:
    """Bytes, ids and times as PostgreSQL reads them."""
    return f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)
