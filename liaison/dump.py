"""pg_dump and pg_restore, and what must hold in the database around them.

Speaks plain SQL about the few tables it counts, because a backup is taken of whatever revision there is. Programs
on the PATH are used when their major version is the server's, otherwise those of the embedded PostgreSQL's wheel:
an archive of one major version is not promised to load into another.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from liaison.embedded import postgres_tool
from liaison.processes import NotReady, wait_until
from liaison.wall import ROLES, VAULT, WEB, WORKER

WITH_EVERY_INSTALLATION = ("alembic_version", "calendar_days", "calendar_years", "heartbeats", "registers_version")
"""Tables that hold rows before anybody has worked with an installation."""

CONNECT_SECONDS = 5
LEAVING_SECONDS = 2.0
_WRITABLE = "options=-c%20default_transaction_read_only%3Doff%20-c%20lock_timeout%3D10s"

_CLEAR = """
DO $$ DECLARE drops text[]; each text; BEGIN
    SELECT array_agg(format('DROP TABLE IF EXISTS %s CASCADE', oid::regclass)) INTO drops
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p');
    SELECT drops || array_agg(format('DROP SEQUENCE IF EXISTS %s', oid::regclass)) INTO drops
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'S';
    SELECT drops || array_agg(format('DROP ROUTINE IF EXISTS %s', oid::regprocedure)) INTO drops
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e');
    DROP SCHEMA IF EXISTS vault CASCADE;
    FOREACH each IN ARRAY coalesce(drops, '{}') LOOP EXECUTE each; END LOOP;
END $$
"""
"""Drops what an unused installation consists of, and leaves the schema `public` with its grants and extensions."""


class DumpError(Exception):
    """Dumping or loading did not work; the message says why and what to do."""


@dataclass(frozen=True)
class NamedFile:
    """A file some row names, with its type and, unless it is a thumbnail, the checksum the row keeps."""

    key: str
    type: str
    sha256: str | None


@dataclass(frozen=True)
class Snapshot:
    """One moment of the database: an id pg_dump can take up while the snapshot is held, and what it holds."""

    id: str
    server: int
    revision: str
    counts: dict[str, Any]
    files: list[NamedFile]


@contextmanager
def snapshot(url: str) -> Iterator[Snapshot]:
    """Hold one moment of the database, so that counts, files and dump are of the very same."""
    with _connect(url) as line:
        line.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        line.read_only = True
        if (stands_at := revision(line)) is None:
            raise DumpError("the database holds no installation: there is nothing to back up")
        exported = line.execute("SELECT pg_export_snapshot()").fetchone()[0]
        yield Snapshot(exported, _major(line), stands_at, counts(line), _files(line))


def dump(url: str, held: Snapshot, target: Path) -> None:
    """Write a held snapshot to a file in pg_dump's custom format."""
    options = ("--format=custom", f"--snapshot={held.id}", "--lock-wait-timeout=60s", f"--file={target}")
    _run("pg_dump", held.server, url, *options)


def load(url: str, source: Path) -> None:
    """Load a dump into an empty database: all of it or, when it fails, nothing."""
    with _connect(url) as line:
        server = _major(line)
        _make_roles(line)
    _run("pg_restore", server, url, "--single-transaction", "--exit-on-error", "--no-owner", str(source))


def _make_roles(line: psycopg.Connection) -> None:
    """Make the roles the dump gives rights to, which belong to a server and not to its databases."""
    there = {name for (name,) in line.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [list(ROLES)])}
    for role in ROLES:
        if role not in there:
            line.execute(sql.SQL("CREATE ROLE {} NOLOGIN NOINHERIT").format(sql.Identifier(role)))
    if VAULT not in there:
        members = map(sql.Identifier, (WEB, WORKER))
        line.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(VAULT), sql.SQL(", ").join(members)))


def major(url: str) -> int:
    """The server's major version."""
    with _connect(url) as line:
        return _major(line)


def facts(url: str) -> dict[str, Any]:
    """What `counts` finds, for a database that is not held."""
    with _connect(url) as line:
        return counts(line)


def counts(line: psycopg.Connection) -> dict[str, Any]:
    """How much the database holds: what a restore is compared with."""
    found: dict[str, Any] = {
        table: line.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()[0]
        for table in ("cases", "events", "attachments")
    }
    found["notices"] = dict(
        line.execute("SELECT state, count(*) FROM notices GROUP BY state ORDER BY state").fetchall()
    )
    return found


def refuse_unless_unused(url: str, known: set[str]) -> None:
    """Raise DumpError unless the database is empty, or an installation of a known revision without any work in it."""
    with _connect(url) as line:
        tables = _tables(line)
        if not tables:
            return
        if revision(line) not in known:
            raise DumpError(_hint(line, "the database holds tables that are not Liaison's"))
        named = [each for each in tables if each[1] not in WITH_EVERY_INSTALLATION]
        full = [".".join(each) for each in named if _holds_rows(line, each)]
        if full:
            raise DumpError(_hint(line, f"the database is not empty: there are rows in {', '.join(sorted(full))}"))


@contextmanager
def fenced(url: str) -> Iterator[str]:
    """Keep everybody else from writing while the block fills an unused database; yields the address that may.

    A worker that comes back too early finds the database read-only, so it cannot send what is about to be held.
    When the block fails the database is empty again; a killed one leaves the fence standing.
    """
    ours = f"{url}{'&' if '?' in url else '?'}{_WRITABLE}"
    with _connect(ours, autocommit=True) as line:
        _fence(line, sql.SQL("SET default_transaction_read_only = on"))
        try:
            _refuse_company(line)
            with _emptied(line):
                yield ours
        finally:
            _fence(line, sql.SQL("RESET default_transaction_read_only"))


@contextmanager
def _emptied(line: psycopg.Connection) -> Iterator[None]:
    line.execute(_CLEAR)
    try:
        yield
    except BaseException:
        _end_sessions(line)
        line.execute(_CLEAR)
        raise
    finally:
        _end_sessions(line)  # those begun behind the fence would stay read-only for as long as they live


def revision(line: psycopg.Connection) -> str | None:
    """The migration the database stands at, None when it was never migrated."""
    if line.execute("SELECT to_regclass('public.alembic_version')").fetchone() == (None,):
        return None
    row = line.execute("SELECT version_num FROM alembic_version").fetchone()
    return row[0] if row else None


def _files(line: psycopg.Connection) -> list[NamedFile]:
    columns = "SELECT key, thumb_key, mime, sha256 FROM"
    rows = line.execute(f"{columns} attachments UNION ALL {columns} published_photos ORDER BY key").fetchall()
    thumbs = [NamedFile(thumb, "image/jpeg", None) for _, thumb, _, _ in rows if thumb]
    return [NamedFile(key, mime, digest) for key, _, mime, digest in rows] + thumbs


def _tables(line: psycopg.Connection) -> list[tuple[str, str]]:
    ours = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    return line.execute(ours).fetchall()


def _holds_rows(line: psycopg.Connection, table: tuple[str, str]) -> bool:
    return line.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(*table))).fetchone()[0]


def _hint(line: psycopg.Connection, fault: str) -> str:
    if line.execute("SHOW default_transaction_read_only").fetchone() == ("on",):
        fault += "; an earlier restore was cut short"
    return f"{fault}. Restore into an empty database: drop this one and create it anew, or empty it on purpose"


def _refuse_company(line: psycopg.Connection) -> None:
    """Raise DumpError when others are connected; those just told to leave, ours among them, get a moment for it."""
    try:
        wait_until(lambda: not _company(line), LEAVING_SECONDS, "the others")
    except NotReady:
        names = ", ".join(_company(line))
        raise DumpError(
            f"others are connected to the database ({names}): stop web, workers and scheduler first"
        ) from None


def _company(line: psycopg.Connection) -> list[str]:
    rows = line.execute(
        "SELECT DISTINCT coalesce(nullif(application_name, ''), usename::text) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    return sorted(name for (name,) in rows)


def _fence(line: psycopg.Connection, change: sql.SQL) -> None:
    line.execute(sql.SQL("ALTER DATABASE {} {}").format(sql.Identifier(line.info.dbname), change))


def _end_sessions(line: psycopg.Connection) -> None:
    """End every other session of our role."""
    line.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND usename = current_user AND backend_type = 'client backend'"
    )


def _run(name: str, server: int, url: str, *options: str) -> None:
    """Run one of PostgreSQL's programs on the database; the password travels in the environment, not in `ps`."""
    address = conninfo_to_dict(_plain(url))
    password = {"PGPASSWORD": str(address.pop("password"))} if "password" in address else {}
    argv = [_tool(name, server), *options, f"--dbname={make_conninfo(**address)}"]
    done = subprocess.run(
        argv, env=dict(os.environ) | password, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise DumpError(f"{name} failed: {done.stderr.strip()[-1000:]}")


def _tool(name: str, server: int) -> str:
    """The program of the server's major version, from the PATH or out of the wheel."""
    candidates = [path for path in (shutil.which(name), postgres_tool(name)) if path and Path(path).exists()]
    for path in candidates:
        told = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
        if re.search(rf"\) {server}\b", told):
            return path
    raise DumpError(f"there is no {name} of PostgreSQL {server} here: install postgresql-client-{server}")


def _major(line: psycopg.Connection) -> int:
    return line.info.server_version // 10_000


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg:", "postgresql:", 1)


def _connect(url: str, *, autocommit: bool = False) -> psycopg.Connection:
    try:
        return psycopg.connect(_plain(url), connect_timeout=CONNECT_SECONDS, autocommit=autocommit)
    except psycopg.OperationalError as error:
        raise DumpError(f"the database cannot be reached: {error}") from None
