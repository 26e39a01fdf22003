"""Tampering with the past in short, every way of it; the routes, planted words and migrations in a part of each."""

from collections.abc import Callable

import pytest
from flask import Flask, Response, request

from liaison.services import verification
from tests.migrations import test_migrations_data as migrating
from tests.support.canary import NAME
from tests.support.matrix import ABSENT
from trust import census, history
from trust.stage import Stage

TWICE = 2 * len(history.WAYS)
PART = 40
Change = Callable[[Response], Response]


@pytest.fixture
def spoils(monkeypatch: pytest.MonkeyPatch) -> Callable[[Change], None]:
    """`spoils(change)`: a fault in every answer of every application."""
    sound = Flask.process_response

    def spoil(change: Change) -> None:
        monkeypatch.setattr(Flask, "process_response", lambda app, answer: change(sound(app, answer)))

    return spoil


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


def test_a_matter_out_of_reach_that_is_told_from_none_is_seen(stage: Stage, spoils) -> None:
    spoils(_tell_apart)
    assert census.matrix(stage, PART).failed


def _tell_apart(answer: Response) -> Response:
    if answer.status_code == 404 and ABSENT not in request.path:
        answer.headers["X-Known"] = "yes"
    return answer


def test_a_name_on_a_page_is_seen(stage: Stage, spoils) -> None:
    spoils(_tell)
    assert census.canary(stage, PART).failed


def _tell(answer: Response) -> Response:
    if answer.mimetype == "text/html":
        answer.set_data(answer.get_data() + f"<!-- {NAME} -->".encode())
    return answer


def test_rows_that_a_migration_loses_are_seen(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrating, "NOT_KEPT", set())
    assert census.migrations(stage, 1).failed
