"""How often one may try, counted by whom; and the same while Redis is really away."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from limits import parse
from redis import Redis as Connection
from werkzeug.test import TestResponse

from liaison.app import create_app
from liaison.clients.once import Once
from liaison.db import transaction
from liaison.embedded import Server, start_redis
from liaison.settings import Redis, Web
from liaison.web import bursts
from liaison.web.limits import limiter
from tests.support.clock import FakeClock
from tests.support.edge import limits_on
from tests.support.servers import Servers, rolled_back
from tests.support.town import Town, build_town
from tests.web.test_edge_bursts import solved
from tests.web.test_resident_api import TEXT, tell
from tests.web.test_resident_pages import code_of, hidden, number_of, told

WRONG = "ABCD-EFGH-JKMN"
ABSENT = "M2026-000001-X"
AT_ONCE = 8


@pytest.fixture
def limited(app: Flask, town: Town) -> Iterator[FlaskClient]:
    """A visitor of the application with its limits on."""
    with limits_on(app):
        yield app.test_client()


def from_address(number: int) -> dict[str, object]:
    """A request from an address of its own."""
    return {"environ_overrides": {"REMOTE_ADDR": f"10.8.{number // 250}.{number % 250 + 1}"}}


def guess(client: FlaskClient, number: str, address: int) -> TestResponse:
    """Try a code on a matter."""
    return client.get(f"/m/{number}?c={WRONG}", **from_address(address))


def signs_in(client: FlaskClient, address: int, name: str = "office", password: str = "wrong") -> TestResponse:
    """Try to sign in through the API."""
    return client.post("/api/v1/sessions", json={"username": name, "password": password}, **from_address(address))


def test_one_matter_is_not_guessed_from_many_addresses_and_whoever_opened_it_is_not_kept_out(
    app: Flask, limited: FlaskClient
) -> None:
    number, other = number_of(told(limited)), number_of(told(limited))
    code = code_of(limited, other)
    strangers = app.test_client()
    tries = [guess(strangers, number, address).status_code for address in range(31)]
    assert tries == [404] * 30 + [429]
    assert guess(strangers, number.lower(), 99).status_code == 429, "however it is written"
    by_form = {"csrf_token": hidden(strangers.get("/m").text, "csrf_token"), "number": number, "code": WRONG}
    assert strangers.post("/m", data=by_form, **from_address(98)).status_code == 429
    header = {"X-Matter-Secret": WRONG}
    assert strangers.get(f"/api/v1/matters/{number}", headers=header, **from_address(97)).status_code == 429
    assert limited.get(f"/m/{number}").status_code == 200, "it is still open where it was"
    assert strangers.get(f"/m/{other}?c={code}", **from_address(96)).status_code == 303, "other matters open"


def test_one_account_is_not_guessed_from_many_addresses(limited: FlaskClient, town: Town) -> None:
    tries = [signs_in(limited, address) for address in range(11)]
    assert [each.status_code == 429 for each in tries] == [False] * 10 + [True]
    assert int(tries[-1].headers["Retry-After"]) <= 60
    assert signs_in(limited, 50, " Office ").status_code == 429, "however it is written"
    assert signs_in(limited, 51, "liaison", town.password).status_code == 201


def test_a_body_that_cannot_be_read_does_not_look_like_a_dead_redis(limited: FlaskClient) -> None:
    with Connection.from_url(limited.application.extensions["liaison"].config.redis.url) as redis:
        for address, body in enumerate((b"[" * 100_000, b"a" * 2_000_000, b"\xff")):
            kind = {"content_type": "application/json"}
            limited.post("/api/v1/sessions", data=body, **kind, **from_address(address))
            assert signs_in(limited, 60 + address).status_code == 401
        counted = [name for name in redis.scan_iter("LIMITS*") if b"10.8.0.63" in name]
    assert counted, "it is still counted in Redis"


def test_too_much_added_keeps_the_words_and_says_when_to_come_again(limited: FlaskClient) -> None:
    number = number_of(told(limited))
    for _ in range(120):
        limiter.limiter.hit(parse("120 per minute"), "127.0.0.1", "submission")
    form = {"csrf_token": hidden(limited.get(f"/m/{number}").text, "csrf_token"), "text": TEXT}
    held = limited.post(f"/m/{number}/additions", data=form)
    assert held.status_code == 429 and TEXT in held.text and "再提交一次" in held.text
    assert 1 <= int(held.headers["Retry-After"]) <= 60
    assert f"{held.headers['Retry-After']} 秒" in held.text


def test_whoever_signs_in_too_often_is_not_given_a_password_back(limited: FlaskClient) -> None:
    token = hidden(limited.get("/console/sign-in").text, "csrf_token")
    form = {"csrf_token": token, "username": "office", "password": "canary-password"}
    tries = [limited.post("/console/sign-in", data=form) for _ in range(11)]
    assert tries[-1].status_code == 429 and "canary-password" not in tries[-1].text


# While Redis is away


@pytest.fixture
def own_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Redis of this test's own, which it may stop."""
    server = start_redis(Path(tmp_path_factory.mktemp("r")) / "redis")
    yield server
    server.stop()


@pytest.fixture
def bereft(servers: Servers, clock: FakeClock, own_redis: Server) -> Iterator[FlaskClient]:
    """A visitor of an application whose Redis was there when it started, and is there no longer."""
    with (
        servers.app(
            f"bereft_{id(own_redis)}", clock, redis=Redis(own_redis.url), web=Web(rate_limits=True)
        ) as app,
        rolled_back(app),
    ):
        with transaction():
            build_town()
        assert app.test_client().get("/m").status_code == 200
        own_redis.stop()
        yield app.test_client()
    create_app(servers.config(servers.url("tests")))  # the limiter is one for all; let it find its Redis again


def test_guessing_is_held_as_tight_while_redis_is_away(bereft: FlaskClient) -> None:
    assert [guess(bereft, ABSENT, 1).status_code for _ in range(21)] == [404] * 20 + [429]
    assert [signs_in(bereft, address).status_code == 429 for address in range(11)] == [False] * 10 + [True]
    assert signs_in(bereft, 1, "deputy").status_code != 429


def test_a_burst_is_held_back_and_let_through_by_proof_while_redis_is_away(bereft: FlaskClient) -> None:
    counter = bereft.application.extensions["bursts"]
    for _ in range(bursts.PER_STATION[0].amount):
        counter.hit(bursts.PER_STATION[0], "station", "S001")
    held = tell(bereft)
    assert held.status_code == 429
    headers = {"Idempotency-Key": "key-1", "X-Proof-Of-Work": solved(held.json["challenge"])}
    assert bereft.post("/api/v1/stations/S001/matters", json={"text": TEXT}, headers=headers).status_code == 201
    assert bereft.post("/api/v1/stations/S001/matters", json={"text": TEXT}, headers=headers).status_code == 429
    assert tell(bereft, "key-2", "S002").status_code == 201


def test_all_are_answered_who_ask_at_the_moment_redis_falls_silent(
    servers: Servers, clock: FakeClock, own_redis: Server
) -> None:
    told = {"redis": Redis(own_redis.url), "web": Web(rate_limits=True)}
    with servers.app(f"silent_{id(own_redis)}", clock, **told) as app, ThreadPoolExecutor(AT_ONCE) as threads:
        assert signs_in(app.test_client(), AT_ONCE).status_code == 401
        own_redis.child.send_signal(signal.SIGSTOP)
        answers = threads.map(lambda number: signs_in(app.test_client(), number).status_code, range(AT_ONCE))
        assert list(answers) == [401] * AT_ONCE
    own_redis.child.send_signal(signal.SIGCONT)
    create_app(servers.config(servers.url("tests")))  # the limiter is one for all; let it find its Redis again


def test_what_is_used_up_stays_so_in_each_process_while_redis_is_away(own_redis: Server) -> None:
    with Connection.from_url(own_redis.url) as one, Connection.from_url(own_redis.url) as two:
        here, there = Once(one), Once(two)
        assert [here.first("a", 60), there.first("a", 60), there.first("b", 60)] == [True, False, True]
        own_redis.stop()
        assert [here.first("c", 60), here.first("c", 60), there.first("c", 60)] == [True, False, True]
