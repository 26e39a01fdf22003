"""What rows attack: a real application, a small town in its database, and servers that are ours alone."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from secrets import token_hex

from flask import Flask
from flask.testing import FlaskClient

from liaison.db import transaction
from liaison.services import sign_in
from liaison.web.guards import TOKEN
from tests.support.clock import FakeClock
from tests.support.journey import Journey
from tests.support.life import Life
from tests.support.servers import Servers, committed, rolled_back, running
from tests.support.town import Town, build_town


@dataclass(frozen=True)
class Stage:
    """The application on real commits, its context pushed, who lives in its town, and the servers below it."""

    servers: Servers
    app: Flask
    town: Town
    clock: FakeClock

    @cached_property
    def life(self) -> Life:
        """Walks matters of the town through the services."""
        return Life(self.town, self.clock, self.app.extensions["liaison"].keys)

    @cached_property
    def journey(self) -> Journey:
        """The town at work, seen from outside."""
        return Journey(self.app, self.life, self.calls, self.browses)

    def token(self, username: str) -> str:
        """The token of a new session."""
        with transaction():
            return sign_in.open_session(self.town.accounts[username], self.clock(), proven=True).token

    def calls(self, username: str) -> FlaskClient:
        """A client whose requests carry that account's bearer token."""
        client = self.app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {self.token(username)}"
        return client

    def browses(self, username: str) -> FlaskClient:
        """A client that carries that account's cookie, as after signing in to the console."""
        client = self.app.test_client()
        with client.session_transaction() as cookie:
            cookie[TOKEN] = self.token(username)
        return client


@contextmanager
def serving() -> Iterator[Servers]:
    """PostgreSQL and Redis started on private sockets, in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="trust-", dir="/tmp") as folder, running(Path(folder)) as servers:
        yield servers


@contextmanager
def installed(servers: Servers, name: str) -> Iterator[Stage]:
    """A stage on a new database of that name, so that no row finds what another has left behind."""
    clock = FakeClock()
    with servers.app(name, clock) as app, committed(app):
        with transaction():
            town = build_town()
        yield Stage(servers, app, town, clock)


@contextmanager
def set_apart(stage: Stage) -> Iterator[Stage]:
    """A stage like this one on which nothing is ever committed, for those who ask every door and undo what it did."""
    clock = FakeClock()
    with stage.servers.app(f"apart_{token_hex(4)}", clock) as app, rolled_back(app):
        with transaction():
            town = build_town()
        yield Stage(stage.servers, app, town, clock)
