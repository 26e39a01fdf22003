"""Channels: the recipient's own order, what moves a notice on to the next one, pauses, consents, limits."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, select

from liaison.clients.letters import Kind, NotSent
from liaison.db import session, transaction
from liaison.domain.calendar import local_day
from liaison.models.notices import Consent, Notice
from liaison.services import channels, notices, outbox, vault
from liaison.services.channels import INBOX, LONGEST_PAUSE, QUOTA_PAUSE, Limit
from liaison.services.claims import GO_ON_AFTER, MAX_ATTEMPTS, NO_ADDRESS, NO_CONSENT
from liaison.services.recipients import Recipient
from tests.support.life import Life
from tests.support.sending import (
    CONSENTED,
    HOPELESS,
    REFUSED,
    TOO_MUCH,
    Way,
    claim,
    fresh,
    install,
    reach,
    relay,
    ring,
    send,
    settle,
)

ALL = {name: Limit() for name in ("wechat_subscribe", "wechat_template", "wecom", "sms", "email", "webhook")}
EVENING = timedelta(hours=12)  # from Monday 10:00 in Shanghai


def put(life: Life, *own: str, who: str = "office", times: int = 1) -> list[UUID]:
    """Urgent notices to an account that has addresses in these channels, or to a matter's resident; their ids."""
    case = life.submit().case
    with transaction():
        session.execute(delete(Notice).where(Notice.case_id == case.id, Notice.channel != INBOX))
    person = case if who == "resident" else life.town.accounts[who]
    reach(life, person, *own)
    recipient = Recipient(who, person.id, own)
    with transaction():
        for time in range(times):
            notices.tell(case, "add", [recipient], life.clock(), occasion=f"test:{time}", urgent=True)
    found = select(Notice.id).where(Notice.case_id == case.id, Notice.topic == "add", Notice.channel != INBOX)
    return list(session.scalars(found.order_by(Notice.id)))


def way(notice_id: UUID) -> tuple[str, list[str], list[list[str]]]:
    """Where a notice stands on its route: the present channel, those left, those passed with their errors."""
    notice = fresh(notice_id)
    return notice.channel, notice.route, notice.passed


def stock(recipient_id: UUID) -> int | None:
    """How many consents a recipient has left."""
    found = select(Consent.stock).where(Consent.recipient_id == recipient_id, Consent.template == CONSENTED)
    return session.scalar(found)


def grant(life: Life, notice_id: UUID, count: int) -> UUID:
    """Give a notice's recipient consents; returns the recipient."""
    recipient_id = fresh(notice_id).recipient_id
    with transaction():
        channels.grant_consent(recipient_id, CONSENTED, count, life.clock())
    return recipient_id


# Routes


def test_the_recipients_own_order_comes_first_and_only_what_is_installed(life: Life) -> None:
    install(**{name: Limit() for name in ("webhook", "wecom", "email", "sms")})
    assert channels.route(["sms", "wechat_template", "email"]) == ["sms", "email", "webhook"]
    assert channels.route([]) == ["webhook"]
    install(sms=Limit())
    assert channels.route(["email"]) == []


def test_one_who_cannot_be_reached_has_the_inbox_alone(life: Life) -> None:
    install(sms=Limit())
    assert put(life, "email") == []


def test_the_letter_goes_to_the_address_of_its_channel(life: Life) -> None:
    install(**ALL)
    (notice,) = put(life, "email", "sms")
    taken = Way()
    assert send(life, {"email": taken}, notice) == 1
    assert taken.letters[0].address == f"email-of-{fresh(notice).recipient_id}"


def test_a_final_error_moves_on_at_once_and_is_remembered(life: Life) -> None:
    install(**ALL)
    (notice,) = put(life, "wecom", "sms")
    send(life, Way(HOPELESS), notice)
    assert way(notice) == ("sms", ["webhook"], [["wecom", "no such user"]])
    assert (fresh(notice).state, fresh(notice).attempts, fresh(notice).next_at) == ("due", 0, life.clock())
    assert notice in ring(life)
    taken = Way()
    send(life, {"sms": taken}, notice)
    assert fresh(notice).state == "sent" and len(taken.letters) == 1


def test_a_channel_that_does_not_answer_is_left_after_a_few_attempts_when_there_is_another(life: Life) -> None:
    install(**ALL)
    (notice,) = put(life, "wecom")
    for attempt in range(1, GO_ON_AFTER + 1):
        assert (fresh(notice).channel, fresh(notice).attempts) == ("wecom", attempt - 1)
        send(life, Way(REFUSED), notice)
        life.clock.set(fresh(notice).next_at)
    assert way(notice) == ("webhook", [], [["wecom", "refused"]])
    for _ in range(GO_ON_AFTER + 1):
        send(life, Way(REFUSED), notice)
        life.clock.set(fresh(notice).next_at)
    assert (fresh(notice).state, fresh(notice).attempts) == ("due", GO_ON_AFTER + 1)


def test_what_went_out_after_all_shows_no_error(life: Life) -> None:
    install(wecom=Limit())
    (notice,) = put(life, "wecom")
    send(life, Way(REFUSED), notice)
    life.clock.set(fresh(notice).next_at)
    assert fresh(notice).error == "refused"
    assert send(life, Way(), notice) == 1 and fresh(notice).error is None


@pytest.mark.parametrize("error", [REFUSED, HOPELESS, TOO_MUCH], ids=lambda error: error.kind)
def test_a_courtesy_is_tried_once_and_by_one_channel(life: Life, error: NotSent) -> None:
    install(**ALL)
    (notice,) = put(life, "sms", who="resident")
    with transaction():
        fresh(notice).topic = "reminder.half"
    send(life, Way(error), notice)
    assert (fresh(notice).state, fresh(notice).error) == ("cancelled", error.reason)


def test_crashes_use_up_a_channel_as_well(life: Life) -> None:
    install(wecom=Limit(), sms=Limit())
    (notice,) = put(life, "wecom", "sms")
    with transaction():
        fresh(notice).attempts = MAX_ATTEMPTS
    (message,) = claim(life, notice)
    assert (message.channel, message.attempts) == ("sms", 1)


def test_dead_only_after_the_last_one(life: Life) -> None:
    install(wecom=Limit(), sms=Limit())
    (notice,) = put(life, "wecom", "sms")
    send(life, Way(HOPELESS), notice)
    assert fresh(notice).state == "due"
    send(life, Way(HOPELESS), notice)
    assert (fresh(notice).state, fresh(notice).error) == ("dead", "no such user")


def test_sending_again_starts_the_whole_route_anew(life: Life) -> None:
    install(wecom=Limit(), sms=Limit())
    (notice,) = put(life, "wecom", "sms")
    for _ in range(2):
        send(life, Way(HOPELESS), notice)
    life.act("office", outbox.decide, "send_again", notice)
    assert way(notice) == ("wecom", ["sms"], [])
    assert (fresh(notice).state, fresh(notice).attempts, fresh(notice).token) == ("due", 0, 2)
    assert send(life, {"wecom": Way()}, notice) == 1


def test_without_an_address_the_next_channel_is_taken_in_the_same_claim(life: Life) -> None:
    install(**ALL)
    (notice,) = put(life, "wecom", "email")
    with transaction():
        vault.drop_address(fresh(notice).recipient_id, "wecom")
    (message,) = claim(life, notice)
    assert message.channel == "email" and way(notice) == ("email", ["webhook"], [["wecom", NO_ADDRESS]])


def test_without_any_address_it_is_dead(life: Life) -> None:
    install(sms=Limit())
    (notice,) = put(life, "sms")
    with transaction():
        vault.drop_address(fresh(notice).recipient_id, "sms")
    assert claim(life, notice) == []
    assert (fresh(notice).state, fresh(notice).error) == ("dead", NO_ADDRESS)


# Pauses


def test_a_quota_pauses_the_channel_for_all_and_moves_on(life: Life) -> None:
    install(**ALL)
    one, other = put(life, "wecom", "sms", times=2)
    send(life, Way(NotSent("too much", Kind.QUOTA, pause=timedelta(minutes=7))), one)
    assert channels.paused(life.clock()) == {"wecom": life.clock() + timedelta(minutes=7)}
    assert way(one) == ("sms", ["webhook"], [["wecom", "too much"]]) and fresh(one).next_at == life.clock()
    (message,) = claim(life, other)
    assert message.channel == "sms" and way(other)[2] == [["wecom", "channel paused"]]


def test_a_quota_waits_where_there_is_no_other_channel_and_takes_no_attempt_meanwhile(life: Life) -> None:
    install(sms=Limit())
    one, other = put(life, "sms", times=2)
    send(life, Way(TOO_MUCH), one)
    until = life.clock() + QUOTA_PAUSE
    assert claim(life, other) == []
    assert [(fresh(each).state, fresh(each).next_at) for each in (one, other)] == [("due", until)] * 2
    assert ring(life) == []
    life.clock.set(until)
    assert set(ring(life)) == {one, other}
    assert send(life, Way(), one, other) == 2


def test_a_pause_is_never_longer_than_a_day_and_ends_when_a_person_says_so(life: Life) -> None:
    install(sms=Limit())
    (notice,) = put(life, "sms")
    send(life, Way(NotSent("arrears", Kind.QUOTA, pause=timedelta(days=400))), notice)
    assert channels.paused(life.clock()) == {"sms": life.clock() + LONGEST_PAUSE}
    assert [(state.channel, state.reason) for state in channels.states()] == [("sms", "arrears")]
    with transaction():
        channels.resume("sms")
    assert channels.paused(life.clock()) == {}


# WeChat's consents


def test_a_consent_is_taken_when_claimed_and_spent_when_sent(life: Life) -> None:
    install(**ALL)
    one, other = put(life, "wechat_subscribe", "sms", who="resident", times=2)
    resident = grant(life, one, 1)
    (consented,) = claim(life, one)
    (without,) = claim(life, other)
    assert (consented.channel, without.channel, stock(resident)) == ("wechat_subscribe", "sms", 0)
    assert way(other)[2] == [["wechat_subscribe", NO_CONSENT]]
    settle(life, consented)
    assert (fresh(one).state, stock(resident)) == ("sent", 0)


@pytest.mark.parametrize("error", [REFUSED, TOO_MUCH, HOPELESS], ids=["retry", "quota", "another reason for good"])
def test_a_consent_comes_back_with_a_message_that_was_not_taken(life: Life, error: NotSent) -> None:
    install(**ALL)
    (notice,) = put(life, "wechat_subscribe", "sms")
    person = grant(life, notice, 2)
    send(life, Way(error), notice)
    assert stock(person) == 2


def test_wechats_word_that_there_is_none_left_corrects_our_count(life: Life) -> None:
    install(**ALL)
    (notice,) = put(life, "wechat_subscribe", "sms")
    person = grant(life, notice, 3)
    send(life, Way(NotSent("errcode 43101", Kind.FINAL, no_consent=True)), notice)
    assert stock(person) == 0 and way(notice) == ("sms", ["webhook"], [["wechat_subscribe", "errcode 43101"]])


def test_one_who_lost_the_lease_gives_no_consent_back(life: Life) -> None:
    install(**ALL)
    (notice,) = put(life, "wechat_subscribe")
    person = grant(life, notice, 2)
    (late,) = claim(life, notice)
    life.clock.advance(minutes=1)
    ring(life)
    assert len(claim(life, notice)) == 1 and stock(person) == 0
    assert settle(life, late, REFUSED) is False and stock(person) == 0


# Limits


def test_a_minutes_bucket_is_emptied_by_ringing_and_fills_as_time_goes_by(life: Life) -> None:
    install(sms=Limit(per_minute=3))
    ids = put(life, "sms", times=10)
    rung: list[UUID] = []
    for waited, expected in ((0, 3), (0, 0), (20, 1), (59, 2), (5 * 3600, 3)):
        life.clock.advance(seconds=waited)
        now = ring(life)
        assert len(now) == expected
        send(life, Way(), *now)
        rung += now
    assert len(set(rung)) == 9 and set(rung) < set(ids)


def test_other_channels_are_not_held_up_by_a_full_one(life: Life) -> None:
    install(sms=Limit(per_minute=1), email=Limit())
    texts, mails = put(life, "sms", times=3), put(life, "email", who="office_lead", times=3)
    rung = set(ring(life))
    assert rung > set(mails) and len(rung & set(texts)) == 1


def test_a_days_limit_pauses_until_the_next_day_in_shanghai_and_the_rest_moves_on(life: Life) -> None:
    install(sms=Limit(per_day=2), email=Limit())
    life.clock.advance(seconds=EVENING.total_seconds())
    ids = put(life, "sms", "email", times=4)
    first = ring(life)
    assert send(life, Way(), *first) == 2
    assert ring(life) == []
    midnight = life.clock() + timedelta(hours=2)
    assert channels.paused(life.clock()) == {"sms": midnight}
    rest = ring(life)
    assert {*first, *rest} == set(ids)
    assert [each.channel for each in claim(life, *rest)] == ["email"] * 2


def test_a_new_day_brings_new_messages_where_there_is_no_other_channel(life: Life) -> None:
    install(sms=Limit(per_minute=10, per_day=2))
    life.clock.advance(seconds=EVENING.total_seconds())
    ids = put(life, "sms", times=5)
    for _ in range(3):
        assert send(life, Way(), *ring(life)) <= 2
        ring(life)
        send(life, Way(), *relay(life))
        life.clock.advance(hours=2)
        life.clock.set(max(life.clock(), *channels.paused(life.clock()).values(), life.clock()))
    assert [fresh(each).state for each in ids] == ["sent"] * 5
    (state,) = channels.states()
    assert (state.day, state.used) == (local_day(life.clock()), 1)


def test_what_moves_to_a_limited_channel_waits_for_its_turn_there(life: Life) -> None:
    install(wechat_subscribe=Limit(), sms=Limit(per_minute=2))
    ids = put(life, "wechat_subscribe", "sms", who="resident", times=5)
    assert claim(life, *ring(life)) == []  # nobody consented
    assert [way(each)[0] for each in ids] == ["sms"] * 5
    rung = ring(life)
    assert len(rung) == 2 and ring(life) == []
    assert len(claim(life, *rung)) == 2


def test_a_clock_that_goes_back_fills_no_bucket_and_stops_none(life: Life) -> None:
    install(sms=Limit(per_minute=2))
    life.clock.advance(days=300)
    first = put(life, "sms", times=2)
    assert set(ring(life)) == set(first)
    life.clock.advance(days=-300)
    later = put(life, "sms", times=2)
    assert ring(life) == []
    life.clock.advance(seconds=60)
    assert set(ring(life)) == set(later)
