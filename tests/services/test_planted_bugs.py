"""Bugs planted into the real services: the state machine finds each, by the promise it breaks, and none without one."""

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.services.test_outbox import USUAL
from tests.support.life import Life
from tests.support.outbox import Outbox
from tests.support.planted import BUGS, Bug


@pytest.mark.parametrize("bug", BUGS.values(), ids=BUGS)
def test_the_state_machine_finds_a_planted_bug(life: Life, monkeypatch: pytest.MonkeyPatch, bug: Bug) -> None:
    bug.plant(monkeypatch)
    with pytest.raises(AssertionError) as found:
        look(life, examples=30)
    print(f"\n{found.value}")
    assert str(found.value).startswith(f"{bug.promise}:")


def test_it_finds_nothing_where_none_is_planted(life: Life) -> None:
    look(life, examples=6)


def look(life: Life, examples: int) -> None:
    """Run the state machine that many times, or until it finds something."""

    class Here(Outbox):
        pass

    Here.life = life
    run_state_machine_as_test(Here, settings=settings(USUAL, max_examples=examples))
