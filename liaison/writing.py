"""Writes many new rows at once: one statement for all tables together, where a flush takes one for each.

PostgreSQL checks foreign keys when a statement ends, so that rows may refer to each other in any order.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain, groupby
from typing import Any

from sqlalchemy import Column, inspect
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.orm import Mapper, make_transient_to_detached

from liaison.db import session

_DIALECT = PGDialect_psycopg()


def write_new() -> None:
    """Insert all that is new in the session, then flush what else there is; the objects are persistent as ever.

    Nothing is asked back from the database, so it is for tables whose defaults are the application's own. Raises what
    a flush would.
    """
    fresh = sorted(session.new, key=lambda each: inspect(each).mapper.local_table.name)
    groups = [(mapper, list(rows)) for mapper, rows in groupby(fresh, lambda each: inspect(each).mapper)]
    if groups:
        statement = _statement(tuple((mapper, len(rows)) for mapper, rows in groups))
        values = tuple(chain.from_iterable(_values(mapper, row) for mapper, rows in groups for row in rows))
        session.connection().exec_driver_sql(statement, values)
    for each in fresh:
        session.expunge(each)
        make_transient_to_detached(each)
        session.add(each)
    session.flush()


@lru_cache(maxsize=64)
def _statement(groups: Sequence[tuple[Mapper, int]]) -> str:
    parts = (f"w{place} AS ({_insert(mapper, count)})" for place, (mapper, count) in enumerate(groups))
    return f"WITH {', '.join(parts)} SELECT"


def _insert(mapper: Mapper, count: int) -> str:
    columns = [column for _, column, _ in _columns(mapper)]
    row = ", ".join(f"%s::{column.type.compile(_DIALECT)}" for column in columns)
    names = ", ".join(column.name for column in columns)
    return f"INSERT INTO {mapper.local_table.fullname} ({names}) VALUES {', '.join([f'({row})'] * count)}"


@lru_cache(maxsize=64)
def _columns(mapper: Mapper) -> list[tuple[str, Column, Callable[[Any], Any] | None]]:
    """Each column with its attribute's name and what makes its values ready for the driver."""
    return [
        (mapper.get_property_by_column(column).key, column, column.type.dialect_impl(_DIALECT).bind_processor(_DIALECT))
        for column in mapper.local_table.columns
    ]


def _values(mapper: Mapper, row: object) -> list[Any]:
    told, found = row.__dict__, list[Any]()
    for name, column, ready in _columns(mapper):
        if name not in told:
            setattr(row, name, _default(column))
        value = told[name]
        found.append(ready(value) if ready and value is not None else value)
    return found


def _default(column: Column) -> Any:
    default = column.default
    if default is None:
        return None
    return default.arg(None) if default.is_callable else default.arg
