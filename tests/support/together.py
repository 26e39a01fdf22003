"""Two at once, on real connections: the first holds its transaction open until the second waits for it."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import Any

from flask import Flask
from sqlalchemy import text

from liaison.db import db, transaction

WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")
PATIENCE = 10.0


def overlapping(app: Flask, first: Callable[[], Any], second: Callable[[], Any]) -> tuple[Any, Any]:
    """Run both, each in a transaction of its own: `second` starts when `first` has done all but commit.

    `first` commits once `second` waits for a lock, or has ended without one. Returns what each returned or raised.
    """
    done, released = Event(), Event()

    def hold() -> Any:
        with app.app_context(), transaction():
            try:
                return first()
            finally:
                done.set()
                released.wait(PATIENCE)

    def follow() -> Any:
        with app.app_context(), transaction():
            return second()

    with ThreadPoolExecutor(2) as threads:
        held = threads.submit(hold)
        done.wait(PATIENCE)
        followed = threads.submit(follow)
        _wait_for_lock(app, followed)
        released.set()
        return _ending(held), _ending(followed)


def _wait_for_lock(app: Flask, second: Future) -> None:
    with app.app_context(), db.engine.connect() as connection:
        while not second.done():
            if connection.execute(WAITING).scalar():
                return
            connection.rollback()  # the view of activity is frozen for the length of a transaction


def _ending(future: Future) -> Any:
    return future.exception() or future.result()
