"""Every call of ours meets every code: each means the same whichever call it answers, as the documents say."""

from collections.abc import Callable, Iterator, Mapping

import httpx
import pytest

from liaison.clients import wechat, wecom
from liaison.clients.calls import Meaning
from liaison.clients.letters import Kind, NotSent
from liaison.clients.wechat import MessageTemplate, SubscribeOutlet, TemplateOutlet, Wechat, WechatAccount
from liaison.clients.wechat_checks import ContentCheck
from liaison.clients.wechat_codes import MiniProgramCodes
from liaison.clients.wechat_desk import CustomerDesk
from liaison.clients.wechat_mini import MiniProgram
from liaison.clients.wechat_oauth import OAuth
from liaison.clients.wecom import Wecom, WecomAccount, WecomDoor, WecomOutlet
from sandbox import create_app
from sandbox.app import PROVIDERS
from tests.support.outside import MEMBER, OPENID, Outside, a_letter, open_outside

F, Q, R = Kind.FINAL, Kind.QUOTA, Kind.RETRY
DOCUMENTED = {-1: R, 40001: R, 40014: R, 42001: R, 40164: R} | {45009: Q, 45011: Q}
DOCUMENTED |= dict.fromkeys((40029, 40226, 43101, 40003, 40037, 47003, 41030), F)
"""What docs of WeChat name, and what becomes of a letter or a request: again later, never, not before a pause."""

CALLS: Mapping[str, Callable[[Wechat], object]] = {
    "/cgi-bin/stable_token": lambda told: told.stable_token(),
    "/cgi-bin/ticket/getticket": lambda told: told.jsapi_ticket(),
    "/cgi-bin/message/subscribe/send": lambda told: SubscribeOutlet(told, MessageTemplate("t")).send(a_letter(OPENID)),
    "/cgi-bin/message/template/send": lambda told: TemplateOutlet(told, MessageTemplate("t")).send(a_letter(OPENID)),
    "/cgi-bin/message/custom/send": lambda told: CustomerDesk(told).say(OPENID, "您好"),
    "/sns/jscode2session": lambda told: MiniProgram(told).openid("code"),
    "/sns/oauth2/access_token": lambda told: OAuth(told, "wx-sandbox").openid_of("code"),
    "/wxa/business/getuserphonenumber": lambda told: MiniProgram(told).phone("code"),
    "/wxa/getwxacodeunlimit": lambda told: MiniProgramCodes(told, "pages/station").draw("x3mrry"),
    "/wxa/media_check_async": lambda told: ContentCheck(told).ask_about(OPENID, "https://x.cn/1.jpg", "image/jpeg"),
    "/wxa/msg_sec_check": lambda told: ContentCheck(told).check_text(OPENID, "北街的路灯坏了"),
}
TO_WECOM: Mapping[str, Callable[[Wecom], object]] = {
    "/cgi-bin/message/send": lambda told: WecomOutlet(told).send(a_letter(MEMBER)),
    "/cgi-bin/auth/getuserinfo": lambda told: WecomDoor(told).member("code"),
}
FINDINGS = {"/wxa/msg_sec_check": {87014}}
"""Codes that answer the question instead of refusing it."""

A_DAY = 86_401


@pytest.fixture(scope="module")
def world() -> Iterator[Outside]:
    """One sandbox for all of them: no answer here leaves a trace."""
    with open_outside() as outside:
        yield outside


@pytest.mark.parametrize("path", sorted(CALLS))
def test_every_code_means_the_same_whatever_it_answers(
    world: Outside, transport: httpx.HTTPTransport, path: str
) -> None:
    for code in sorted({*wechat.CODES, *DOCUMENTED, 99999} - FINDINGS.get(path, set())):
        told = Wechat(WechatAccount("wx-sandbox", "sandbox-secret"), None, base_url=world.url, transport=transport)
        error = _refusal(world, path, code, lambda told=told: CALLS[path](told))
        _check(error, code, wechat.CODES, DOCUMENTED)


@pytest.mark.parametrize("path", sorted(TO_WECOM))
def test_so_does_every_code_of_wecom(world: Outside, transport: httpx.HTTPTransport, path: str) -> None:
    account = WecomAccount("ww-sandbox", "sandbox-corp-secret", 1000001)
    for code in sorted({*wecom.CODES, 99999}):
        told = Wecom(account, None, base_url=world.url, transport=transport)
        error = _refusal(world, path, code, lambda told=told: TO_WECOM[path](told))
        _check(error, code, wecom.CODES, {-1: R, 81013: F, 45009: Q})


def test_no_call_of_a_provider_escapes_the_faults() -> None:
    app = create_app()
    rules = list(app.url_map.iter_rules())
    asked = [each for each in rules if each.endpoint.partition(".")[0] in PROVIDERS]
    paths, platforms = {each.rule for each in asked}, ("/cgi-bin/", "/wxa/", "/sns/")
    assert {each.rule for each in rules if each.rule.startswith(platforms)} | {*CALLS, *TO_WECOM} <= paths
    client = app.test_client()
    client.post("/_/faults", json={"down": True})
    for rule in asked:
        method = "POST" if "POST" in rule.methods else "GET"
        assert client.open(rule.rule, method=method).status_code == 503, rule.rule


def _refusal(world: Outside, path: str, code: int, call: Callable[[], object]) -> NotSent:
    world.set("clock", seconds=A_DAY)  # within one, a token may be forced only so often
    world.set("answers", path=path, body={"errcode": code, "errmsg": "as the documents say"}, times=2)
    try:
        with pytest.raises(NotSent) as caught:
            call()
    finally:
        world.set("answers", forget=True)
    return caught.value


def _check(error: NotSent, code: int, table: Mapping[int, Meaning], documented: Mapping[int, Kind]) -> None:
    meant = table.get(code, Meaning(R))
    assert (error.kind, error.pause) == (meant.kind, meant.pause), code
    assert error.kind is documented.get(code, error.kind), code
    assert (error.pause is not None) == (error.kind is Q), code
    assert str(code) in error.reason
