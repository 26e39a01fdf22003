"""The one extension of a handling clock: asked in time, decided by the office, told to the resident."""

import pytest

from liaison.domain.calendar import end_of_day
from liaison.domain.errors import Conflict, Invalid, NotAllowed, WrongState
from liaison.services import assignments, extensions, inboxes, matters
from tests.support.life import Life


@pytest.fixture
def reference(life: Life) -> str:
    """An assignment that was signed for."""
    reference = f"{life.matter_in('assigned')}.1"
    life.acknowledge(reference)
    return reference


def ask(life: Life, reference: str, days: int = 3) -> None:
    """Ask for more days as the handler."""
    life.act("housing_handler", extensions.request_extension, reference, days, "等待灯具到货")


def decide(life: Life, reference: str, approve: bool, who: str = "office") -> None:
    """Decide as the office."""
    life.act(who, extensions.decide_extension, reference.rpartition(".")[0], reference, approve, "")


def test_the_office_is_asked_and_a_granted_one_moves_the_due_day_and_is_told_to_the_resident(
    life: Life, reference: str
) -> None:
    number = reference.rpartition(".")[0]
    before = life.clocks(number)[0].due_on
    ask(life, reference)
    assert life.told(number, "request_extension") == {"office", "office_lead"}
    decide(life, reference, True)
    (clock,) = life.clocks(number)
    assert (clock.extended, clock.generation, (clock.due_on - before).days) == (3, 2, 3)
    assert life.told(number, "grant_extension") == {"housing_handler", "resident"}
    assert life.events(number)[-1].data["reason"] == "等待灯具到货"


def test_a_declined_one_changes_nothing_and_the_resident_is_not_troubled(life: Life, reference: str) -> None:
    number = reference.rpartition(".")[0]
    before = life.clocks(number)[0].due_on
    ask(life, reference)
    decide(life, reference, False)
    assert life.clocks(number)[0].due_on == before
    assert life.told(number, "decline_extension") == {"housing_handler"}


@pytest.mark.parametrize("granted", [True, False, None])
def test_there_is_only_one(life: Life, reference: str, granted: bool | None) -> None:
    ask(life, reference)
    if granted is not None:
        decide(life, reference, granted)
    with pytest.raises(Conflict):
        ask(life, reference)


def test_it_is_decided_once(life: Life, reference: str) -> None:
    ask(life, reference)
    decide(life, reference, True)
    with pytest.raises(Conflict):
        decide(life, reference, False, "office_lead")


def test_it_is_asked_until_the_last_second_and_not_after(life: Life, reference: str) -> None:
    due = life.clocks(reference.rpartition(".")[0])[0].due_on
    life.clock.set(end_of_day(due))
    life.clock.advance(seconds=1)
    with pytest.raises(WrongState):
        ask(life, reference)
    life.clock.advance(seconds=-1)
    ask(life, reference)


@pytest.mark.parametrize("days", [0, -1, 16])
def test_it_is_neither_nothing_nor_endless(life: Life, reference: str, days: int) -> None:
    with pytest.raises(Invalid) as refusal:
        ask(life, reference, days)
    assert "working_days" in refusal.value.errors


def test_it_is_asked_only_for_work_that_was_signed_for(life: Life) -> None:
    number = life.matter_in("assigned")
    with pytest.raises(WrongState):
        ask(life, f"{number}.1")


def test_the_department_does_not_decide_on_itself(life: Life, reference: str) -> None:
    ask(life, reference)
    with pytest.raises(NotAllowed):
        decide(life, reference, True, "housing_approver")


def test_a_request_ends_with_the_work_it_was_for(life: Life, reference: str) -> None:
    number = reference.rpartition(".")[0]
    ask(life, reference)
    assert inboxes.office_counts(life.town.actor("office"), life.clock())["decisions"] == 1
    life.reply(reference)
    life.sign(reference)
    assert inboxes.office_counts(life.town.actor("office"), life.clock())["decisions"] == 0
    life.act("deputy", matters.judge, number, False, "没有说明时间")
    with pytest.raises(Conflict):
        decide(life, reference, True)
    ask(life, reference)  # the short clock of the second attempt may be extended once, too
    decide(life, reference, True)


def test_it_can_be_decided_while_a_return_is_asked(life: Life, reference: str) -> None:
    ask(life, reference)
    life.act("housing_handler", assignments.request_return, reference, "不属于我局职责", None)
    decide(life, reference, True)
    assert life.assignment(reference).state == "return_requested"
