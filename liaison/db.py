"""The engine, the session and the only commit() of the project."""

import logging
import select as readiness
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from flask_sqlalchemy import SQLAlchemy
from psycopg import Connection as Line
from sqlalchemy import Connection, Engine, Select, event, func, select
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool

from liaison.models.base import Base
from liaison.models.regions import RegistersVersion

db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
session = db.session
_log = logging.getLogger(__name__)

Value = TypeVar("Value")
Row = TypeVar("Row")

MOST_LASTING = 20_000
"""Things kept of one state of the registers, a few kilobytes each; a county needs some hundreds."""

STATES_KEPT = 2
"""The state that threads still read when it changes, and the new one."""

_shelves: dict[UUID, dict[str, Any]] = {}

_WAKE = "wake"
_KEPT = "kept"
_VERSION = "registers version"
_WROTE = "wrote"
_READ_ONLY = "25006"


def engine_url(url: str) -> str:
    """The address with the driver we use named, however the operator wrote it."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def database_time() -> datetime:
    """What the database's clock says, asked on a connection of its own."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        return connection.scalar(select(func.clock_timestamp()))


@contextmanager
def transaction(wake: Callable[[], None] | None = None) -> Iterator[None]:
    """Commit what the block flushed, or roll all of it back when it raises.

    `wake` is called after a commit that put new notices; it may fail, since the relay's clock rings anyway.
    """
    session.info.pop(_KEPT, None)
    try:
        yield
        rings = session.info.pop(_WAKE, False)
        session.commit()
    except BaseException:
        session.info.pop(_WAKE, None)
        session.rollback()
        raise
    if rings and wake is not None:
        try:
            wake()
        except Exception:
            _log.warning("wake-up call failed; the relay's next tick will find the notices")


def set_apart(what: str, id_: object, work: Callable[[], object]) -> bool:
    """Do the work for one row, or undo and log it: one broken row must not hold up the others. False when it failed.

    A lost connection is no fault of the row: it is raised, and the whole transaction is for the next tick.
    """
    try:
        with session.begin_nested():
            work()
    except Exception as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        _log.exception("%s failed for %s", what, id_)
        return False
    return True


def is_outage(error: BaseException) -> bool:
    """Whether the database gave way, not the statement: gone, full, read-only, too slow. The same may succeed later.

    Operational errors are PostgreSQL's classes 08, 53, 57 and 58, and locks that were not to be had.
    """
    if isinstance(error, OperationalError | PoolExhausted):
        return True
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) == _READ_ONLY


def let_go() -> None:
    """End what a request has only read, and take back what it wrote without a transaction of its own.

    Where nothing was written that is a commit: at every rollback psycopg forgets its prepared statements, and to plan
    a query below row-level security takes longer than to run it. Of a connection that died meanwhile nothing is left.
    """
    if not session().in_transaction():
        return
    session.expunge_all()
    try:
        if session().is_active and _has_only_read(session.connection()):
            session.commit()
        else:
            session.rollback()
    except DBAPIError as error:
        if not is_outage(error):
            raise
        session().invalidate()


def _has_only_read(connection: Connection) -> bool:
    return not connection.invalidated and not connection.info.get(_WROTE)


@event.listens_for(Pool, "checkout")
def _lives(line: Line, *_: object) -> None:
    """Take a new connection for one the server has closed: it then has something to read, which an idle one never has.

    Asks the system alone, where a ping would ask the database once more for every request.
    """
    waits = readiness.poll()
    waits.register(line.fileno(), readiness.POLLIN | readiness.POLLERR | readiness.POLLHUP)
    if waits.poll(0):
        raise InvalidatePoolError


@event.listens_for(Engine, "begin")
def _begins(connection: Connection) -> None:
    connection.info.pop(_WROTE, None)


@event.listens_for(Engine, "before_cursor_execute")
def _writes(connection: Connection, cursor: object, statement: str, *_: object) -> None:
    if not statement.lstrip().startswith("SELECT"):
        connection.info[_WROTE] = True


def wake_after_commit() -> None:
    """Ask that the relay be woken once the running transaction is committed."""
    session.info[_WAKE] = True


def told(name: str) -> Any:
    """What the composition root told the engine under this name; for services that must know a setting."""
    return session.connection().get_execution_options()[name]


def once(name: str, load: Callable[[], Value]) -> Value:
    """What `load` returns, asked for once per transaction: rows that rule everybody and change once a year."""
    kept = session.info.setdefault(_KEPT, {})
    if name not in kept:
        kept[name] = load()
    return kept[name]


def lasting(name: str, load: Callable[[], Value]) -> Value:
    """What `load` returns, kept by this process for as long as the registers stay as they are.

    Only where a transaction began with `registers_are`; elsewhere it is kept as by `once`. Nobody changes what is
    returned: every thread is given the same. `load` must not return rows that belong to the running session
    (`apart`).
    """
    if not session().in_transaction():
        session.connection()  # whose beginning tells the version
    version = session.info.get(_VERSION)
    if version is None:
        return once(name, load)
    shelf = _shelf(version)
    if name not in shelf:
        found = load()
        if session.scalar(select(RegistersVersion.version)) != version:  # changed since, perhaps by ourselves
            return found
        shelf[name] = found
    return shelf[name]


def apart(rows: Select[tuple[Row]]) -> list[Row]:
    """Rows that belong to no session and so may outlive this one."""
    session.flush()
    with Session(session.connection(), join_transaction_mode="rollback_only") as other:
        found = list(other.scalars(rows).unique())
        other.expunge_all()
    return found


def registers_are(version: UUID | None) -> None:
    """Say which state of the registers the transaction that begins has found."""
    session.info[_VERSION] = version


def forget() -> None:
    """Load anew what `once` and `lasting` kept, until the transaction ends; for those who change such rows."""
    session.info.pop(_KEPT, None)
    session.info.pop(_VERSION, None)


def _shelf(version: UUID) -> dict[str, Any]:
    """What is kept of that state; of other states nothing any more, but for what threads still read."""
    shelf = _shelves.get(version)
    if shelf is None or len(shelf) >= MOST_LASTING:
        for old in list(_shelves)[: 1 - STATES_KEPT]:  # a copy, since other threads do the same
            _shelves.pop(old, None)
        shelf = _shelves[version] = {}
    return shelf
