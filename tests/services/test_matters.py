"""Screening, the deputy's moves, merging and restoring, verdicts and looking back."""

import pytest
from sqlalchemy import select

from liaison.db import session
from liaison.domain.errors import Invalid, NotAllowed, NotFound, WrongState
from liaison.models.assignments import Reply
from liaison.models.matters import Matter
from liaison.services import intake, matters
from tests.support.life import HAPPY, SAID, UNHAPPY, Life


def test_the_office_lets_a_matter_through_to_its_deputy(life: Life) -> None:
    number = life.matter_in("with_deputy")
    assert life.told(number, "accept") == {"deputy", "resident"}
    assert [clock.kind for clock in life.clocks(number)] == ["verification"]


def test_the_deputy_does_not_know_of_a_matter_before_it_is_screened(life: Life) -> None:
    number = life.matter_in("submitted")
    with pytest.raises(NotFound):
        life.act("deputy", matters.claim, number)


@pytest.mark.parametrize("who", ["other_office", "housing_handler", "liaison", "administrator", "auditor"])
def test_out_of_reach_looks_like_absent(life: Life, who: str) -> None:
    number = life.matter_in("submitted")
    if who == "liaison":  # the own station is within reach, but the move is not a liaison's
        with pytest.raises(NotAllowed):
            life.act(who, matters.accept, number)
        return
    with pytest.raises(NotFound):
        life.act(who, matters.accept, number)


@pytest.mark.parametrize("state", ["submitted", "with_deputy"])
@pytest.mark.parametrize("code", ["refuse", "redirect"])
def test_a_refusal_names_reason_and_channel_to_the_resident(life: Life, state: str, code: str) -> None:
    number = life.matter_in(state)
    who = "office" if state == "submitted" else "deputy"
    if code == "refuse":
        life.act(who, matters.refuse, number, "属于涉法涉诉事项", "litigation")
    else:
        life.act(who, matters.redirect, number, "litigation", "属于涉法涉诉事项")
    last = life.events(number)[-1]
    assert (last.text, last.data, last.internal) == ("属于涉法涉诉事项", {"channel": "litigation"}, False)
    assert session.get_one(Matter, life.case(number).id).channel == "litigation"
    assert life.told(number, code) == {"resident"}
    assert life.clocks(number) == []


def test_a_refusal_without_a_channel_is_refused(life: Life) -> None:
    number = life.matter_in("submitted")
    with pytest.raises(Invalid) as refusal:
        life.act("office", matters.refuse, number, "不属实", "")
    assert "channel" in refusal.value.errors


@pytest.mark.parametrize("state", ["not_accepted", "redirected"])
def test_a_wrong_refusal_is_undone_and_screened_again(life: Life, state: str) -> None:
    number = life.matter_in(state)
    life.act("office_lead", matters.restore, number, "应当受理")
    assert life.case(number).state == "submitted"
    assert session.get_one(Matter, life.case(number).id).channel is None
    assert [clock.kind for clock in life.clocks(number)] == ["screening"]
    assert life.case(number).closed_at is None


def test_three_matters_become_one_and_all_residents_hear_its_answers(life: Life) -> None:
    lead, second, third = (life.submit().case.number for _ in range(3))
    for number in (second, third):
        life.act("office", matters.merge, number, lead)
        assert life.case(number).state == "merged"
        assert life.told(number, "merge") == {"resident"}
    assert life.kinds(lead) == ["submit", "merged_here", "merged_here"]
    assert all(event.internal for event in life.events(lead)[1:])
    life.act("office", matters.accept, lead)
    assert life.told(lead, "accept") == {"deputy", "resident", f"resident {second}", f"resident {third}"}


def test_merging_the_lead_matter_on_takes_along_those_merged_into_it(life: Life) -> None:
    last, lead, first = (life.submit().case.number for _ in range(3))
    life.act("office", matters.merge, first, lead)
    life.act("office", matters.merge, lead, last)
    assert {life.case(number).merged_into_id for number in (first, lead)} == {life.case(last).id}


def test_a_wrong_merge_is_undone(life: Life) -> None:
    lead, other = life.submit().case.number, life.submit().case.number
    life.act("office", matters.merge, other, lead)
    life.act("office", matters.restore, other, "不是同一件事")
    assert (life.case(other).state, life.case(other).merged_into_id) == ("submitted", None)


@pytest.mark.parametrize("into", ["itself", "merged", "withdrawn", "not_accepted", "redirected"])
def test_a_matter_is_merged_only_into_one_that_goes_on(life: Life, into: str) -> None:
    number = life.submit().case.number
    target = number if into == "itself" else life.submit().case.number
    if into == "merged":
        life.act("office", matters.merge, target, life.submit().case.number)
    elif into != "itself":
        target = life.matter_in(into)
    with pytest.raises(Invalid) as refusal:
        life.act("office", matters.merge, number, target)
    assert "into" in refusal.value.errors
    assert life.case(number).state == "submitted"


def test_merging_into_what_is_not_there_names_the_field_but_an_unknown_matter_is_not_found(life: Life) -> None:
    number = life.submit().case.number
    with pytest.raises(Invalid) as refusal:
        life.act("office", matters.merge, number, "M2026-999999-X")
    assert "into" in refusal.value.errors
    with pytest.raises(NotFound):
        life.act("office", matters.merge, "M2026-999999-X", number)


def test_asking_holds_the_clock_and_starts_the_residents_own(life: Life) -> None:
    number = life.matter_in("needs_info")
    held, own = life.clocks(number)
    assert (held.kind, held.remind_at, own.kind, own.owner) == ("verification", None, "information", "resident")
    assert held.paused_at and own.lapse_at == own.due_at
    assert life.told(number, "ask") == {"resident"}


def test_the_held_clock_goes_on_with_as_many_days_as_were_left(life: Life) -> None:
    number = life.matter_in("with_deputy")
    due = life.clocks(number)[0].due_on
    life.act("deputy", matters.ask, number, "请问是哪几盏？")
    life.clock.advance(days=2)
    life.act(life.resident(number), intake.add, number, "第三盏。", [])
    (clock,) = life.clocks(number)
    assert (clock.kind, clock.paused_at, clock.paused_days) == ("verification", None, 2)
    assert (clock.due_on - due).days == 4  # Thursday and two working days: a weekend lies between
    assert clock.generation == 2 and clock.remind_at > life.clock()


def test_claiming_is_told_to_the_resident_and_keeps_the_first_time(life: Life) -> None:
    number = life.matter_in("with_deputy")
    life.act("deputy", matters.claim, number)
    first = session.get_one(Matter, life.case(number).id).claimed_at
    life.clock.advance(hours=1)
    life.act("deputy", matters.claim, number)
    assert session.get_one(Matter, life.case(number).id).claimed_at == first
    assert "resident" in life.told(number, "claim")


def test_passing_on_goes_to_a_deputy_who_can_sign_in_and_the_first_loses_sight(life: Life) -> None:
    number = life.matter_in("with_deputy")
    for code in ("D002", "D003", "D999"):
        with pytest.raises(Invalid):
            life.act("deputy", matters.pass_on, number, code, "不在我的选区")
    life.act("deputy", matters.pass_on, number, "D004", "不在我的选区")
    assert life.told(number, "pass") == {"other_deputy", "resident"}
    with pytest.raises(NotFound):
        life.act("deputy", matters.claim, number)
    life.act("other_deputy", matters.claim, number)


def test_a_deputy_answers_what_can_be_answered(life: Life) -> None:
    number = life.matter_in("with_deputy")
    life.act("deputy", matters.answer, number, SAID, "A", today=life.today)
    assert life.case(number).state == "rating"
    assert session.scalar(select(Reply.by_role).where(Reply.case_id == life.case(number).id)) == "deputy"
    assert life.told(number, "answer") == {"resident"}


def test_a_deputys_empty_words_are_refused_and_change_nothing(life: Life) -> None:
    number = life.matter_in("with_deputy")
    with pytest.raises(Invalid) as refusal:
        life.act("deputy", matters.answer, number, "已转交有关部门研究处理。", "A", today=life.today)
    assert "text" in refusal.value.errors
    assert (life.case(number).state, life.kinds(number)[-1]) == ("with_deputy", "accept")


def test_a_deputy_cannot_dispatch_but_hands_over_with_advice(life: Life) -> None:
    number = life.matter_in("handed_over")
    event = life.events(number)[-1]
    assert event.data["codes"] == ["housing"] and event.text
    assert life.told(number, "hand_over") == {"office", "office_lead", "resident"}


def test_advice_naming_an_unknown_department_is_refused(life: Life) -> None:
    number = life.matter_in("with_deputy")
    with pytest.raises(Invalid):
        life.act("deputy", matters.hand_over, number, "建议修复", ["nobody"])


def test_the_office_sends_back_with_a_reason_only_where_there_is_a_deputy(life: Life) -> None:
    number = life.matter_in("handed_over")
    life.act("office", matters.send_back, number, "请先核实地点")
    assert life.case(number).state == "with_deputy"
    assert life.told(number, "send_back") == {"deputy", "resident"}
    life.town.accounts["deputy"].active = False
    alone = life.submit().case.number
    life.act("office", matters.accept, alone)
    with pytest.raises(Invalid):
        life.act("office", matters.send_back, alone, "请核实")


def test_the_deputy_sees_the_answer_before_the_resident_is_asked(life: Life) -> None:
    number = life.matter_in("replied")
    assert life.told(number, "report") == {"deputy", "resident"}
    life.act("deputy", matters.judge, number, True, "")
    assert life.case(number).state == "rating"


def test_the_office_judges_only_where_there_is_no_deputy(life: Life) -> None:
    number = life.matter_in("replied")
    with pytest.raises(NotAllowed):
        life.act("office", matters.judge, number, True, "")


def test_an_answer_sent_back_needs_words_and_returns_to_the_department_on_a_short_clock(life: Life) -> None:
    number = life.matter_in("replied")
    with pytest.raises(Invalid):
        life.act("deputy", matters.judge, number, False, "")
    life.act("deputy", matters.judge, number, False, "没有说明什么时候修好")
    assignment = life.assignment(f"{number}.1")
    (clock,) = life.clocks(number)
    assert (life.case(number).state, assignment.state, clock.kind) == ("assigned", "acknowledged", "rework")
    assert life.case(number).clock_id == assignment.clock_id == clock.id
    assert "housing_handler" in life.told(number, "reject_answer")
    life.reply(f"{number}.1")
    life.sign(f"{number}.1")
    assert life.case(number).state == "replied"


def test_looking_back_is_written_down_and_opens_what_was_not_done(life: Life) -> None:
    number = life.matter_in("closed")
    life.act("office", matters.look_back, number, True, "现场看过，灯亮着")
    assert (life.case(number).state, life.kinds(number)[-1]) == ("closed", "look_back")
    life.act("office", matters.look_back, number, False, "又坏了")
    assert (life.case(number).state, life.kinds(number)[-2:]) == ("reopened", ["look_back", "reopen"])
    assert life.case(number).closed_at is None


def test_a_broken_promise_opens_the_matter_again(life: Life) -> None:
    number = life.promised()
    life.act("office", matters.break_promise, number, "到期未动工")
    assert life.case(number).state == "reopened"


@pytest.mark.parametrize("state", ["submitted", "assigned", "closed", "merged"])
def test_a_move_at_the_wrong_time_says_whom_the_case_waits_for(life: Life, state: str) -> None:
    waits = {"submitted": "office", "assigned": "departments", "closed": None, "merged": None}
    number = life.submit().case.number if state == "merged" else life.matter_in(state)
    if state == "merged":
        life.act("office", matters.merge, number, life.submit().case.number)
    with pytest.raises(WrongState) as refusal:
        life.act("office", matters.break_promise, number, "没有兑现")
    assert (refusal.value.state, refusal.value.waiting_for) == (state, waits[state])


def test_happy_and_unhappy_residents_lead_to_different_ends(life: Life) -> None:
    happy, unhappy = life.matter_in("rating"), life.matter_in("rating")
    life.rate(happy, HAPPY)
    life.rate(unhappy, UNHAPPY)
    assert (life.case(happy).state, life.case(unhappy).state) == ("closed", "reopened")
    assert life.case(happy).closed_at == life.clock()
