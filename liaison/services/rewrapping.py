"""Move what older keys have sealed to the newest one, a few rows at a time, while everybody works.

Which tables and columns these are is read from the models (`models.base.SEALED` and `DIGEST_OF`), so that a new one is
served without a line here. What only a digest is kept of and can be derived from nothing, such as a query code,
stays under its key and is counted.
"""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from sqlalchemy import ColumnElement, Table, func, or_, select, tuple_, update

from liaison import wall
from liaison.db import session
from liaison.models.base import DIGEST_OF, SEALED, Base
from liaison.services.sealing import Keys, look_up, seal, unseal

BATCH = 100  # rows locked at once: some 20 ms, during which their writers wait

Counts = Mapping[str, Mapping[str, int]]
"""Rows by the id of their key and by table."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cursor:
    """Where re-wrapping goes on: the place of the table, and the primary key of the last row looked at."""

    table: int = 0
    after: tuple[Any, ...] | None = None


@dataclass(frozen=True)
class Step:
    """One batch: how many rows were moved, how many do not open under their key, and where it goes on, if it does."""

    moved: int
    broken: int
    next: Cursor | None


def sealed_tables() -> list[Table]:
    """The tables that hold sealed values, by name."""
    found = [table for table in Base.metadata.tables.values() if _sealed(table)]
    return sorted(found, key=lambda table: table.fullname)


def rewrap(keys: Keys, at: Cursor) -> Step:
    """Move the next batch to the newest keys, in the transaction of the caller, who goes on until there is no next.

    Rows that others hold are left to the next walk, and so are those written meanwhile by who had older keys.
    A row that does not open is logged and left as it is.
    """
    tables = sealed_tables()
    table = tables[at.table]
    with wall.room_of(table):
        rows = _outdated(table, keys, at.after)
        broken = sum(not _move(table, row, keys) for row in rows)
    if len(rows) == BATCH:
        return Step(len(rows) - broken, broken, Cursor(at.table, _identity(table, rows[-1])))
    following = Cursor(at.table + 1) if at.table + 1 < len(tables) else None
    return Step(len(rows) - broken, broken, following)


def count_outdated(keys: Keys) -> int:
    """How many rows there are to move."""
    return sum(_count_outdated(table, keys) for table in sealed_tables())


def count_sealed() -> Counts:
    """How many rows each key of the vault has sealed."""
    return _count("key_id", sealed_tables())


def count_digests() -> Counts:
    """How many rows hold a digest under each key of codes: query codes for good, look-ups until they are moved."""
    return _count("code_key_id", [table for table in Base.metadata.tables.values() if "code_key_id" in table.c])


def _count(column: str, tables: Sequence[Table]) -> Counts:
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for table in tables:
        key_id = table.c[column]
        with wall.room_of(table):
            rows = session.execute(select(key_id, func.count()).where(key_id.is_not(None)).group_by(key_id)).all()
        for found, number in rows:
            counts[found][table.fullname] = number
    return counts


def _count_outdated(table: Table, keys: Keys) -> int:
    with wall.room_of(table):
        return session.scalar(select(func.count()).select_from(table).where(_is_outdated(table, keys)))


def _outdated(table: Table, keys: Keys, after: tuple | None) -> Sequence[Mapping[str, Any]]:
    identity = tuple_(*table.primary_key)
    rows = select(table).where(_is_outdated(table, keys)).order_by(*table.primary_key).limit(BATCH)
    if after:
        rows = rows.where(identity > after)
    return session.execute(rows.with_for_update(skip_locked=True)).mappings().all()


def _is_outdated(table: Table, keys: Keys) -> ColumnElement[bool]:
    """Whether a row is under a key we have, but not under the newest."""
    older = [table.c.key_id.in_(keys.vault.keys() - {keys.newest})]
    if _digests(table):
        older.append(table.c.code_key_id.in_(keys.codes.keys() - {keys.newest_code}))
    return or_(*older)


def _move(table: Table, row: Mapping[str, Any], keys: Keys) -> bool:
    identity = _identity(table, row)
    try:
        values = _resealed(table, row, identity, keys)
    except (InvalidTag, ValueError):
        _log.error("%s %s does not open under key %s", table.fullname, identity, row["key_id"])
        return False
    session.execute(update(table).where(tuple_(*table.primary_key) == identity).values(values))
    return True


def _resealed(table: Table, row: Mapping[str, Any], identity: tuple, keys: Keys) -> dict[str, Any]:
    plain = {
        column.key: unseal(keys, row["key_id"], column, identity, row[column.key])
        for column in _sealed(table)
        if row[column.key] is not None
    }
    values: dict[str, Any] = {"key_id": keys.newest}
    values |= {name: seal(keys, table.c[name], identity, what) for name, what in plain.items()}
    for column in _digests(table):
        if (what := plain.get(column.info[DIGEST_OF])) is not None:
            values[column.key] = look_up(keys.codes[keys.newest_code], column, what)
            values["code_key_id"] = keys.newest_code
    return values


def _identity(table: Table, row: Mapping[str, Any]) -> tuple:
    return tuple(row[column.key] for column in table.primary_key)


def _sealed(table: Table) -> list:
    return [column for column in table.columns if column.info.items() >= SEALED.items()]


def _digests(table: Table) -> list:
    return [column for column in table.columns if DIGEST_OF in column.info]
