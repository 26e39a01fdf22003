"""Silence: what the system does when the one waited for says nothing, and that it is written down."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from liaison.db import session
from liaison.domain.calendar import end_of_day
from liaison.models.cases import Case, Rating
from liaison.services import intake, lapses
from tests.support.life import Life

CASES = [
    ("needs_info", "with_deputy", "lapse_information", "deputy"),
    ("replied", "rating", "lapse_review", "resident"),
    ("rating", "closed", "lapse_rating", "resident"),
]


@pytest.mark.parametrize(("state", "after", "kind", "told"), CASES)
def test_silence_moves_the_case_on_after_its_last_second_and_is_recorded(
    life: Life, state: str, after: str, kind: str, told: str
) -> None:
    number = life.matter_in(state)
    clock = life.clocks(number)[-1]
    life.clock.set(end_of_day(clock.due_on))
    assert life.lapse() == 0 and life.case(number).state == state
    life.clock.advance(seconds=1)
    assert life.lapse() == 1
    assert (life.case(number).state, life.kinds(number)[-1]) == (after, kind)
    assert life.events(number)[-1].by_role == "system"
    assert told in life.told(number, kind)
    assert life.lapse() == 0


def test_an_unrated_matter_is_closed_without_a_rating(life: Life) -> None:
    number = life.matter_in("rating")
    life.clock.advance(days=60)
    life.lapse()
    assert life.case(number).state == "closed"
    assert session.scalar(select(func.count()).select_from(Rating)) == 0


@pytest.mark.parametrize("state", ["submitted", "with_deputy", "handed_over", "assigned", "reopened"])
def test_nothing_that_waits_for_officials_ever_lapses(life: Life, state: str) -> None:
    number = life.matter_in(state)
    life.clock.advance(days=300)
    assert life.lapse() == 0 and life.case(number).state == state


def test_a_whole_batch_of_broken_cases_steps_aside(life: Life) -> None:
    broken = [life.matter_in("needs_info") for _ in range(lapses.BATCH)]
    session.execute(update(Case).where(Case.number.in_(broken)).values(state="nonsense"))
    life.clock.advance(seconds=1)
    sound = life.matter_in("needs_info")
    life.clock.advance(days=60)
    assert life.lapse() == 0
    assert life.lapse() == 1 and life.case(sound).state == "with_deputy"
    clock = next(each for each in life.clocks(broken[0]) if each.kind == "information")
    assert clock.lapse_at == life.clock() + lapses.LATER
    session.execute(update(Case).where(Case.number == broken[0]).values(state="needs_info"))
    life.clock.advance(hours=1, seconds=1)
    life.lapse()
    assert life.case(broken[0]).state == "with_deputy", "what was mended is tried again"


def test_an_answer_in_time_takes_the_lapse_away(life: Life) -> None:
    number = life.matter_in("needs_info")
    life.act(life.resident(number), intake.add, number, "第三盏。", [])
    life.clock.advance(days=300)
    assert life.lapse() == 0


def test_the_held_clock_runs_on_after_the_silence(life: Life) -> None:
    number = life.matter_in("needs_info")
    due = life.clocks(number)[0].due_at
    life.clock.advance(days=30)
    life.lapse()
    (clock,) = life.clocks(number)
    assert clock.kind == "verification" and clock.due_at > life.clock() and clock.due_at - due > timedelta(days=20)
