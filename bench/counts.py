"""How many statements each hot operation asks of the database, and in how many transactions: the same on any machine.

A round trip is one statement, or the end of a transaction; psycopg sends BEGIN with a round trip of its own.
"""

import json
import random
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.engine import Engine
from werkzeug.test import TestResponse

from bench.operations import told
from bench.places import STATION, Site
from bench.report import Figure
from liaison.db import db

GOALS = {"create": 8, "list": 3}


@dataclass
class Count:
    """What was asked of the database."""

    statements: int = 0
    commits: int = 0
    begun: int = 0

    @property
    def round_trips(self) -> int:
        """How often the database was waited for."""
        return self.statements + 2 * self.begun


@contextmanager
def counting(engine: Engine) -> Iterator[Count]:
    """Count what goes through the engine meanwhile."""
    count = Count()

    def begun(_) -> None:
        count.begun += 1

    def committed(_) -> None:
        count.commits += 1

    def asked(*_) -> None:
        count.statements += 1

    heard = {"before_cursor_execute": asked, "commit": committed, "begin": begun}
    for name, listener in heard.items():
        event.listen(engine, name, listener)
    try:
        yield count
    finally:
        for name, listener in heard.items():
            event.remove(engine, name, listener)


def measure(client: FlaskClient, engine: Engine, station: str, bearer: str) -> dict[str, Count]:
    """The counts of telling a matter, following it, its deputy's list and moves; asked twice, since the first warms up.

    `station` has a deputy on duty, whose session `bearer` opens.
    """
    _life(client, engine, station, bearer)
    return _life(client, engine, station, bearer)


def figures(site: Site) -> list[Figure]:
    """The counts that have a goal, and the commits of a submission."""
    with site.app.app_context():
        engine = db.engine
    found = measure(site.app.test_client(), engine, STATION, site.deputy)
    print(table(found))
    counted = [Figure(f"{name}, statements", found[name].statements, most, least=False) for name, most in GOALS.items()]
    return [*counted, Figure("create, commits", found["create"].commits, 1, least=False)]


def table(found: Mapping[str, Count]) -> str:
    """A line for each operation."""
    return "\n".join(
        f"{name:14}{each.statements:4} statements in {each.begun} transactions, {each.round_trips} round trips"
        for name, each in found.items()
    )


def _life(client: FlaskClient, engine: Engine, station: str, bearer: str) -> dict[str, Count]:
    api, signed = "/api/v1", {"Authorization": f"Bearer {bearer}"}
    body = json.loads(told(random.Random(1)))  # other words may need another look-up
    asked = partial(_asked, engine)
    post, get = partial(asked, client.post), partial(asked, client.get)
    submitted, create = post(
        f"{api}/stations/{station}/matters", json=body, headers={"Idempotency-Key": secrets.token_hex(8)}
    )
    number, secret = submitted.json["number"], submitted.json["secret"]
    _, detail = get(f"{api}/matters/{number}", headers={"X-Matter-Secret": secret})
    _, listed = get(f"{api}/deputy/matters?box=todo&limit=50", headers=signed)
    own = f"{api}/deputy/matters/{number}"
    _, move = post(f"{own}/claim", json={}, headers=signed)
    _, hand_over = post(f"{own}/hand-over", json={"advice": "请城管部门办理。"}, headers=signed)
    other, _ = post(f"{api}/stations/{station}/matters", json=body, headers={"Idempotency-Key": secrets.token_hex(8)})
    answer = {"text": "已与社区一同看过，物业今天下午清理完毕。", "outcome": "A"}
    _, reply = post(f"{api}/deputy/matters/{other.json['number']}/reply", json=answer, headers=signed)
    _, page = get(f"/s/{station}")
    found = {"create": create, "detail": detail, "list": listed, "move": move}
    return found | {"hand-over": hand_over, "reply": reply, "station page": page}


def _asked(engine: Engine, call, path: str, **more) -> tuple[TestResponse, Count]:
    with counting(engine) as count:
        answer = call(path, **more)
    if answer.status_code >= 300:
        raise RuntimeError(f"{path}: {answer.status_code} {answer.text}")
    return answer, count
