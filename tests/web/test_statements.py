"""How much the hot operations ask of the database: the same on every machine, and never more than it was."""


from flask import Flask

from bench import counts
from liaison.db import db, session, transaction
from liaison.models.stations import Station
from liaison.services import sign_in
from tests.support.clock import FakeClock
from tests.support.town import Town

MOST = {"create": 3, "detail": 4, "list": 2, "move": 8, "hand-over": 8, "reply": 10, "station page": 2}
"""Statements of each. A change that needs one more says so here, and why it is worth its time."""


def test_the_hot_operations_ask_the_database_no_more_than_they_did(
    live_app: Flask, live_town: Town, clock: FakeClock, capsys
) -> None:
    with transaction():
        session.get_one(Station, live_town.stations.east.id).screening = False
        token = sign_in.open_session(live_town.accounts["deputy"], clock(), proven=True).token
    found = counts.measure(live_app.test_client(), db.engine, live_town.stations.east.code, token)
    with capsys.disabled():
        print("", counts.table(found), sep="\n")
    assert {name: max(count.statements, MOST[name]) for name, count in found.items()} == MOST
    assert found["create"].commits == 1
