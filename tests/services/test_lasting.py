"""What rules everybody is kept from one transaction to the next, and never a moment longer than it holds."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event, text

from liaison.db import db, session
from liaison.services import stations
from tests.support.town import Town

NAME = "UPDATE stations SET name = %s WHERE code = 'S001'"


@pytest.fixture
def other(live_app: Flask, live_town: Town) -> Iterator[psycopg.Connection]:
    """Another process that works on the same database."""
    address = live_app.config["SQLALCHEMY_DATABASE_URI"].replace("+psycopg", "")
    with psycopg.connect(address) as connection:
        yield connection


def shown(app: Flask) -> str:
    """What a request is shown as the station's name."""
    answer = app.test_client().get("/api/v1/stations/S001")
    assert answer.status_code == 200
    return answer.json["name"]


@contextmanager
def asked() -> Iterator[list[str]]:
    """The statements about stations meanwhile."""
    seen = list[str]()

    def note(connection, cursor, statement: str, *_) -> None:
        seen.extend([statement] * ("FROM stations" in statement))

    event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(db.engine, "before_cursor_execute", note)


def test_a_register_is_read_once_until_anybody_changes_it(live_app: Flask, other: psycopg.Connection) -> None:
    before = shown(live_app)
    with asked() as seen:
        assert shown(live_app) == before and seen == []
    other.execute(NAME, ["改名后的站"])
    with asked() as seen:
        assert shown(live_app) == before and seen == [], "nothing is seen of what may yet be taken back"
    other.commit()
    assert shown(live_app) == "改名后的站"


def test_a_scan_is_no_change(live_app: Flask, other: psycopg.Connection) -> None:
    before = shown(live_app)
    other.execute("UPDATE stations SET last_scan_at = now()")
    other.execute("UPDATE accounts SET failures = failures + 1, otp_step = 7")
    other.commit()
    with asked() as seen:
        assert shown(live_app) == before and seen == []


@pytest.mark.usefixtures("other")
def test_what_is_taken_back_is_not_kept(live_app: Flask) -> None:
    before = shown(live_app)
    with live_app.test_request_context():
        live_app.preprocess_request()
        session.execute(text("UPDATE stations SET name = '没有改成' WHERE code = 'S001'"))
        assert stations.get_station("S001").name in (before, "没有改成")
        session.rollback()
        assert stations.get_station("S001").name == before
    assert shown(live_app) == before
