"""Both ends of a line to the database are told when to give up the other, unless the operator has said it himself."""

from flask import Flask
from sqlalchemy import text

from liaison.db import session
from liaison.lines import to_database


def test_the_database_is_told_to_let_go_of_whoever_is_gone(app: Flask) -> None:
    asked = ("idle_in_transaction_session_timeout", "client_connection_check_interval")
    assert [session.scalar(text(f"SHOW {name}")) for name in asked] == ["2min", "5s"]


def test_what_the_address_says_is_left_to_it() -> None:
    url = "postgresql://liaison@db/liaison?connect_timeout=30&options=-c%20statement_timeout%3D9s"
    assert to_database(url).keys() == to_database("postgresql://db/l").keys() - {"connect_timeout", "options"}
