"""What every test may ask for: servers, an application in a transaction of its own, a small town, a clock, clients."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from liaison.db import transaction
from liaison.services import sign_in
from liaison.services.sealing import Keys
from liaison.web.guards import TOKEN
from tests.support.clock import MONDAY, FakeClock
from tests.support.life import Life
from tests.support.servers import Servers, committed, rolled_back, running
from tests.support.town import Town, build_town

_clock = FakeClock()


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """PostgreSQL and Redis of this test process, in a folder with a path short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="lt-", dir="/tmp") as folder, running(Path(folder)) as servers:
        yield servers


@pytest.fixture
def clock() -> FakeClock:
    """The application's clock: Monday 2026-03-02 10:00 in Shanghai until the test moves it."""
    _clock.set(MONDAY)
    return _clock


@pytest.fixture(scope="session")
def _app(servers: Servers) -> Iterator[Flask]:
    with servers.app("tests", _clock) as app:
        yield app


@pytest.fixture(scope="session")
def _live_app(servers: Servers) -> Iterator[Flask]:
    with servers.app("live", _clock) as app:
        yield app


@pytest.fixture
def app(_app: Flask, clock: FakeClock) -> Iterator[Flask]:
    """The application with its context pushed; whatever the test and its requests commit is rolled back at the end."""
    with rolled_back(_app):
        yield _app


@pytest.fixture
def live_app(_live_app: Flask, clock: FakeClock) -> Iterator[Flask]:
    """The application on real connections and commits, for two actors at once; its database is emptied at the end.

    A thread pushes its own `live_app.app_context()`.
    """
    with committed(_live_app):
        yield _live_app


@pytest.fixture
def town(app: Flask) -> Town:
    """The small town in the database of `app`."""
    with transaction():
        return build_town()


@pytest.fixture
def live_town(live_app: Flask) -> Town:
    """The small town in the database of `live_app`."""
    with transaction():
        return build_town()


@pytest.fixture
def keys(app: Flask) -> Keys:
    """The application's keys."""
    return app.extensions["liaison"].keys


@pytest.fixture
def life(town: Town, clock: FakeClock, keys: Keys) -> Life:
    """Walks matters of the town through the services."""
    return Life(town, clock, keys)


@pytest.fixture
def live_life(live_app: Flask, live_town: Town, clock: FakeClock) -> Life:
    """The same in the database of `live_app`."""
    return Life(live_town, clock, live_app.extensions["liaison"].keys)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor who is not signed in."""
    return app.test_client()


@pytest.fixture
def api(app: Flask, town: Town, clock: FakeClock) -> Callable[[str], FlaskClient]:
    """`api("office")`: a client whose requests carry that account's bearer token."""

    def signed_in(username: str) -> FlaskClient:
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {_token(town, username, clock)}"
        return client

    return signed_in


@pytest.fixture
def browser(app: Flask, town: Town, clock: FakeClock) -> Callable[[str], FlaskClient]:
    """`browser("office")`: a client that carries that account's cookie, as after signing in to the console."""

    def signed_in(username: str) -> FlaskClient:
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie[TOKEN] = _token(town, username, clock)
        return client

    return signed_in


def _token(town: Town, username: str, clock: FakeClock) -> str:
    with transaction():
        return sign_in.open_session(town.accounts[username], clock(), proven=True).token
