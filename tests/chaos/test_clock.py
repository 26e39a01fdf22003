"""A real database whose clock is set while it runs: what is small goes unnoticed, a jump stops what only time does."""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask

from chaos.clock import Clock
from liaison.db import database_time, transaction
from liaison.domain.calendar import SHANGHAI
from liaison.domain.timekeeping import Uptime
from liaison.services import timekeeping
from tests.support.clock import FakeClock
from tests.support.servers import running


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder with a path short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="lc-", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def hand(folder: Path) -> Iterator[Clock]:
    """The hand on the clock of every PostgreSQL that is started here."""
    clock = Clock(folder)
    if clock.missing:
        pytest.skip(clock.missing)
    sys.path.insert(0, clock.environ()["PYTHONPATH"].partition(":")[0])
    yield clock
    sys.path.pop(0)


@pytest.fixture(scope="module")
def faked(folder: Path, hand: Clock) -> Iterator[Flask]:
    """An application on such a database."""
    with running(folder) as servers, servers.app("faked", FakeClock()) as app, app.app_context():
        yield app


@pytest.fixture
def trusted(faked: Flask, hand: Clock) -> Iterator[Callable[[], datetime | None]]:
    """Asks as a tick does; the clock is right before and after."""

    def ask() -> datetime | None:
        with transaction():
            return timekeeping.trusted_time(Uptime("this boot", time.clock_gettime(time.CLOCK_BOOTTIME)))

    assert ask()
    yield ask
    hand.set(0)
    assert ask()


def test_the_clock_starts_on_a_weekday_morning(trusted: Callable[[], datetime | None]) -> None:
    local = trusted().astimezone(SHANGHAI)
    assert local.hour == 10 and local.weekday() < 5


@pytest.mark.parametrize("offset", [600, -600])
def test_only_the_database_goes_by_it(faked: Flask, hand: Clock, offset: int) -> None:
    before, machine = database_time(), time.time()
    hand.set(offset)
    went = (database_time() - before).total_seconds() - (time.time() - machine)
    hand.set(0)
    assert round(went) == offset


@pytest.mark.parametrize("offset", [60, -60])
def test_a_shift_goes_unnoticed(hand: Clock, trusted: Callable[[], datetime | None], offset: int) -> None:
    for each in (offset, 0):
        hand.set(each)
        assert trusted() and timekeeping.find_alarm() is None


@pytest.mark.parametrize("offset", [180, -180, 1200, -1200])
def test_a_jump_is_an_alarm_until_it_returns(hand: Clock, trusted: Callable[[], datetime | None], offset: int) -> None:
    hand.set(offset)
    assert trusted() is None and trusted() is None
    assert round(timekeeping.find_alarm().jumped_seconds) == offset
    hand.set(0)
    assert trusted() and timekeeping.find_alarm() is None
