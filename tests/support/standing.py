"""Where somebody stands before the wall in the database, with no application between."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from liaison import wall
from liaison.db import db, session
from liaison.domain.actors import Actor


@contextmanager
def standing(actor: Actor) -> Iterator[None]:
    """As in a request of the actor's."""
    session.commit()
    wall.stand(actor)
    try:
        yield
    finally:
        session.rollback()
        session.info.clear()
        if isinstance(db.engine, Connection):
            db.engine.exec_driver_sql("RESET ROLE")
