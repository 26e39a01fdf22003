"""The doors for platforms: whoever signs is heard and answered at once, everybody else learns nothing."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from time import perf_counter
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from liaison.clients.wechat_crypto import Seal
from liaison.db import session, transaction
from liaison.models.inbound import InboundEvent, InboundNonce
from liaison.models.notices import Notice
from liaison.services import inbound
from liaison.services.sealing import Keys
from liaison.services.vault import get_message
from liaison.web.open.callbacks import LARGEST, LONGEST_WORD
from sandbox.checks import media_checked
from sandbox.events import event, subscribe_change, subscribe_popup, subscribe_sent, text_from
from sandbox.events import xml as written
from tests.support.clock import MONDAY, FakeClock
from tests.support.life import Life
from tests.support.pushes import OPENID, SETTINGS, Gateway, WeChat, finished, text, xml
from tests.support.servers import Servers, rolled_back

DOORS = ("/callbacks/wechat", "/callbacks/sms", "/callbacks/messages")
PLATFORMS = DOORS[1:]
LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><xml><Encrypt>&b;</Encrypt></xml>'
FILE = b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><xml><Encrypt>&f;</Encrypt></xml>'
OTHER_KEY = base64.b64encode(bytes(range(1, 33))).decode().rstrip("=")
MINUTE = 60

_clock = FakeClock()


@pytest.fixture
def clock() -> FakeClock:
    """The clock of this file's application."""
    _clock.set(MONDAY)
    return _clock


@pytest.fixture(scope="module")
def _open_app(servers: Servers) -> Iterator[Flask]:
    with servers.app("callbacks", _clock, callbacks=SETTINGS) as app:
        yield app


@pytest.fixture
def app(_open_app: Flask, clock: FakeClock) -> Iterator[Flask]:
    """An application whose doors are open."""
    with rolled_back(_open_app):
        yield _open_app


@pytest.fixture
def wechat(client: FlaskClient, clock: FakeClock) -> WeChat:
    """WeChat's server."""
    return WeChat(client, clock)


def kept() -> list[InboundEvent]:
    return list(session.scalars(select(InboundEvent).order_by(InboundEvent.id)))


def refused(answer: TestResponse) -> bool:
    """Whether an answer is a refusal that gives no reason, and nothing was stored."""
    assert "signature" not in answer.text and "签名" not in answer.text
    assert kept() == [] and session.scalar(select(func.count()).select_from(InboundNonce)) == 0
    return answer.status_code == 403


def test_wechat_finds_its_echo_when_it_signed(wechat: WeChat) -> None:
    answer = wechat.check()
    assert (answer.status_code, answer.text, answer.mimetype) == (200, "6542831245", "text/plain")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_published_vector_of_a_check_is_accepted(client: FlaskClient, clock: FakeClock) -> None:
    clock.set(datetime.fromtimestamp(1714036504, tz=UTC))
    query = {
        "signature": "f464b24fc39322e44b38aa78f5edd27bd1441696",
        "timestamp": "1714036504",
        "nonce": "1514711492",
        "echostr": "4375120948345356249",
    }
    assert client.get("/callbacks/wechat", query_string=query).text == "4375120948345356249"


@pytest.mark.parametrize("instead", [{"signature": "f" * 40}, {"signature": ""}, {"nonce": "x"}, {"timestamp": "1"}])
def test_a_check_that_is_not_signed_gets_no_echo(wechat: WeChat, instead: dict[str, str]) -> None:
    answer = wechat.check(**instead)
    assert refused(answer) and "6542831245" not in answer.text


@pytest.mark.parametrize("echo", ["", "e" * (LONGEST_WORD + 1)])
def test_an_echo_is_a_short_word(wechat: WeChat, echo: str) -> None:
    assert refused(wechat.check(echostr=echo))


@pytest.mark.parametrize("message", [text(), finished("200163836"), b"\xb7\xb5\xc6", b"<xml/>", b""])
def test_a_push_is_kept_as_it_was_sealed_whatever_it_says(wechat: WeChat, keys: Keys, message: bytes) -> None:
    answer = wechat.push(message)
    assert (answer.status_code, answer.text) == (200, "success")
    (event,) = kept()
    assert (event.source, event.state, event.attempts) == ("wechat", "waiting", 0)
    assert get_message(event.id, keys) == message


def test_a_push_that_wechat_repeats_is_kept_once_and_answered_each_time(wechat: WeChat, clock: FakeClock) -> None:
    for _ in range(4):
        assert wechat.push(text(23456)).text == "success"
        clock.advance(seconds=5)
    assert len(kept()) == 1


@pytest.mark.parametrize("signature", [None, "", "0" * 40, "签名", SETTINGS.wechat_token])
def test_a_forged_push_is_refused(wechat: WeChat, signature: str | None) -> None:
    assert refused(wechat.push(text(), msg_signature=signature))


def test_the_signature_of_a_check_does_not_let_a_push_in(wechat: WeChat) -> None:
    signed = wechat.signed()
    push = wechat.push(text(), nonce=signed["nonce"], timestamp=signed["timestamp"], msg_signature=signed["signature"])
    assert refused(push)


def test_a_signature_covers_the_sealed_text(wechat: WeChat) -> None:
    other = Seal(SETTINGS.wechat_aes_key, SETTINGS.wechat_app_id).seal(text(2))
    assert refused(wechat.push(text(1), body=xml(Encrypt=other)))


@pytest.mark.parametrize("off", [-5 * MINUTE - 1, 5 * MINUTE + 1, -86_400])
def test_a_timestamp_over_five_minutes_off_is_refused(wechat: WeChat, clock: FakeClock, off: int) -> None:
    assert refused(wechat.push(text(), timestamp=int(clock().timestamp()) + off))


@pytest.mark.parametrize("off", [-5 * MINUTE, 5 * MINUTE])
def test_a_timestamp_five_minutes_off_is_taken(wechat: WeChat, clock: FakeClock, off: int) -> None:
    assert wechat.push(text(), timestamp=int(clock().timestamp()) + off).status_code == 200


@pytest.mark.parametrize("timestamp", ["", "now", "-1", "1e9", "１７７２４１６８００", "9" * 400, " 1772416800", "1_7"])
def test_what_is_no_timestamp_is_refused(wechat: WeChat, timestamp: str) -> None:
    assert refused(wechat.push(text(), timestamp=timestamp))


@pytest.mark.parametrize("nonce", ["", "n" * (LONGEST_WORD + 1)])
def test_a_nonce_is_a_short_word(wechat: WeChat, nonce: str) -> None:
    assert refused(wechat.push(text(), nonce=nonce))


def test_a_replayed_push_is_refused(wechat: WeChat, clock: FakeClock) -> None:
    assert wechat.push(text(1), nonce="7").status_code == 200
    clock.advance(minutes=4)
    assert [wechat.push(text(number), nonce="7").status_code for number in (1, 2)] == [403, 403]
    assert len(kept()) == 1


def test_a_captured_push_is_refused_for_ever(app: Flask, client: FlaskClient, wechat: WeChat, clock: FakeClock) -> None:
    sealed = Seal(SETTINGS.wechat_aes_key, SETTINGS.wechat_app_id).seal(text())
    signed = wechat.signed(sealed, timestamp=int(clock().timestamp()) + 5 * MINUTE)
    query = urlencode({**signed, "msg_signature": signed["signature"]})

    def knock() -> int:
        with transaction():
            inbound.forget_nonces(clock())
        return client.post("/callbacks/wechat?" + query, data=xml(Encrypt=sealed)).status_code

    answers = [knock()]
    for _ in range(30):
        clock.advance(minutes=1)
        answers.append(knock())
    assert answers == [200] + [403] * 30 and len(kept()) == 1


EVENTS = {
    "checked": media_checked(OPENID, "wx1", "t1", "risky", 20002),
    "popup": subscribe_popup(OPENID, {"T1": "accept"}),
    "change": subscribe_change(OPENID, "T1"),
    "sent": subscribe_sent(OPENID, "T1", "1"),
    "subscribe": event("subscribe", OPENID),
    "unsubscribe": event("unsubscribe", OPENID),
    "words": text_from(OPENID, "路灯坏了"),
}


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_every_event_is_taken_once_and_from_wechat_alone(wechat: WeChat, name: str) -> None:
    message = written(EVENTS[name]).encode()
    assert refused(wechat.push(message, msg_signature="0" * 40)) and refused(wechat.push(message, timestamp=1))
    assert refused(wechat.push(message, body=message)), "in plain mode nobody vouches for it"
    began = perf_counter()
    answers = [wechat.push(message).text for _ in range(3)]
    assert answers == ["success"] * 3 and len(kept()) == 1
    assert perf_counter() - began < 3, "a second each at most"


def test_plain_mode_is_refused(wechat: WeChat) -> None:
    assert refused(wechat.push(text(), body=text()))


@pytest.mark.parametrize("changed", [{"wechat_aes_key": OTHER_KEY}, {"wechat_app_id": "wx0000000000000000"}])
def test_a_push_sealed_for_another_app_is_refused(client: FlaskClient, clock: FakeClock, changed: dict) -> None:
    assert refused(WeChat(client, clock, replace(SETTINGS, **changed)).push(text()))


@pytest.mark.parametrize("body", [b"", b"no xml", b"\xb7\xb5", LAUGHS, FILE, xml(ToUserName="gh_1"), b"<xml>" * 9_000])
def test_an_envelope_that_is_broken_or_malicious_is_refused(wechat: WeChat, body: bytes) -> None:
    answer = wechat.push(text(), body=body)
    assert refused(answer) and "root:" not in answer.text


@pytest.mark.parametrize("door", DOORS)
def test_what_is_larger_than_any_message_is_turned_away_unread(
    client: FlaskClient, clock: FakeClock, door: str
) -> None:
    query = {"timestamp": int(clock().timestamp()), "nonce": "1", "msg_signature": "x"}
    headers = {"X-Liaison-Timestamp": str(int(clock().timestamp()))}
    assert client.post(door, query_string=query, headers=headers, data=b"x" * (LARGEST + 1)).status_code == 413
    assert client.post(door, query_string=query, headers=headers, data=b"x" * LARGEST).status_code == 403
    assert kept() == []


@pytest.mark.parametrize(("door", "source"), [(PLATFORMS[0], "sms"), (PLATFORMS[1], "webhook")])
def test_a_signed_report_is_kept_once_however_often_it_is_sent(
    client: FlaskClient, clock: FakeClock, keys: Keys, door: str, source: str
) -> None:
    gateway = Gateway(client, clock, door)
    answers = [gateway.report(client_message_id="ab", status="delivered") for _ in range(3)]
    assert [(answer.status_code, answer.data) for answer in answers] == [(202, b"")] * 3
    (event,) = kept()
    assert event.source == source
    assert get_message(event.id, keys) == b'{"client_message_id": "ab", "status": "delivered"}'


@pytest.mark.parametrize("door", PLATFORMS)
@pytest.mark.parametrize("body", [b"", b"[]", b"\xb7\xb5", b'{"status": "read"}'])
def test_a_signed_report_is_kept_whatever_it_says(
    client: FlaskClient, clock: FakeClock, door: str, body: bytes
) -> None:
    assert Gateway(client, clock, door).send(body).status_code == 202
    assert len(kept()) == 1


@pytest.mark.parametrize("door", PLATFORMS)
@pytest.mark.parametrize("secret", ["", "x" * 32, SETTINGS.wechat_token])
def test_a_forged_report_is_refused(client: FlaskClient, clock: FakeClock, door: str, secret: str) -> None:
    assert refused(Gateway(client, clock, door).send(b"{}", secret=secret))


@pytest.mark.parametrize("door", PLATFORMS)
@pytest.mark.parametrize("timestamp", ["1", "soon", "1772416199", "1772417401"])
def test_a_report_of_another_time_is_refused(client: FlaskClient, clock: FakeClock, door: str, timestamp: str) -> None:
    assert int(clock().timestamp()) == 1772416800
    assert refused(Gateway(client, clock, door).send(b"{}", timestamp=timestamp))


@pytest.mark.parametrize("door", DOORS)
def test_who_does_not_sign_at_all_is_refused(client: FlaskClient, door: str) -> None:
    assert refused(client.post(door, json={"client_message_id": "ab", "status": "delivered"}))


def test_a_report_goes_all_the_way_to_its_notice(client: FlaskClient, life: Life, clock: FakeClock, keys: Keys) -> None:
    number = life.matter_in("submitted")
    notice = life.notices(number)[0]
    notice.channel = "sms"
    session.commit()
    received = clock()
    Gateway(client, clock).report(client_message_id=notice.id.hex, status="delivered")
    clock.advance(seconds=5)
    with transaction():
        inbound.work_off(clock(), keys)
    delivered = select(Notice.delivered_at).where(Notice.id == notice.id)
    assert session.scalar(delivered) == received


def test_the_figures_show_what_waits_and_what_failed(client: FlaskClient, clock: FakeClock, keys: Keys) -> None:
    gateway = Gateway(client, clock)
    gateway.send(b"[]")
    assert figures(client) == {"waiting": 1, "failed": 0}
    with transaction():
        inbound.work_off(clock(), keys)
    assert figures(client) == {"waiting": 0, "failed": 1}


def figures(client: FlaskClient) -> dict[str, int]:
    name = "liaison_inbound_events{state="
    lines = [line for line in client.get("/metrics").text.splitlines() if line.startswith(name)]
    return {line.split('"')[1]: int(float(line.split()[-1])) for line in lines}


def test_the_log_says_why_and_names_nobody(wechat: WeChat, clock: FakeClock) -> None:
    with capture_logs() as lines:
        wechat.push(text(), nonce="7")
        wechat.push(text(), msg_signature="forged")
        wechat.push(text(), body=LAUGHS)
        wechat.push(text(), timestamp=1)
    refusals = [line["why"] for line in lines if line["event"] == "callback refused"]
    assert refusals == ["wrong signature", "not the XML it should be", "old timestamp"]
    assert OPENID not in str(lines) and SETTINGS.wechat_token not in str(lines)
