"""The resident's word: three parts, one round each, and what follows."""

import pytest
from sqlalchemy import select

from liaison.db import session
from liaison.domain.errors import Invalid, WrongState
from liaison.models.cases import Case, Rating
from liaison.services import matters, ratings
from liaison.services.ratings import Opinion
from tests.support.life import HAPPY, UNHAPPY, Life


def round_again(life: Life, number: str) -> None:
    """Have a matter that was opened again answered once more."""
    life.dispatch(number)
    life.work(f"{number}.{life.case(number).round}")
    life.act("deputy", matters.judge, number, True, "")


@pytest.mark.parametrize(
    ("opinion", "field"),
    [
        (Opinion("dissatisfied", 1, 1, ""), "text"),
        (Opinion("satisfied", 0, 5), "attitude"),
        (Opinion("satisfied", 5, 6), "speed"),
        (Opinion("great", 5, 5), "result"),
    ],
)
def test_a_rating_that_is_not_whole_is_refused_by_field(life: Life, opinion: Opinion, field: str) -> None:
    number = life.matter_in("rating")
    with pytest.raises(Invalid) as refusal:
        life.rate(number, opinion)
    assert field in refusal.value.errors and life.case(number).state == "rating"


def test_a_rating_is_kept_with_its_round_and_given_once(life: Life) -> None:
    number = life.matter_in("rating")
    life.rate(number, HAPPY)
    kept = session.scalars(select(Rating).join(Case).where(Case.number == number)).one()
    assert (kept.round, kept.result, kept.attitude, kept.speed) == (1, "satisfied", 5, 5)
    with pytest.raises(WrongState):
        life.rate(number, HAPPY)


def test_the_first_discontent_opens_the_matter_again_and_tells_the_office(life: Life) -> None:
    number = life.matter_in("reopened")
    assert life.case(number).supervised_at is None
    assert life.told(number, "discontent") == {"office", "office_lead"}
    assert [clock.kind for clock in life.clocks(number)] == ["dispatch"]


def test_the_second_discontent_is_supervised_once(life: Life) -> None:
    number = life.matter_in("reopened")
    round_again(life, number)
    life.rate(number, UNHAPPY)
    assert life.case(number).supervised_at == life.clock()
    round_again(life, number)
    life.rate(number, UNHAPPY)
    assert life.kinds(number).count("supervise") == 1


def test_a_broken_promise_is_no_rating(life: Life) -> None:
    number = life.promised(days=3)
    life.clock.advance(days=3)
    life.act("office", matters.break_promise, number, "未兑现")
    round_again(life, number)
    life.rate(number, UNHAPPY)
    assert life.case(number).round == 2 and life.case(number).supervised_at is None
    round_again(life, number)
    life.rate(number, UNHAPPY)
    assert life.case(number).supervised_at == life.clock()


def test_a_promise_past_its_day_is_not_tracked(life: Life) -> None:
    number = life.promised(days=3)
    life.clock.advance(days=3)
    # The department says nothing; the office breaks the promise and it all starts again.
    life.act("office", matters.break_promise, number, "未兑现")
    assert life.case(number).state == "reopened"


def test_the_resident_asks_again_within_ten_working_days_with_a_reason(life: Life) -> None:
    number = life.matter_in("closed")
    with pytest.raises(Invalid):
        life.act(life.resident(number), ratings.ask_again, number, "")
    life.clock.advance(days=14)  # Monday and ten working days is a Monday
    life.act(life.resident(number), ratings.ask_again, number, "又不亮了")
    assert life.case(number).state == "reopened"
    assert life.told(number, "reopen") == {"office", "office_lead"}


def test_after_that_a_new_matter_is_needed(life: Life) -> None:
    number = life.matter_in("closed")
    life.clock.advance(days=15)
    with pytest.raises(WrongState, match="新的事项"):
        life.act(life.resident(number), ratings.ask_again, number, "又不亮了")


@pytest.mark.parametrize("state", ["withdrawn", "not_accepted", "assigned"])
def test_only_a_closed_matter_is_asked_for_again(life: Life, state: str) -> None:
    number = life.matter_in(state)
    with pytest.raises(WrongState):
        life.act(life.resident(number), ratings.ask_again, number, "请再办")
