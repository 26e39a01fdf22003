"""What is promised to platforms: kept once before it is understood, worked off once, tried again, never lost."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, text

from liaison.clients.pushes import DELIVERY, Push
from liaison.db import session, transaction
from liaison.domain.errors import NotAllowed
from liaison.models.base import new_id
from liaison.models.inbound import InboundEvent, InboundNonce
from liaison.models.notices import Notice
from liaison.models.vault import Message
from liaison.services import inbound, vault
from liaison.services.inbound import BATCH, FIRST_WAIT, HANDLERS, MOST_ATTEMPTS, PLATFORM, SMS, WECHAT
from liaison.services.sealing import Keys
from tests.support.clock import FakeClock
from tests.support.pushes import OPENID, finished, xml
from tests.support.pushes import text as users_text
from tests.support.together import overlapping

PROVIDER_ID = "200163836"


@pytest.fixture
def receive(app: Flask, clock: FakeClock, keys: Keys) -> Callable[..., None]:
    """What the door does once it has checked who speaks."""

    def keep(source: str, message: bytes, nonce: str = "") -> None:
        with transaction():
            inbound.receive(source, message, clock(), keys, nonce)

    return keep


@pytest.fixture
def work_off(app: Flask, clock: FakeClock, keys: Keys) -> Callable[..., int]:
    """What the job does in one transaction."""

    def work(**more: Any) -> int:
        with transaction():
            return inbound.work_off(clock(), keys, **more)

    return work


@pytest.fixture
def notice(app: Flask, clock: FakeClock) -> Notice:
    """A notice that WeChat took."""
    return put_notice(clock, provider_id=PROVIDER_ID)


def put_notice(clock: FakeClock, channel: str = "wechat_template", **more: Any) -> Notice:
    named = {"id": new_id(), "dedup_key": new_id().bytes, "topic": "reply", "recipient_role": "deputy"}
    at = {"due_at": clock(), "next_at": clock(), "created_at": clock()}
    row = Notice(**named, **at, recipient_id=new_id(), channel=channel, state="sent", **more)
    with transaction():
        session.add(row)
    return row


def events() -> list[InboundEvent]:
    found = select(InboundEvent).order_by(InboundEvent.id).execution_options(populate_existing=True)
    return list(session.scalars(found))


def ending() -> tuple[str, int, str | None]:
    (event,) = events()
    return event.state, event.attempts, event.error


def report(notice: Notice, status: str = "delivered", **more: str) -> bytes:
    return json.dumps({"client_message_id": notice.id.hex, "status": status} | more).encode()


def raising(push: Push, event: InboundEvent, keys: Keys) -> bool:
    """A handler with a fault, which has already changed something when it comes to it."""
    session.execute(text("UPDATE notices SET undelivered = 'half done'"))
    raise ZeroDivisionError(OPENID)


def test_a_message_is_kept_byte_for_byte_and_sealed(receive, keys: Keys) -> None:
    message = users_text()
    receive(WECHAT, message)
    (event,) = events()
    assert vault.get_message(event.id, keys) == message
    assert (event.state, event.attempts, event.error) == ("waiting", 0, None)
    sealed = session.scalars(select(Message.sealed)).one()
    assert OPENID.encode() not in sealed and message not in sealed


def test_nothing_of_a_person_stands_in_the_ordinary_tables(receive) -> None:
    receive(WECHAT, users_text(23456), "1514711492")
    shown = str(session.execute(text("SELECT e::text, n::text FROM inbound_events e, inbound_nonces n")).all())
    assert [each for each in (OPENID, OPENID.encode().hex(), "23456", b"23456".hex()) if each in shown] == []


def test_a_message_that_comes_again_is_kept_once(receive) -> None:
    for nonce in ("1", "2", "3"):
        receive(WECHAT, users_text(1, content=f"第{nonce}次"), nonce)
    receive(WECHAT, users_text(2), "4")
    assert len(events()) == 2


def test_two_events_of_one_user_in_one_second_are_two(receive) -> None:
    receive(WECHAT, finished("1"), "1")
    receive(WECHAT, finished("2"), "2")
    receive(WECHAT, finished("2"), "3")
    assert len(events()) == 2


def test_the_same_words_from_two_sources_are_two(receive, notice: Notice) -> None:
    receive(SMS, report(notice))
    receive(PLATFORM, report(notice))
    assert len(events()) == 2


def test_a_used_nonce_is_refused_and_what_came_with_it_not_kept(receive) -> None:
    receive(WECHAT, users_text(1), "7")
    with pytest.raises(NotAllowed):
        receive(WECHAT, users_text(2), "7")
    assert len(events()) == 1
    receive(WECHAT, users_text(2), "8")
    assert len(events()) == 2


def test_of_two_requests_with_one_nonce_at_once_one_is_refused(live_app: Flask, clock: FakeClock) -> None:
    keys = live_app.extensions["liaison"].keys
    first, second = overlapping(
        live_app,
        lambda: inbound.receive(WECHAT, users_text(1), clock(), keys, "7"),
        lambda: inbound.receive(WECHAT, users_text(2), clock(), keys, "7"),
    )
    assert first is None and isinstance(second, NotAllowed)
    assert len(events()) == 1


def test_of_two_copies_at_once_one_is_kept_and_both_are_taken(live_app: Flask, clock: FakeClock) -> None:
    keys = live_app.extensions["liaison"].keys
    both = overlapping(
        live_app, *(lambda n=n: inbound.receive(WECHAT, users_text(1), clock(), keys, n) for n in ("1", "2"))
    )
    assert both == (None, None)
    assert len(events()) == len(session.scalars(select(Message)).all()) == 1


def test_two_workers_at_once_work_an_event_off_once(live_app: Flask, clock: FakeClock) -> None:
    keys = live_app.extensions["liaison"].keys
    with transaction():
        inbound.receive(WECHAT, finished(PROVIDER_ID), clock(), keys)
    assert overlapping(live_app, *[lambda: inbound.work_off(clock(), keys)] * 2) == (1, 0)


def test_nonces_are_kept_as_long_as_their_timestamps_would_be_taken(receive, clock: FakeClock) -> None:
    receive(WECHAT, users_text(1), "7")
    for minutes, left in ((10, 1), (6, 0)):
        clock.advance(minutes=minutes)
        with transaction():
            inbound.forget_nonces(clock())
        assert len(session.scalars(select(InboundNonce)).all()) == left


def test_wechats_report_is_written_on_the_notice_it_names(receive, work_off, notice: Notice, clock: FakeClock) -> None:
    received = clock()
    receive(WECHAT, finished(PROVIDER_ID))
    clock.advance(seconds=40)
    assert work_off() == 1 and work_off() == 0
    assert ending() == ("done", 1, None)
    assert (notice.delivered_at, notice.undelivered) == (received, None)


@pytest.mark.parametrize(("source", "channel"), [(SMS, "sms"), (PLATFORM, "webhook")])
def test_a_platforms_report_is_written_on_the_notice_it_names(
    receive, work_off, clock: FakeClock, source: str, channel: str
) -> None:
    notice = put_notice(clock, channel)
    receive(source, report(notice, "failed", reason="空号 13912345678"))
    work_off()
    assert (notice.delivered_at, notice.undelivered) == (None, "空号 1**********")


@pytest.mark.parametrize("order", [("delivered", "failed"), ("failed", "delivered")])
def test_that_it_arrived_outweighs_a_failure_whichever_comes_first(
    receive, work_off, clock: FakeClock, order: tuple[str, str]
) -> None:
    notice = put_notice(clock, "sms")
    for status in order:
        receive(SMS, report(notice, status, reason="停机"))
        work_off()
    assert notice.delivered_at is not None and notice.undelivered is None


def test_the_first_report_of_its_arrival_counts(receive, work_off, clock: FakeClock) -> None:
    notice, first = put_notice(clock, "sms"), clock()
    receive(SMS, report(notice))
    clock.advance(minutes=1)
    receive(SMS, report(notice, reason="again"))
    assert work_off() == 2 and notice.delivered_at == first


def test_a_source_reports_on_its_own_channel_alone(receive, work_off, clock: FakeClock) -> None:
    notices = [put_notice(clock, channel, provider_id=PROVIDER_ID) for channel in ("sms", "webhook", "email")]
    receive(WECHAT, finished(PROVIDER_ID))
    receive(SMS, report(notices[1]))
    work_off()
    assert [each.delivered_at for each in notices] == [None] * 3


def test_the_same_event_twice_works_once(receive, work_off, notice: Notice, clock: FakeClock) -> None:
    handled: list[UUID] = []
    counting = {DELIVERY: lambda *told: bool(handled.append(told[1].id)) or HANDLERS[DELIVERY](*told)}
    for nonce in ("1", "2"):
        receive(WECHAT, finished(PROVIDER_ID), nonce)
        work_off(handlers=counting)
        clock.advance(hours=1)
    assert len(handled) == 1 and notice.delivered_at == events()[0].received_at


def test_a_report_quicker_than_the_name_it_gives_finds_its_notice_later(receive, work_off, clock: FakeClock) -> None:
    receive(WECHAT, finished(PROVIDER_ID))
    work_off()
    assert ending() == ("waiting", 1, "nothing here that it is about")
    notice = put_notice(clock, provider_id=PROVIDER_ID)
    assert work_off() == 0
    clock.advance(seconds=FIRST_WAIT.total_seconds())
    assert work_off() == 1
    assert notice.delivered_at and ending() == ("done", 2, None)


def test_a_report_about_somebody_elses_message_ends_without_an_alarm(receive, work_off, clock: FakeClock) -> None:
    receive(WECHAT, finished("of another system"))
    try_until_it_ends(work_off, clock)
    assert ending() == ("done", MOST_ATTEMPTS, "nothing here that it is about")
    assert inbound.unfinished() == {"waiting": 0, "failed": 0}


def test_a_crash_of_the_handler_loses_nothing_and_leaves_nothing_half_done(
    receive, work_off, notice: Notice, clock: FakeClock, keys: Keys
) -> None:
    receive(WECHAT, finished(PROVIDER_ID))
    assert work_off(handlers={DELIVERY: raising}) == 1
    assert ending() == ("waiting", 1, "failed, see the log")
    session.refresh(notice)
    assert notice.undelivered is None
    assert vault.get_message(events()[0].id, keys) == finished(PROVIDER_ID)
    clock.advance(seconds=FIRST_WAIT.total_seconds())
    work_off()
    assert notice.delivered_at is not None and ending() == ("done", 2, None)


def test_what_keeps_failing_is_given_up_counted_and_kept(
    receive, work_off, notice: Notice, clock: FakeClock, keys: Keys
) -> None:
    receive(WECHAT, finished(PROVIDER_ID))
    waits = try_until_it_ends(work_off, clock, handlers={DELIVERY: raising})
    assert waits == [FIRST_WAIT * 2**n for n in range(MOST_ATTEMPTS - 1)]
    assert ending() == ("failed", MOST_ATTEMPTS, "failed, see the log")
    assert inbound.unfinished() == {"waiting": 0, "failed": 1}
    assert vault.get_message(events()[0].id, keys) == finished(PROVIDER_ID)


def test_a_failing_event_holds_up_no_other(receive, work_off, notice: Notice) -> None:
    receive(WECHAT, users_text())
    receive(WECHAT, finished(PROVIDER_ID))
    assert work_off(handlers={**HANDLERS, "wechat.text": raising}) == 2
    assert [event.state for event in events()] == ["waiting", "done"]
    assert notice.delivered_at is not None


def test_a_handler_whose_writing_fails_at_the_very_end_is_not_done(receive, work_off, notice: Notice) -> None:
    def unstorable(push: Push, event: InboundEvent, keys: Keys) -> bool:
        session.get(Notice, notice.id).undelivered = "\x00"
        return True

    receive(WECHAT, finished(PROVIDER_ID))
    work_off(handlers={DELIVERY: unstorable})
    assert ending() == ("waiting", 1, "failed, see the log")


@pytest.mark.parametrize(
    "message",
    [xml(MsgType="hologram", FromUserName=OPENID), xml(MsgType="event", Event="CLICK", FromUserName=OPENID)],
)
def test_a_kind_nobody_knows_yet_is_done_and_kept(receive, work_off, keys: Keys, message: bytes) -> None:
    receive(WECHAT, message)
    work_off()
    assert ending() == ("done", 1, "unknown kind")
    assert vault.get_message(events()[0].id, keys) == message


@pytest.mark.parametrize(("source", "message"), [(WECHAT, b"\xb7\xb5"), (SMS, b"[]"), (PLATFORM, b"")])
def test_what_cannot_be_read_is_kept_and_shown_as_failed_at_once(
    receive, work_off, keys: Keys, source: str, message: bytes
) -> None:
    receive(source, message)
    work_off()
    assert ending() == ("failed", 1, "cannot be read")
    assert vault.get_message(events()[0].id, keys) == message


def test_batches_take_the_longest_waiting_first(receive, work_off, clock: FakeClock) -> None:
    for number in range(BATCH + 1):
        receive(WECHAT, users_text(number))
        clock.advance(seconds=1)
    assert work_off() == BATCH
    assert [event.state for event in events()] == ["done"] * BATCH + ["waiting"]
    assert work_off() == 1


def try_until_it_ends(work_off: Callable[..., int], clock: FakeClock, **more: Any) -> list[timedelta]:
    """Work off whenever the one event's time comes; returns how long it waited between."""
    waits = []
    while work_off(**more):
        (event,) = events()
        if event.state == "waiting":
            waits.append(event.next_at - clock())
            clock.set(event.next_at)
    return waits
