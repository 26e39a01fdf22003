"""A test client that comes in through the front door: every request has an application context of its own."""

from contextvars import Context
from typing import Any

from flask import has_app_context
from flask.testing import FlaskClient
from sqlalchemy import Connection

from liaison.db import db, session


class DoorClient(FlaskClient):
    """Flask would let a request share `g` and the session of the test around it; a real request shares nothing."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """Send a request, then forget what the test's own session had read before it."""
        if has_app_context():
            session.flush()
        answer = Context().run(super().open, *args, **kwargs)
        if has_app_context():
            if isinstance(db.engine, Connection):  # a test and its requests share one transaction
                db.engine.exec_driver_sql("RESET ROLE")
            session.expire_all()
        return answer
