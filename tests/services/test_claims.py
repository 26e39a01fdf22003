"""Claims: rung again, held by one, settled by the newest token, ended at last (TRUST I3-I9)."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from liaison.clients.letters import NotSent
from liaison.db import session, transaction
from liaison.domain.actors import Role
from liaison.models.notices import Notice
from liaison.models.people import Account
from liaison.services import bundles, claims, matters, notices, recipients
from liaison.services.claims import LEASE, MAX_ATTEMPTS, backoff
from liaison.services.notices import RING_AGAIN
from tests.support.clock import MONDAY
from tests.support.life import Life
from tests.support.sending import HOPELESS, REFUSED, Way, claim, fresh, outward, ring, send, settle


@pytest.fixture
def notice(life: Life) -> UUID:
    """The id of one notice that is due: on its way to the office, that a matter was submitted."""
    return outward(life, life.submit().case.number)


def test_due_notices_are_rung_and_again_only_after_a_while(life: Life, notice: UUID) -> None:
    assert notice in ring(life)
    assert ring(life) == []
    life.clock.advance(seconds=RING_AGAIN.total_seconds())
    assert notice in ring(life)


def test_one_claim_holds_a_notice(life: Life, notice: UUID) -> None:
    (message,) = claim(life, notice)
    assert claim(life, notice) == []
    assert (fresh(notice).state, fresh(notice).attempts, fresh(notice).token) == ("leased", 1, 1)
    assert settle(life, message) and fresh(notice).state == "sent"


@pytest.mark.parametrize("error", [None, HOPELESS], ids=["sent", "dead"])
def test_what_has_ended_stays_ended(life: Life, notice: UUID, error: Exception | None) -> None:
    (message,) = claim(life, notice)
    settle(life, message, error)
    ended = fresh(notice).state
    assert ended == ("dead" if error else "sent")
    life.clock.advance(days=1)
    assert notice not in ring(life) and claim(life, notice) == []
    assert settle(life, message, REFUSED) is False
    assert fresh(notice).state == ended


def test_a_lease_that_ran_out_is_taken_again_and_the_old_holder_settles_nothing(life: Life, notice: UUID) -> None:
    (old,) = claim(life, notice)
    life.clock.advance(seconds=LEASE.total_seconds() - 1)
    assert notice not in ring(life)
    life.clock.advance(seconds=1)
    assert notice in ring(life)
    (new,) = claim(life, notice)
    assert (new.token, new.attempts, new.client_message_id) == (2, 2, old.client_message_id)
    assert settle(life, old) is False and fresh(notice).state == "leased"
    assert settle(life, new, REFUSED) and fresh(notice).state == "due"
    assert settle(life, old) is False


def test_attempts_count_when_claimed_and_are_bounded(life: Life, notice: UUID) -> None:
    for attempt in range(1, MAX_ATTEMPTS + 1):
        life.clock.advance(hours=2)
        assert notice in ring(life)
        (message,) = claim(life, notice)  # and crash: nothing is settled
        assert message.attempts == attempt
    life.clock.advance(hours=2)
    ring(life)
    assert claim(life, notice) == []
    assert (fresh(notice).state, fresh(notice).attempts) == ("dead", MAX_ATTEMPTS)


def test_errors_are_tried_again_later_and_later_until_dead(life: Life, notice: UUID) -> None:
    waits = []
    fresh(notice).urgent = True
    for _ in range(MAX_ATTEMPTS):
        assert not send(life, Way(REFUSED), notice)
        waits.append(fresh(notice).next_at - life.clock())
        life.clock.advance(hours=2)
    assert (fresh(notice).state, fresh(notice).error) == ("dead", "refused")
    assert waits[0] < timedelta(seconds=13) and waits[-2] >= timedelta(minutes=1)


def test_a_final_error_is_not_tried_again(life: Life, notice: UUID) -> None:
    send(life, Way(HOPELESS), notice)
    assert (fresh(notice).state, fresh(notice).attempts) == ("dead", 1)


def test_an_outlets_bug_is_an_error_like_any_other(life: Life, notice: UUID) -> None:
    assert send(life, Way(ZeroDivisionError()), notice) == 0
    assert (fresh(notice).state, fresh(notice).error) == ("due", "ZeroDivisionError")


def test_a_reminder_to_the_resident_is_sent_at_most_once(life: Life) -> None:
    number = life.matter_in("rating")
    life.clock.advance(days=21)
    life.fall_due()
    reminder = next(
        each.id
        for each in life.notices(number, channel="log")
        if each.recipient_role == Role.RESIDENT and each.topic.startswith("reminder.")
    )
    assert claim(life, reminder)  # and crash: nobody knows whether it went out
    life.clock.advance(seconds=LEASE.total_seconds())
    assert reminder in ring(life)
    assert claim(life, reminder) == []
    assert (fresh(reminder).state, fresh(reminder).error) == ("cancelled", "perhaps sent")


def test_a_batch_is_sent_by_few_slots_and_each_once(life: Life) -> None:
    numbers = [life.submit().case.number for _ in range(3)]
    ids = [each.id for number in numbers for each in life.notices(number, channel="log")]
    way = Way(None, REFUSED)
    assert send(life, way, *ids, *ids) == len(ids) - 1 > 4
    assert len({letter.client_message_id for letter in way.letters}) == len(ids)


def test_a_sent_notice_is_not_sent_again(life: Life, notice: UUID) -> None:
    way = Way()
    assert (send(life, way, notice), send(life, way, notice)) == (1, 0)
    assert len(way.letters) == 1


def test_an_unknown_notice_is_nobodys(life: Life) -> None:
    assert send(life, Way(), UUID(int=0)) == 0


def test_one_who_lost_sight_of_the_case_is_not_written_to(life: Life) -> None:
    number = life.matter_in("with_deputy")
    theirs = outward(life, number, "deputy")
    life.act("deputy", matters.pass_on, number, "D004", "不在我的选区")
    assert claim(life, theirs) == [] and fresh(theirs).state == "cancelled"


def test_a_closed_account_is_not_written_to(life: Life, notice: UUID) -> None:
    session.get_one(Account, fresh(notice).recipient_id).active = False
    assert claim(life, notice) == [] and fresh(notice).state == "cancelled"


def test_a_message_about_the_lead_matter_takes_a_merged_resident_to_the_own_page(life: Life) -> None:
    lead, other = life.submit().case.number, life.submit().case.number
    life.act("office", matters.accept, lead)
    life.act("office", matters.merge, other, lead)
    life.act("deputy", matters.ask, lead, "请问是哪几盏？")
    messages = claim(life, *ring(life))
    led = {(each.recipient_id, each.number) for each in messages if each.recipient_role == "resident"}
    assert led and led <= {(life.case(number).id, number) for number in (lead, other)}
    assert (life.case(other).id, other) in led


def test_a_resident_whose_merge_was_undone_hears_no_more_of_the_other_matter(life: Life) -> None:
    lead, other = life.submit().case.number, life.submit().case.number
    life.act("office", matters.merge, other, lead)
    life.act("office", matters.accept, lead)
    told = life.notices(lead, topic="accept", channel="log")
    theirs = next(each.id for each in told if each.recipient_id == life.case(other).id)
    life.act("office", matters.restore, other, "不是一件事")
    assert claim(life, theirs) == []


def test_a_pause_outlasts_the_backoff_and_never_shortens_it(life: Life, notice: UUID) -> None:
    for pause in (timedelta(seconds=300), timedelta(seconds=1)):
        (message,) = claim(life, notice)
        settle(life, message, NotSent("left alone", pause=pause))
        waits = fresh(notice).next_at - life.clock()
        assert waits >= max(pause, timedelta(seconds=7.5))
        life.clock.set(fresh(notice).next_at)


def test_backoff_doubles_and_never_exceeds_the_two_minutes_in_which_all_goes_out_after_an_outage() -> None:
    assert all(backoff(1) <= timedelta(seconds=12.5) for _ in range(50))
    assert all(backoff(MAX_ATTEMPTS) <= timedelta(seconds=100) for _ in range(50))
    assert len({backoff(3) for _ in range(20)}) > 1


def test_no_lease_ends_by_a_clock_that_is_not_trusted(life: Life, notice: UUID) -> None:
    claim(life, notice)
    life.clock.advance(seconds=LEASE.total_seconds())
    with transaction():
        assert notice not in notices.ring(life.clock(), takes_over=False)
    assert notice in ring(life)


def test_what_failed_in_the_evening_is_tried_again_in_the_morning(life: Life, notice: UUID) -> None:
    life.clock.set(MONDAY.replace(hour=17, minute=59, second=55))
    send(life, Way(REFUSED), notice)
    assert fresh(notice).next_at - life.clock() > timedelta(hours=14)


def test_a_resident_who_would_be_overwhelmed_gets_the_bundle(life: Life) -> None:
    number = life.submit().case.number
    for occasion in range(7):
        with transaction():
            case = life.case(number)
            notices.tell(case, "add", recipients.resident(case), life.clock(), occasion=str(occasion))
    with transaction():
        assert bundles.bundle(life.clock()) >= 7
    bundle = session.scalar(select(Notice).where(Notice.topic == claims.BUNDLE, Notice.recipient_role == Role.RESIDENT))
    way = Way()
    assert send(life, way, bundle.id) == 1 and way.letters[0].recipient == str(life.case(number).id)


@pytest.mark.parametrize(
    ("role", "topic", "courtesy"),
    [
        ("resident", "reminder.blue", True),
        ("resident", "matter.answered", False),
        ("handler", "reminder.overdue_1", False),  # rather twice than never
        ("handler", "matter.assigned", False),
    ],
)
def test_only_a_reminder_to_the_resident_is_left_out_rather_than_said_twice(role, topic, courtesy) -> None:
    assert claims.is_courtesy(Notice(recipient_role=role, topic=topic)) is courtesy
