"""A row of every table that holds sealed values, made from the models, so that a new table is tested by itself."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Table, insert, select, text, types

from liaison.db import session
from liaison.models.base import DIGEST_OF, SEALED, new_id
from liaison.services.rewrapping import sealed_tables
from liaison.services.sealing import Keys, look_up, seal, unseal

SAMPLES = {
    types.Uuid: new_id,
    types.Text: lambda: "文字",
    types.Integer: lambda: 1,
    types.Boolean: lambda: True,
    types.DateTime: lambda: datetime(2026, 3, 2, tzinfo=UTC),
    types.LargeBinary: lambda: b"octets",
}
"""A value of each type; whoever brings in another adds a line."""

Row = Mapping[str, Any]


def plant(keys: Keys, count: int = 1) -> None:
    """Put rows into every table that holds sealed values, whatever they would have to point to."""
    session.execute(text("SET LOCAL session_replication_role = replica"))
    for table in sealed_tables():
        session.execute(insert(table), [_row(table, keys) for _ in range(count)])
    session.execute(text("SET LOCAL session_replication_role = origin"))


def plain_of(table: Table, column: str) -> bytes:
    """What was sealed in that column of every row."""
    return f"{table.fullname}.{column} 周小明".encode()


def faults(keys: Keys) -> list[str]:
    """What of the planted rows is not under the newest keys, does not open, or cannot be found."""
    return [fault for table in sealed_tables() for row in _rows(table) for fault in _faults(table, row, keys)]


def _rows(table: Table) -> list[Row]:
    return list(session.execute(select(table)).mappings())


def _faults(table: Table, row: Row, keys: Keys) -> list[str]:
    found = []
    if row["key_id"] != keys.newest:
        found.append(f"{table.fullname} is under {row['key_id']}")
    identity = tuple(row[column.key] for column in table.primary_key)
    for column in table.columns:
        if column.info == SEALED:
            plain = unseal(keys, row["key_id"], column, identity, row[column.key])
            found += [] if plain == plain_of(table, column.key) else [f"{table.fullname}.{column.key} holds {plain}"]
        if source := column.info.get(DIGEST_OF):
            mac = look_up(keys.codes[keys.newest_code], column, plain_of(table, source))
            found += [] if row[column.key] == mac else [f"{table.fullname}.{column.key} is not found"]
    return found


def _row(table: Table, keys: Keys) -> dict[str, Any]:
    values = {column.key: _sample(column.type) for column in table.columns}
    values["key_id"] = keys.newest
    identity = tuple(values[column.key] for column in table.primary_key)
    for column in table.columns:
        if column.info == SEALED:
            values[column.key] = seal(keys, column, identity, plain_of(table, column.key))
        if source := column.info.get(DIGEST_OF):
            values[column.key] = look_up(keys.codes[keys.newest_code], column, plain_of(table, source))
            values["code_key_id"] = keys.newest_code
    return values


def _sample(kind: types.TypeEngine) -> Any:
    return next(make for each, make in SAMPLES.items() if isinstance(kind, each))()
