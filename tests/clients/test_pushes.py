"""What platforms say, in our words; what is broken or malicious is unreadable, and never more than that."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liaison.clients import delivery_reports, wechat_push
from liaison.clients.pushes import DELIVERED, DELIVERY, FAILED, Push, Unreadable
from tests.support.pushes import finished, text, xml

LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (level, b"&l%d;" % (level - 1) * 10) for level in range(1, 10))
BROKEN = {
    "nothing": b"",
    "no xml": "路灯坏了".encode(),
    "not utf-8": text().replace("路灯".encode(), b"\xc2\xb7\xb5\xc6"),
    "gbk": b'<?xml version="1.0" encoding="gbk"?>' + text(),
    "no such coding": b'<?xml version="1.0" encoding="rot13"?>' + text(),
    "cut off": text()[:-7],
    "nul": text(content="\x00"),
    "file": b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><xml><MsgType>&f;</MsgType><MsgId>&f;</MsgId></xml>',
    "address": b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><xml><MsgType>text</MsgType></xml>',
    "laughs": b'<!DOCTYPE x [<!ENTITY l0 "ha">' + LAUGHS + b"]><xml><MsgType>&l9;</MsgType></xml>",
    "no kind": xml(FromUserName="o", Content="路灯"),
    "no event": xml(FromUserName="o", MsgType="event"),
    "no message": finished(""),
    "no status": finished("200163836", ""),
    "empty": b"<xml/>",
}
NO_REPORTS = {
    "nothing": b"",
    "not utf-8": b'{"client_message_id": "ab", "status": "delivered", "reason": "\xb7\xb5"}',
    "a list": b"[]",
    "a text": b'"delivered"',
    "deep": b"[" * 60_000,
    "no id": b'{"status": "delivered"}',
    "id is no hex": b'{"client_message_id": "one", "status": "delivered"}',
    "id is a number": b'{"client_message_id": 1, "status": "delivered"}',
    "no status": b'{"client_message_id": "ab"}',
    "unknown status": b'{"client_message_id": "ab", "status": "read"}',
    "status is a list": b'{"client_message_id": "ab", "status": ["delivered"]}',
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=list(BROKEN))
def test_a_broken_message_is_unreadable_and_has_no_id(broken: bytes) -> None:
    with pytest.raises(Unreadable):
        wechat_push.read(broken)
    assert wechat_push.message_id(broken) == ""
    with pytest.raises(Unreadable):
        wechat_push.sealed_in(broken)


def test_an_envelope_of_the_plain_mode_holds_nothing_sealed() -> None:
    with pytest.raises(Unreadable, match="nothing sealed"):
        wechat_push.sealed_in(text())


@pytest.mark.parametrize(("status", "ended"), [("success", DELIVERED), ("failed:user block", FAILED)])
def test_the_end_of_a_template_message_is_a_delivery(status: str, ended: str) -> None:
    said = {"provider_id": "200163836", "status": ended, "reason": status}
    assert wechat_push.read(finished("200163836", status)) == Push(DELIVERY, said)


def test_what_we_have_no_word_for_keeps_the_platforms_own() -> None:
    assert wechat_push.read(text()).kind == "wechat.text"
    assert wechat_push.read(xml(MsgType="event", Event="subscribe")).kind == "wechat.subscribe"


def test_only_a_users_message_has_an_id_of_its_own() -> None:
    assert wechat_push.message_id(text(23456)) == "23456"
    assert wechat_push.message_id(finished("200163836")) == ""


@pytest.mark.parametrize("body", NO_REPORTS.values(), ids=list(NO_REPORTS))
def test_a_broken_report_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        delivery_reports.read(body)


def test_a_report_says_which_message_how_it_ended_and_why() -> None:
    body = json.dumps({"client_message_id": "AB12", "status": "failed", "reason": "空号\x00\ud83d" + "长" * 999})
    said = delivery_reports.read(body.encode()).said
    assert (said["client_message_id"], said["status"]) == ("ab12", FAILED)
    assert said["reason"] == "空号?" + "长" * 197


def test_a_reason_may_be_missing() -> None:
    assert delivery_reports.read(b'{"client_message_id": "ab", "status": "delivered"}').said["reason"] == ""


@given(st.binary(max_size=80))
def test_whatever_bytes_come_they_are_read_or_unreadable(noise: bytes) -> None:
    for read in (wechat_push.read, wechat_push.sealed_in, delivery_reports.read):
        try:
            read(noise)
        except Unreadable:
            continue
    assert isinstance(wechat_push.message_id(noise), str)


def test_what_is_said_about_people_shows_in_no_repr() -> None:
    assert "路灯" not in repr(wechat_push.read(text()))


def test_a_signature_covers_secret_time_and_body() -> None:
    signature = delivery_reports.sign("s" * 32, "1714036504", b"{}")
    assert signature == "sha256=c3ca0cc75a8f518edc66f6268a869e0178922cd673f4447f1e3b425e9a9f3512"
    assert delivery_reports.is_signed(signature, "s" * 32, "1714036504", b"{}")
    for secret, timestamp, body in (
        ("t" * 32, "1714036504", b"{}"),
        ("s" * 32, "1714036505", b"{}"),
        ("s" * 32, "1714036504", b""),
    ):
        assert not delivery_reports.is_signed(signature, secret, timestamp, body)
    for forged in ("", "sha256=", signature.removeprefix("sha256="), signature.upper(), "签名"):
        assert not delivery_reports.is_signed(forged, "s" * 32, "1714036504", b"{}")
