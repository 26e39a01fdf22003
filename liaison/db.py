"""The engine, the session and the only commit() of the project."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from liaison.models.base import Base

db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
session = db.session
_log = logging.getLogger(__name__)

Value = TypeVar("Value")

_WAKE = "wake"
_KEPT = "kept"
_READ_ONLY = "25006"


def engine_url(url: str) -> str:
    """The address with the driver we use named, however the operator wrote it."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def database_time() -> datetime:
    """What the database's clock says, asked on a connection of its own."""
    with db.engine.connect() as connection:
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
    """Take back what was only read, at the end of a request; of a connection that died meanwhile nothing is left."""
    try:
        session.rollback()
    except DBAPIError as error:
        if not is_outage(error):
            raise
        session().invalidate()


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


def forget() -> None:
    """Load anew what `once` kept; for those who change such rows."""
    session.info.pop(_KEPT, None)
