"""The stage rows play on, in the servers of the tests."""

import pytest
from flask import Flask

from tests.support.clock import FakeClock
from tests.support.servers import Servers
from tests.support.town import Town
from trust.stage import Stage


@pytest.fixture
def stage(servers: Servers, live_app: Flask, live_town: Town, clock: FakeClock) -> Stage:
    """The stage of `make trust`, whose database is emptied when the row was played."""
    return Stage(servers, live_app, live_town, clock)
