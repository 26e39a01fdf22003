"""Tampering with the past in short, every way of it; the routes, planted words and migrations in a part of each."""

import pytest

from liaison.services import verification
from trust import census, history
from trust.stage import Stage

TWICE = 2 * len(history.WAYS)
PART = 40


def test_whatever_is_done_to_the_past_is_found(stage: Stage) -> None:
    tally = history.play(stage, TWICE)
    assert (tally.tried, tally.failures) == (TWICE, [])


def test_a_change_that_is_not_found_is_told(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification.Step, "digest", property(lambda step: step.body_digest))
    assert any(failure.startswith("edit_event") for failure in history.play(stage, TWICE).failures)


@pytest.mark.parametrize("play", [census.matrix, census.canary], ids=["matrix", "canary"])
def test_a_part_of_everything_there_is(stage: Stage, play) -> None:
    tally = play(stage, PART)
    assert tally.failures == [] and tally.tried >= PART


def test_the_newest_migration_is_gone_both_ways(stage: Stage) -> None:
    tally = census.migrations(stage, 1)
    assert (tally.tried, tally.failures) == (1, [])
