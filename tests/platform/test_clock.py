"""The database's clock, carried on by this process's own uptime and asked again every few seconds."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from flask import Flask

from liaison.clock import ASK_AGAIN, DatabaseClock
from liaison.db import database_time
from tests.support.servers import Servers

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Machine:
    """A database and an uptime that a test moves, each apart from the other."""

    def __init__(self) -> None:
        self.time, self.uptime, self.asked, self.is_down = NOON, 100.0, 0, False

    def read(self) -> datetime:
        """What the database says."""
        self.asked += 1
        if self.is_down:
            raise ConnectionError
        return self.time

    def wait(self, seconds: float) -> None:
        """Let both go on."""
        self.time += timedelta(seconds=seconds)
        self.uptime += seconds


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def clock(machine: Machine) -> DatabaseClock:
    return DatabaseClock(machine.read, lambda: machine.uptime)


def test_it_tells_the_databases_time_and_goes_on_by_itself(machine: Machine, clock: DatabaseClock) -> None:
    assert clock() == NOON
    for step in range(1, 5):
        machine.wait(ASK_AGAIN / 5)
        assert clock() == NOON + timedelta(seconds=step * ASK_AGAIN / 5)
    assert machine.asked == 1


def test_it_asks_again_after_a_while_and_follows_a_clock_that_was_set(machine: Machine, clock: DatabaseClock) -> None:
    clock()
    machine.time += timedelta(hours=1)
    machine.wait(ASK_AGAIN - 0.1)
    assert clock() == NOON + timedelta(seconds=ASK_AGAIN - 0.1)
    machine.wait(0.1)
    assert clock() == machine.time == NOON + timedelta(hours=1, seconds=ASK_AGAIN)
    assert machine.asked == 2


def test_it_says_so_when_the_database_cannot_be_asked_and_asks_anew(machine: Machine, clock: DatabaseClock) -> None:
    clock()
    machine.wait(ASK_AGAIN)
    machine.is_down = True
    with pytest.raises(ConnectionError):
        clock()
    machine.is_down = False
    assert clock() == machine.time


def test_threads_ask_once_for_all(machine: Machine, clock: DatabaseClock) -> None:
    together = Barrier(8)

    def tell(_: int) -> datetime:
        together.wait(10)
        return clock()

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(tell, range(8))) == {NOON}
    assert machine.asked == 1


def test_the_database_tells_the_moment_and_not_when_a_transaction_began(live_app: Flask) -> None:
    first, second = database_time(), database_time()
    assert first < second and first.utcoffset() is not None


def test_an_application_goes_by_its_databases_clock(servers: Servers) -> None:
    with servers.app("own_clock", None) as app, app.app_context():
        before = database_time()
        told = app.extensions["liaison"].clock()
        assert before < told < database_time()
