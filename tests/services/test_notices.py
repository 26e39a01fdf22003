"""The outbox: put once, rung again, claimed by one, settled by the newest token, ended at last (TRUST I3-I9)."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from liaison.db import session, transaction
from liaison.models.notices import Notice
from liaison.services import matters, notices
from liaison.services.delivery import OutletError, send_notice
from liaison.services.notices import LEASE, MAX_ATTEMPTS, RING_AGAIN, Message
from liaison.services.recipients import Recipient
from tests.support.life import Life


class Outlet:
    """An outlet that keeps what it is given and fails as told."""

    def __init__(self, *errors: Exception | None) -> None:
        self.errors, self.sent = list(errors), []

    def __call__(self, message: Message) -> None:
        self.sent.append(message)
        error = self.errors.pop(0) if self.errors else None
        if error:
            raise error


@pytest.fixture
def notice(life: Life) -> UUID:
    """The id of one notice that is due: the office's, that a matter was submitted."""
    number = life.submit().case.number
    return next(each.id for each in life.notices(number) if each.recipient_role == "office")


def claim(life: Life, notice_id: UUID) -> Message | None:
    """Claim as a worker does."""
    with transaction():
        return notices.claim(notice_id, life.clock())


def settle(life: Life, message: Message, **how) -> bool:
    """Settle as a worker does."""
    with transaction():
        return notices.settle(message, life.clock(), **how)


def ring(life: Life) -> list[UUID]:
    """Ring as the relay does."""
    with transaction():
        return notices.ring(life.clock())


def fresh(notice_id: UUID) -> Notice:
    """The notice as the database has it."""
    return session.get_one(Notice, notice_id, populate_existing=True)


def send(life: Life, notice_id: UUID, outlet: Outlet) -> bool:
    """Send as a worker does."""
    return send_notice(notice_id, {"inbox": outlet, "log": outlet}, life.clock)


def test_telling_twice_on_one_occasion_puts_one_notice(life: Life) -> None:
    case = life.submit().case
    person = Recipient("office", life.town.accounts["office"].id)
    before = session.scalar(select(func.count()).select_from(Notice))
    for _ in range(2):
        with transaction():
            notices.tell(case, "accept", [person], life.clock(), occasion="x")
    assert session.scalar(select(func.count()).select_from(Notice)) == before + len((notices.INBOX, notices.LOG))


def test_a_notice_carries_no_word_of_the_matter(life: Life, notice: UUID) -> None:
    row = fresh(notice)
    values = [str(getattr(row, column.key)) for column in Notice.__table__.columns]
    assert not any("路灯" in value for value in values)


def test_due_notices_are_rung_and_again_only_after_a_while(life: Life, notice: UUID) -> None:
    assert notice in ring(life)
    assert ring(life) == []
    life.clock.advance(seconds=RING_AGAIN.total_seconds())
    assert notice in ring(life)


def test_one_claim_holds_a_notice(life: Life, notice: UUID) -> None:
    message = claim(life, notice)
    assert message is not None and claim(life, notice) is None
    assert (fresh(notice).state, fresh(notice).attempts, fresh(notice).token) == ("leased", 1, 1)
    assert settle(life, message) and fresh(notice).state == "sent"


@pytest.mark.parametrize("ended", ["sent", "dead"])
def test_what_has_ended_stays_ended(life: Life, notice: UUID, ended: str) -> None:
    message = claim(life, notice)
    settle(life, message, **({} if ended == "sent" else {"error": "x", "final": True}))
    life.clock.advance(days=1)
    assert notice not in ring(life) and claim(life, notice) is None
    assert settle(life, message, error="late") is False
    assert fresh(notice).state == ended


def test_a_lease_that_ran_out_is_taken_again_and_the_old_holder_settles_nothing(life: Life, notice: UUID) -> None:
    old = claim(life, notice)
    life.clock.advance(seconds=LEASE.total_seconds() - 1)
    assert notice not in ring(life)
    life.clock.advance(seconds=1)
    assert notice in ring(life)
    new = claim(life, notice)
    assert (new.token, new.attempts, new.client_message_id) == (2, 2, old.client_message_id)
    assert settle(life, old) is False and fresh(notice).state == "leased"
    assert settle(life, new, error="timeout") and fresh(notice).state == "due"
    assert settle(life, old) is False


def test_attempts_count_when_claimed_and_are_bounded(life: Life, notice: UUID) -> None:
    for attempt in range(1, MAX_ATTEMPTS + 1):
        life.clock.advance(hours=2)
        assert notice in ring(life)
        message = claim(life, notice)  # and crash: nothing is settled
        assert message.attempts == attempt
    life.clock.advance(hours=2)
    ring(life)
    assert claim(life, notice) is None
    assert (fresh(notice).state, fresh(notice).attempts) == ("dead", MAX_ATTEMPTS)


def test_errors_are_tried_again_later_and_later_until_dead(life: Life, notice: UUID) -> None:
    waits = []
    for _ in range(MAX_ATTEMPTS):
        assert not send(life, notice, Outlet(OutletError("refused")))
        waits.append(fresh(notice).next_at - life.clock())
        life.clock.advance(hours=2)
    assert (fresh(notice).state, fresh(notice).error) == ("dead", "refused")
    assert waits[0] < timedelta(seconds=13) and waits[-2] >= timedelta(minutes=1)


def test_a_final_error_is_not_tried_again(life: Life, notice: UUID) -> None:
    send(life, notice, Outlet(OutletError("no such user", final=True)))
    assert (fresh(notice).state, fresh(notice).attempts) == ("dead", 1)


def test_an_outlets_bug_is_an_error_like_any_other(life: Life, notice: UUID) -> None:
    assert send(life, notice, Outlet(ZeroDivisionError())) is False
    assert (fresh(notice).state, fresh(notice).error) == ("due", "ZeroDivisionError")
    assert send(life, notice, Outlet()) is False or fresh(notice).state == "sent"


def test_a_sent_notice_is_not_sent_again(life: Life, notice: UUID) -> None:
    outlet = Outlet()
    assert send(life, notice, outlet) is True
    assert send(life, notice, outlet) is False
    assert len(outlet.sent) == 1


def test_an_unknown_notice_is_nobodys(life: Life) -> None:
    assert send(life, UUID(int=0), Outlet()) is False


def test_one_who_lost_sight_of_the_case_is_not_written_to(life: Life) -> None:
    number = life.matter_in("with_deputy")
    theirs = next(each.id for each in life.notices(number, topic="accept") if each.recipient_role == "deputy")
    life.act("deputy", matters.pass_on, number, "D004", "不在我的选区")
    assert claim(life, theirs) is None and fresh(theirs).state == "cancelled"


def test_a_closed_account_is_not_written_to(life: Life, notice: UUID) -> None:
    session.get_one(type(life.town.accounts["office"]), fresh(notice).recipient_id).active = False
    assert claim(life, notice) is None and fresh(notice).state == "cancelled"


def test_a_resident_whose_merge_was_undone_hears_no_more_of_the_other_matter(life: Life) -> None:
    lead, other = life.submit().case.number, life.submit().case.number
    life.act("office", matters.merge, other, lead)
    life.act("office", matters.accept, lead)
    theirs = next(each.id for each in life.notices(lead, topic="accept") if each.recipient_id == life.case(other).id)
    life.act("office", matters.restore, other, "不是一件事")
    assert claim(life, theirs) is None


def test_backoff_doubles_and_never_exceeds_the_two_minutes_in_which_all_goes_out_after_an_outage() -> None:
    assert all(notices.backoff(1) <= timedelta(seconds=12.5) for _ in range(50))
    assert all(notices.backoff(MAX_ATTEMPTS) <= timedelta(seconds=100) for _ in range(50))
    assert len({notices.backoff(3) for _ in range(20)}) > 1
