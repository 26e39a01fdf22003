"""No client tells what it must not: no secret, token or address in an error, its context, a log line or a repr."""

import logging
import traceback
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from redis import Redis

from liaison.clients.letters import NotSent, Outlet
from liaison.clients.mail import MailOutlet, MailServer
from liaison.clients.sms import SmsAccount, SmsOutlet, SmsTemplate
from liaison.clients.tokens import Token
from liaison.clients.webhook import Webhook
from liaison.clients.wechat import MessageTemplate, SubscribeOutlet, TemplateOutlet, Wechat, WechatAccount
from liaison.clients.wecom import Wecom, WecomAccount, WecomOutlet
from tests.support.outside import MEMBER, OPENID, PHONE, Outside, a_letter

MAILBOX = "canary.zhang@county.example.cn"
CANARIES = ["sandbox-secret", "sandbox-corp-secret", "sandbox-key", "CANARY", OPENID, MEMBER, PHONE, MAILBOX]
CANARIES += ["access_token=", "corpsecret=", "PhoneNumbers=", "Signature="]

ACCOUNTS = [
    WechatAccount("wx-sandbox", "sandbox-secret"),
    WecomAccount("ww-sandbox", "sandbox-corp-secret", 1000001),
    SmsAccount("sandbox-key", "sandbox-key-secret"),
    MailServer("127.0.0.1", 9, "lianluo@example.cn", "none", "CANARY", "CANARY"),
    Token("CANARY", 0.0),
    a_letter(OPENID),
]

MOODS: dict[str, dict[str, Any]] = {
    "well": {},
    "busy": {"errors": 1},
    "drops": {"drop": 1},
    "down": {"down": True},
}


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


def outlets(url: str, redis: Redis, transport: httpx.BaseTransport) -> list[tuple[Outlet, str]]:
    wechat = Wechat(ACCOUNTS[0], redis, base_url=url, transport=transport)
    text = SmsTemplate("码上联", "SMS_PLAIN")
    return [
        (SubscribeOutlet(wechat, MessageTemplate("sandbox-subscribe")), OPENID),
        (TemplateOutlet(wechat, MessageTemplate("sandbox-template")), OPENID),
        (WecomOutlet(Wecom(ACCOUNTS[1], redis, base_url=url, transport=transport)), MEMBER),
        (SmsOutlet(ACCOUNTS[2], text, base_url=url, transport=transport), PHONE),
        (SmsOutlet(ACCOUNTS[2], text, base_url=url, transport=transport), f"{PHONE},{PHONE}"),
        (Webhook(f"{url}/nobody?key=CANARY", "CANARY", transport=transport), PHONE),
        (MailOutlet(ACCOUNTS[3]), MAILBOX),
        (MailOutlet(ACCOUNTS[3]), f"{MAILBOX}\r\nBcc: x@y.cn"),
    ]


def told(outlet: Outlet, address: str) -> str:
    """All that can be read from a failure: its text, repr, causes and contexts, and the printed trace."""
    try:
        outlet.send(a_letter(address))
    except NotSent as error:
        chain, each = [], error
        while each is not None:
            chain += [str(each), repr(each), repr(vars(each)), *map(repr, each.args)]
            each = each.__cause__ or each.__context__
        return "\n".join([*chain, *traceback.format_exception(error)])
    return ""


def assert_silent(text: str) -> None:
    assert [canary for canary in CANARIES if canary in text] == []


@pytest.mark.parametrize("mood", MOODS)
def test_nothing_leaks_in_any_mood(
    outside: Outside,
    redis: Redis,
    transport: httpx.HTTPTransport,
    everything_logged: pytest.LogCaptureFixture,
    mood: str,
) -> None:
    ways = outlets(outside.url, redis, transport)
    texts = [told(outlet, address) for outlet, address in ways]
    outside.set("faults", **MOODS[mood])
    everything_logged.clear()  # of what this test itself called
    texts += [told(outlet, address) for outlet, address in ways]
    assert_silent("\n".join(texts))
    assert_silent(everything_logged.text)
    assert any(texts)


@pytest.mark.parametrize("fault", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError])
def test_nothing_leaks_when_the_network_fails(
    redis: Redis, everything_logged: pytest.LogCaptureFixture, fault: type[httpx.RequestError]
) -> None:
    def break_off(request: httpx.Request) -> httpx.Response:
        raise fault(f"could not reach {request.url} {request.content!r}", request=request)

    texts = [told(*way) for way in outlets("http://127.0.0.1:9", redis, httpx.MockTransport(break_off))]
    assert all(texts)
    assert_silent("\n".join(texts))
    assert_silent(everything_logged.text)


def test_nothing_leaks_when_the_provider_quotes_us(
    redis: Redis, everything_logged: pytest.LogCaptureFixture
) -> None:
    def quote(request: httpx.Request) -> httpx.Response:
        quoted = f"{request.url} {request.content.decode()} {dict(request.headers)}"
        return httpx.Response(200, json={"errcode": 47003, "errmsg": quoted, "Code": quoted, "Message": quoted})

    texts = [told(*way) for way in outlets("http://127.0.0.1:9", redis, httpx.MockTransport(quote))]
    assert_silent("\n".join(texts))
    assert_silent(everything_logged.text)


@pytest.mark.parametrize("thing", ACCOUNTS, ids=lambda thing: type(thing).__name__)
def test_nothing_shows_in_a_repr(thing: object) -> None:
    assert_silent(f"{thing!r} {thing}")
