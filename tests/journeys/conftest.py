"""What the stories need: the town at work behind its HTTP contract."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.journey import Journey
from tests.support.life import Life


@pytest.fixture
def journey(
    app: Flask, life: Life, api: Callable[[str], FlaskClient], browser: Callable[[str], FlaskClient]
) -> Journey:
    """The small town, its residents and everybody with an account, on Monday 2026-03-02 at ten."""
    return Journey(app, life, api, browser)
