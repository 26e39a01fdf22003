"""Every migration goes up, down and up again over rows, loses none of what survives it, and waits for nobody long."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import Column, Connection, Engine, MetaData, Table, create_engine, insert, inspect, select, types
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import OperationalError

from liaison.config import ROOT
from liaison.db import engine_url
from tests.support.servers import Servers, migrate

REVISIONS = sorted(path.stem for path in (ROOT / "migrations" / "versions").glob("*.py"))
LOCK_SECONDS, LONGEST_SECONDS = 5, 900
NOT_KEPT = {("0001_trunk", "calendar_days"), ("0001_trunk", "calendar_years")}
"""By revision: tables the way back to it empties, because a migration after it is what filled them."""
ONE_ROW = {"alembic_version", "registers_version"}
"""Tables that hold one row, which is there already and changes with others."""

SAMPLES: dict[type, Callable[[int], Any]] = {
    types.Uuid: lambda n: UUID(int=n),
    types.Text: lambda n: f"文字 {n}",
    types.Integer: lambda n: n,
    types.Float: lambda n: n + 0.5,
    types.Boolean: lambda n: n % 2 == 0,
    types.Date: lambda n: date(2001, 1, n),
    types.DateTime: lambda n: datetime(2001, 1, n, 8, 30, tzinfo=UTC),
    types.LargeBinary: lambda n: bytes([0, n, 255]),
    JSONB: lambda n: {"号": n},
}
"""A value of each type for a row's number; whoever brings in another type adds a line."""

Rows = dict[str, list[dict[str, Any]]]
_names = count(1)


@pytest.fixture
def url(servers: Servers) -> str:
    return servers.empty_database(f"migrating_{next(_names)}")


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = create_engine(engine_url(url))
    yield engine
    engine.dispose()


@pytest.mark.parametrize("revision", REVISIONS)
def test_rows_survive_the_way_to_the_newest_revision_and_back(url: str, engine: Engine, revision: str) -> None:
    migrate(url, revision)
    with engine.begin() as connection:
        rows = fill(connection)
    later = REVISIONS[REVISIONS.index(revision) + 1 :]
    for step in later:
        migrate(url, step)
        assert missing(engine, rows) == {}, f"lost on the way up to {step}"
    for step in reversed([revision, *later][:-1]):
        back_to(url, step)
    kept = {table: each for table, each in rows.items() if (revision, table) not in NOT_KEPT}
    assert missing(engine, kept) == {}, "lost on the way back"
    migrate(url)
    assert missing(engine, kept) == {}, "lost on the second way up"


def test_an_installation_at_work_can_be_taken_back_to_nothing_and_built_again(url: str, engine: Engine) -> None:
    migrate(url)
    with engine.begin() as connection:
        assert len(fill(connection)) > 25
    for step in [*reversed(REVISIONS[:-1]), "base"]:
        back_to(url, step)
    assert inspect(engine).get_table_names() == ["alembic_version"]
    migrate(url)
    with engine.begin() as connection:
        fill(connection)


def test_the_limits_are_set_inside_a_migration(url: str, engine: Engine, tmp_path: Path) -> None:
    probe = (
        "from alembic import op\n"
        f"revision, down_revision = 'probe', {REVISIONS[-1]!r}\n"
        "def upgrade():\n"
        "    op.execute(\"CREATE TABLE probe AS SELECT current_setting('lock_timeout'), "
        "current_setting('statement_timeout') AS longest\")\n"
    )
    (tmp_path / "probe.py").write_text(probe)
    settings = AlembicConfig(str(ROOT / "migrations" / "alembic.ini"))
    settings.set_main_option("path_separator", "newline")
    settings.set_main_option("version_locations", f"{ROOT / 'migrations' / 'versions'}\n{tmp_path}")
    settings.attributes["url"] = url
    command.upgrade(settings, "probe")
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT * FROM probe").one()
    assert found == (f"{LOCK_SECONDS}s", f"{LONGEST_SECONDS // 60}min")


def test_a_migration_that_is_blocked_gives_up_and_leaves_everything_as_it_was(url: str, engine: Engine) -> None:
    migrate(url, REVISIONS[0])
    with psycopg.connect(url) as somebody:
        somebody.execute("LOCK TABLE calendar_days IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        with pytest.raises(OperationalError, match="lock timeout"):
            migrate(url, REVISIONS[1])
        assert LOCK_SECONDS - 1 < time.monotonic() - began < 3 * LOCK_SECONDS
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").all() == [(REVISIONS[0],)]
        assert connection.exec_driver_sql("SELECT count(*) FROM calendar_days").scalar() == 0
    migrate(url, REVISIONS[1])


def back_to(url: str, revision: str) -> None:
    """Take a database one revision back."""
    settings = AlembicConfig(str(ROOT / "migrations" / "alembic.ini"))
    settings.attributes["url"] = url
    command.downgrade(settings, revision)


def fill(connection: Connection) -> Rows:
    """Two rows in every table: the first with whatever may be NULL left out, the second with everything."""
    rows: Rows = {}
    for table in tables(connection).sorted_tables:
        if table.name in ONE_ROW:
            continue
        rows[table.fullname] = [row(table, number) for number in (1, 2)]
        connection.execute(insert(table), rows[table.fullname][0])
        connection.execute(insert(table), rows[table.fullname][1])
    return rows


def row(table: Table, number: int) -> dict[str, Any]:
    """A row whose every value follows from its number, so that keys of other tables' rows are known."""
    return {column.name: value(column, number) for column in table.columns if number > 1 or not column.nullable}


def value(column: Column, number: int) -> Any:
    """The value of a column in the row of that number; one that points into its own table points to the row before."""
    own = any(key.column.table is column.table for key in column.foreign_keys)
    kind = next(kind for kind in SAMPLES if isinstance(column.type, kind))
    return SAMPLES[kind](number - 1 if own else number)


def missing(engine: Engine, rows: Rows) -> Rows:
    """Those rows a database no longer holds as they were, in the columns it still has."""
    lost: Rows = {}
    with engine.connect() as connection:
        found = tables(connection).tables
        for name, wanted in rows.items():
            if name in found:
                there = [dict(each) for each in connection.execute(select(found[name])).mappings()]
                gone = [each for each in wanted if not any(fits(each, other) for other in there)]
                lost |= {name: gone} if gone else {}
    return lost


def fits(wanted: dict[str, Any], there: dict[str, Any]) -> bool:
    """Whether a stored row is the wanted one in all columns both have."""
    return all(there[name] == value for name, value in wanted.items() if name in there)


def tables(connection: Connection) -> MetaData:
    """The tables as the database has them."""
    found = MetaData()
    found.reflect(connection)
    if "vault" in inspect(connection).get_schema_names():
        found.reflect(connection, schema="vault")
    return found
