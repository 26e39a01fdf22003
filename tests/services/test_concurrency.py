"""Two at once on real connections: one does it, the other learns what happened meanwhile."""

from functools import partial

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from liaison.db import session, transaction
from liaison.domain import chain
from liaison.domain.actors import ANYONE
from liaison.domain.errors import Conflict, Invalid, WrongState
from liaison.models.cases import Case
from liaison.models.matters import Idempotency, Matter
from liaison.services import assignments, claims, intake, lapses, matters, ratings, registers, reminders, replies
from liaison.services.intake import Submission, Submitted
from tests.support.life import HAPPY, TEXT, Life, links
from tests.support.sending import outward
from tests.support.together import overlapping


@pytest.fixture
def life(live_life: Life) -> Life:
    """The town in a database where commits are real."""
    return live_life


def holds(life: Life, number: str) -> bool:
    """Whether the case's history is whole."""
    events = life.events(number)
    return chain.verify(links(number, events)) is None and life.case(number).seq == len(events)


def test_the_same_move_by_two_happens_once(life: Life, live_app: Flask) -> None:
    number = life.matter_in("submitted")
    office, lead, now = life.town.actor("office"), life.town.actor("office_lead"), life.clock()
    done, refused = overlapping(
        live_app,
        partial(matters.accept, office, number, now=now),
        partial(matters.accept, lead, number, now=now),
    )
    assert isinstance(done, Case)
    assert isinstance(refused, WrongState) and (refused.state, refused.waiting_for) == ("with_deputy", "deputy")
    assert life.kinds(number) == ["submit", "accept"] and holds(life, number)


def test_two_different_moves_the_second_sees_what_happened(life: Life, live_app: Flask) -> None:
    number = life.matter_in("submitted")
    resident, office, now = life.resident(number), life.town.actor("office"), life.clock()
    done, refused = overlapping(
        live_app,
        partial(intake.withdraw, resident, number, "好了", now=now),
        partial(matters.refuse, office, number, "不属实", "other", now=now),
    )
    assert isinstance(done, Case) and isinstance(refused, WrongState) and refused.state == "withdrawn"
    assert life.case(number).state == "withdrawn" and life.clocks(number) == []


def test_a_department_is_not_retired_under_a_dispatch_nor_dispatched_to_while_it_is_retired(
    life: Life, live_app: Flask
) -> None:
    office, admin, now = life.town.actor("office"), life.town.actor("administrator"), life.clock()
    number, next_one = life.matter_in("handed_over"), life.matter_in("handed_over")
    dispatched, refused = overlapping(
        live_app,
        partial(assignments.dispatch, office, number, lead="housing", complexity="ordinary", now=now),
        partial(registers.retire, admin, "department", "housing", now),
    )
    assert isinstance(dispatched, Case) and isinstance(refused, Conflict)
    retired, refused = overlapping(
        live_app,
        partial(registers.retire, admin, "department", "water", now),
        partial(assignments.dispatch, office, next_one, lead="water", complexity="ordinary", now=now),
    )
    assert not isinstance(retired, Exception) and isinstance(refused, Invalid)
    assert life.case(next_one).state == "handed_over"


def test_a_deputy_gets_no_matter_while_being_retired(life: Life, live_app: Flask) -> None:
    number, now = life.matter_in("with_deputy"), life.clock()
    retired, refused = overlapping(
        live_app,
        partial(registers.retire, life.town.actor("office"), "deputy", "D004", now),
        partial(matters.pass_on, life.town.actor("deputy"), number, "D004", "不在我的选区", now=now),
    )
    assert not isinstance(retired, Exception) and isinstance(refused, Invalid)
    assert life.case(number).deputy_id == life.town.deputies.present.id


def test_an_assignment_is_signed_for_once(life: Life, live_app: Flask) -> None:
    reference = f"{life.matter_in('assigned')}.1"
    calls = [
        partial(assignments.acknowledge, life.town.actor(who), reference, now=life.clock())
        for who in ("housing_handler", "housing_approver")
    ]
    done, refused = overlapping(live_app, *calls)
    assert not isinstance(done, Exception) and isinstance(refused, WrongState) and refused.state == "acknowledged"


def test_an_answer_is_signed_once(life: Life, live_app: Flask) -> None:
    number = life.matter_in("assigned")
    life.acknowledge(f"{number}.1")
    life.reply(f"{number}.1")
    calls = [
        partial(replies.decide_reply, life.town.actor(who), f"{number}.1", True, "", now=life.clock())
        for who in ("housing_approver", "office")
    ]
    done, refused = overlapping(live_app, *calls)
    assert not isinstance(done, Exception) and isinstance(refused, WrongState)
    assert life.kinds(number).count("report") == 1 and holds(life, number)


def test_two_additions_stand_one_after_the_other(life: Life, live_app: Flask) -> None:
    number = life.matter_in("with_deputy")
    resident, deputy, now = life.resident(number), life.town.actor("deputy"), life.clock()
    ended = overlapping(
        live_app,
        partial(intake.add, resident, number, "还有一盏。", [], now=now),
        partial(matters.claim, deputy, number, now=now),
    )
    assert all(isinstance(each, Case) for each in ended)
    assert life.kinds(number)[-2:] == ["add", "claim"] and holds(life, number)


def test_the_clock_and_the_resident_at_once_rate_once(life: Life, live_app: Flask) -> None:
    number = life.matter_in("rating")
    resident = life.resident(number)
    life.clock.advance(days=60)
    now = life.clock()
    done, lapsed = overlapping(
        live_app, partial(ratings.rate, resident, number, HAPPY, now=now), partial(lapses.lapse, now)
    )
    assert isinstance(done, Case) and not isinstance(lapsed, Exception)
    assert life.kinds(number)[-1] == "content" and holds(life, number)


def test_reminders_leave_a_case_somebody_is_moving_for_the_next_tick(
    life: Life, live_app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    number = life.matter_in("with_deputy")
    life.clock.advance(days=30)
    now = life.clock()
    done, served = overlapping(
        live_app,
        partial(matters.claim, life.town.actor("deputy"), number, now=now),
        partial(reminders.fall_due, now),
    )
    assert isinstance(done, Case) and served == 0 and caplog.records == []
    assert life.fall_due() == 1
    assert life.kinds(number)[-1] == "supervise" and holds(life, number)


def test_a_move_waits_for_the_clock_that_supervises_and_comes_after_it(life: Life, live_app: Flask) -> None:
    number = life.matter_in("with_deputy")
    life.clock.advance(days=30)
    now = life.clock()
    served, done = overlapping(
        live_app,
        partial(reminders.fall_due, now),
        partial(matters.claim, life.town.actor("deputy"), number, now=now),
    )
    assert served == 1 and isinstance(done, Case)
    assert life.kinds(number)[-2:] == ["supervise", "claim"] and holds(life, number)


def test_two_clockworks_at_once_remind_once(life: Life, live_app: Flask) -> None:
    number = life.matter_in("with_deputy")
    life.clock.advance(days=2)
    now = life.clock()
    assert sorted(overlapping(live_app, partial(reminders.fall_due, now), partial(reminders.fall_due, now))) == [0, 1]
    assert len([each for each in life.notices(number) if each.topic.startswith("reminder.")]) == 1


def test_a_notice_is_claimed_by_one(life: Life, live_app: Flask) -> None:
    number = life.matter_in("submitted")
    take = partial(claims.claim, [outward(life, number)], life.keys, life.clock())
    session.rollback()
    claimed, missed = overlapping(live_app, take, take)
    assert len(claimed) == 1 and missed == []


def submit(life: Life, key: str, text: str = TEXT) -> Submitted:
    """Submit within a transaction that is already open."""
    return intake.submit(
        ANYONE, "S001", Submission(text), key=key, digest=text, keys=life.keys, now=life.clock()
    )


def test_one_key_from_two_threads_is_one_matter_with_one_code(life: Life, live_app: Flask) -> None:
    first, second = overlapping(live_app, partial(submit, life, "k"), partial(submit, life, "k"))
    assert (first.created, second.created) == (True, False)
    assert (first.case.number, first.secret) == (second.case.number, second.secret)
    counts = [session.scalar(select(func.count()).select_from(model)) for model in (Case, Matter, Idempotency)]
    assert counts == [1, 1, 1]


def test_one_key_with_another_text_at_the_same_time_is_refused(life: Life, live_app: Flask) -> None:
    first, second = overlapping(live_app, partial(submit, life, "k"), partial(submit, life, "k", TEXT + "急。"))
    assert isinstance(first, Submitted) and isinstance(second, Conflict)
    assert session.scalar(select(func.count()).select_from(Case)) == 1


def test_a_submission_that_fails_frees_its_key_for_the_one_waiting(life: Life, live_app: Flask) -> None:
    def fail() -> None:
        submit(life, "k")
        raise RuntimeError("the connection broke")

    first, second = overlapping(live_app, fail, partial(submit, life, "k"))
    assert isinstance(first, RuntimeError) and second.created
    assert session.scalar(select(func.count()).select_from(Case)) == 1


def test_two_merges_against_each_other_do_not_wait_for_ever(life: Life, live_app: Flask) -> None:
    one, other = life.matter_in("submitted"), life.matter_in("submitted")
    office, now = life.town.actor("office"), life.clock()
    done, refused = overlapping(
        live_app,
        partial(matters.merge, office, one, other, now=now),
        partial(matters.merge, office, other, one, now=now),
    )
    assert isinstance(done, Case) and not isinstance(refused, Case)
    assert {life.case(one).state, life.case(other).state} == {"merged", "submitted"}


def test_events_are_only_ever_added(life: Life) -> None:
    number = life.matter_in("with_deputy")
    for change in ("UPDATE events SET text = ''", "DELETE FROM events"):
        with pytest.raises(Exception, match="only ever added"), transaction():
            session.execute(text(change))
    assert holds(life, number)
