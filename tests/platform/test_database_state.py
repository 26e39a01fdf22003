"""What the quick look at a database promises: prepared means newest migration and, for a demo, accounts."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from liaison.database_state import is_prepared, newest_revision
from liaison.embedded import start_postgres


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = start_postgres(tmp_path_factory.mktemp("state") / "postgres", durable=False)
    yield server.url
    server.stop()


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    for name in ("0001_trunk.py", "0010_later.py", "0002_calendar.py", "__init__.py"):
        (tmp_path / name).touch()
    return tmp_path


@pytest.fixture
def run(url: str) -> Iterator[psycopg.Connection]:
    """A connection to an empty database."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        yield connection


def test_the_newest_revision_is_the_last_by_number(versions: Path, tmp_path: Path) -> None:
    assert newest_revision(versions) == "0010_later"
    assert newest_revision(tmp_path / "absent") is None


def test_an_empty_database_is_not_prepared(url: str, run: psycopg.Connection, versions: Path) -> None:
    assert not is_prepared(url, demo=False, versions=versions)


@pytest.mark.parametrize(("revision", "prepared"), [("0002_calendar", False), ("0010_later", True)])
def test_only_the_newest_migration_is_prepared(
    url: str, run: psycopg.Connection, versions: Path, revision: str, prepared: bool
) -> None:
    run.execute("CREATE TABLE alembic_version (version_num text)")
    run.execute("INSERT INTO alembic_version VALUES (%s)", (revision,))
    assert is_prepared(url, demo=False, versions=versions) is prepared


@pytest.mark.parametrize("accounts", [0, 1])
def test_a_demo_needs_accounts(url: str, run: psycopg.Connection, versions: Path, accounts: int) -> None:
    run.execute("CREATE TABLE alembic_version AS SELECT '0010_later'::text AS version_num")
    run.execute("CREATE TABLE accounts (username text)")
    if accounts:
        run.execute("INSERT INTO accounts VALUES ('office')")
    assert is_prepared(url, demo=True, versions=versions) is bool(accounts)


def test_an_address_for_sqlalchemy_will_do(url: str, run: psycopg.Connection) -> None:
    assert not is_prepared(url.replace("postgresql:", "postgresql+psycopg:"), demo=False)
