"""Bugs planted into the real services: the state machine finds each, by the promise it breaks, and none without one."""

import pytest
from hypothesis import settings
from hypothesis.errors import FlakyFailure
from hypothesis.stateful import run_state_machine_as_test

from tests.services.test_outbox import USUAL
from tests.support.life import Life
from tests.support.outbox import Outbox
from tests.support.planted import BUGS, Bug


@pytest.mark.parametrize("bug", BUGS.values(), ids=BUGS)
def test_the_state_machine_finds_a_planted_bug(life: Life, monkeypatch: pytest.MonkeyPatch, bug: Bug) -> None:
    bug.plant(monkeypatch)
    found = look(life, examples=30)
    print(f"\n{found}")
    assert found is not None and found.startswith(f"{bug.promise}:")


def test_it_finds_nothing_where_none_is_planted(life: Life) -> None:
    assert look(life, examples=4) is None


def look(life: Life, examples: int) -> str | None:
    """Run the state machine that many times, or until it finds a broken promise; returns which.

    A failure that does not come again in the same way, since ids are random, counts like any other.
    """

    class Here(Outbox):
        pass

    Here.life = life
    try:
        run_state_machine_as_test(Here, settings=settings(USUAL, max_examples=examples, stateful_step_count=30))
    except FlakyFailure as group:
        return str(group.exceptions[0])
    except AssertionError as broken:
        return str(broken)
    return None
