"""Answers: what the guard refuses, who signs, what goes back, promises kept."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from liaison.db import session
from liaison.domain.errors import Conflict, Invalid, NotAllowed, NotFound, WrongState
from liaison.models.assignments import Reply
from liaison.models.cases import Attachment
from liaison.services import matters, replies
from liaison.services.photos import Kept
from liaison.services.replies import Answer
from tests.support.life import HAPPY, KEPT, Life


def acknowledged(life: Life) -> str:
    """The reference of an assignment that was signed for."""
    reference = f"{life.matter_in('assigned')}.1"
    life.acknowledge(reference)
    return reference


def replies_of(life: Life, reference: str) -> list[Reply]:
    """The answers written for an assignment, oldest first."""
    found = select(Reply).where(Reply.assignment_id == life.assignment(reference).id).order_by(Reply.id)
    return list(session.scalars(found.execution_options(populate_existing=True)))


@pytest.mark.parametrize(
    ("lacks", "field"),
    [
        ({"text": "已转交有关部门。"}, "text"),
        ({"text": "已修好。"}, "text"),
        ({"measures": ""}, "measures"),
        ({"owner": "相关部门"}, "owner"),
        ({"outcome": "B"}, "promised_on"),
        ({"outcome": "B", "promised_on": date(2026, 3, 2)}, "promised_on"),
        ({"outcome": "Z"}, "outcome"),
    ],
)
def test_an_answer_that_says_too_little_is_refused_by_name(life: Life, lacks: dict, field: str) -> None:
    reference = acknowledged(life)
    with pytest.raises(Invalid) as refusal:
        life.reply(reference, **lacks)
    assert field in refusal.value.errors
    assert life.assignment(reference).state == "acknowledged" and replies_of(life, reference) == []


def test_an_answer_waits_for_the_approver_who_is_told(life: Life) -> None:
    reference = acknowledged(life)
    life.reply(reference)
    number = reference.rpartition(".")[0]
    assert (life.assignment(reference).state, life.case(number).state) == ("replied", "assigned")
    assert life.told(number, "reply") == {"housing_approver", "housing_head"}
    assert [clock.kind for clock in life.clocks(number)] == ["handling"]


def test_a_handler_cannot_sign_the_own_answer(life: Life) -> None:
    reference = acknowledged(life)
    life.reply(reference)
    with pytest.raises(NotAllowed):
        life.act("housing_handler", replies.decide_reply, reference, True, "")


def test_an_answer_given_back_needs_words_and_is_written_again(life: Life) -> None:
    reference = acknowledged(life)
    life.reply(reference)
    with pytest.raises(Invalid):
        life.sign(reference, approve=False)
    life.sign(reference, approve=False, text="请补充时间")
    assert life.assignment(reference).state == "acknowledged"
    assert life.told(reference.rpartition(".")[0], "reject") == {"housing_handler"}
    life.reply(reference)
    life.sign(reference)
    first, second = replies_of(life, reference)
    assert first.rejected_at and not first.approved_at and second.approved_at and not second.rejected_at


def test_the_signature_stops_the_clocks_and_reports_the_case(life: Life) -> None:
    reference = acknowledged(life)
    life.reply(reference)
    life.sign(reference)
    number = reference.rpartition(".")[0]
    assert life.case(number).state == "replied"
    assert [clock.kind for clock in life.clocks(number)] == ["review"]
    assert life.assignment(reference).ended_at == life.clock()


def test_the_office_may_sign_in_the_departments_place(life: Life) -> None:
    reference = acknowledged(life)
    life.reply(reference)
    life.act("office", replies.decide_reply, reference, True, "")
    assert life.assignment(reference).state == "approved"


def test_the_office_signs_only_what_belongs_to_the_case_it_names(life: Life) -> None:
    reference, other = acknowledged(life), life.matter_in("assigned")
    life.reply(reference)
    with pytest.raises(NotFound):
        life.act("office", replies.decide_reply, reference, True, "", number=other)


def test_files_of_an_answer_belong_to_it(life: Life) -> None:
    reference = acknowledged(life)
    photo = Kept("ab/ef", "ab/ef.t", "image/jpeg", 9, "0" * 64, "1" * 64)
    life.reply(reference, files=[photo])
    (written,) = replies_of(life, reference)
    attachment = session.scalars(select(Attachment).where(Attachment.reply_id == written.id)).one()
    assert (attachment.key, attachment.by_role) == ("ab/ef", "handler")


def test_a_promise_is_tracked_until_its_day_and_kept_by_the_lead(life: Life) -> None:
    number = life.promised(days=20)
    (clock,) = life.clocks(number)
    assert (clock.kind, clock.owner) == ("promise", "lead")
    assert clock.due_on >= life.today + timedelta(days=20)
    assert "housing_handler" in life.told(number, "await_promise")
    life.clock.advance(days=25)
    life.act("housing_handler", replies.keep_promise, f"{number}.1", Answer(**KEPT), today=life.today)
    assert life.case(number).state == "rating"
    assert life.told(number, "keep_promise") == {"resident"}
    life.rate(number, HAPPY)
    assert life.case(number).state == "closed"


def test_a_new_promise_may_follow_a_promise(life: Life) -> None:
    number = life.promised(days=20)
    later = KEPT | {"outcome": "B", "promised_on": life.today + timedelta(days=60)}
    life.act("housing_handler", replies.keep_promise, f"{number}.1", Answer(**later), today=life.today)
    life.rate(number, HAPPY)
    assert life.case(number).state == "tracking"


def test_only_the_lead_of_this_round_settles_a_promise(life: Life) -> None:
    number = life.matter_in("reopened")
    life.dispatch(number, lead="traffic", assisting=["water"])
    life.work(f"{number}.3", "water")
    promise = {"outcome": "B", "promised_on": life.today + timedelta(days=20)}
    life.work(f"{number}.2", "traffic", **promise)
    life.act("deputy", matters.judge, number, True, "")
    life.rate(number, HAPPY)
    for reference, department in ((f"{number}.1", "housing"), (f"{number}.3", "water")):
        with pytest.raises(Conflict):
            life.act(
                f"{department}_handler", replies.keep_promise, reference, Answer(**KEPT), today=life.today
            )


def test_a_promise_is_kept_only_while_it_is_tracked(life: Life) -> None:
    number = life.matter_in("rating")
    with pytest.raises(WrongState):
        life.act("housing_handler", replies.keep_promise, f"{number}.1", Answer(**KEPT), today=life.today)
