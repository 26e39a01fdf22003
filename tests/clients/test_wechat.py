"""What WeChat's clients promise, against the sandbox: what arrives, what each code means, one token for everybody."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest
from redis import Redis

from liaison.clients.letters import Kind, NotSent
from liaison.clients.wechat import CODES, MessageTemplate, SubscribeOutlet, TemplateOutlet, Wechat, WechatAccount
from tests.support.outside import OPENID, Outside, a_letter

APP = WechatAccount("wx-sandbox", "sandbox-secret")
TOKEN, TEMPLATE = "/cgi-bin/stable_token", "/cgi-bin/message/template/send"
TICKET = "/cgi-bin/ticket/getticket"


@pytest.fixture
def wechat(outside: Outside, redis: Redis, transport: httpx.HTTPTransport) -> Wechat:
    return Wechat(APP, redis, base_url=outside.url, transport=transport)


@pytest.fixture
def subscribe(wechat: Wechat) -> SubscribeOutlet:
    return SubscribeOutlet(wechat, MessageTemplate("sandbox-subscribe", page="pages/open/index"))


@pytest.fixture
def template(wechat: Wechat) -> TemplateOutlet:
    return TemplateOutlet(wechat, MessageTemplate("sandbox-template"))


def refusal(outlet: SubscribeOutlet | TemplateOutlet, address: str = OPENID) -> NotSent:
    with pytest.raises(NotSent) as caught:
        outlet.send(a_letter(address))
    return caught.value


def test_a_subscribe_message_spends_one_consent(outside: Outside, subscribe: SubscribeOutlet) -> None:
    outside.set("consents", openid=OPENID, template_id="sandbox-subscribe")
    assert subscribe.send(a_letter(OPENID)) is None
    error = refusal(subscribe)
    assert (error.kind, error.reason, error.no_consent) == (Kind.FINAL, "errcode 43101", True)
    (message,) = outside.messages()
    assert (message["channel"], message["address"]) == ("wechat_subscribe", OPENID)
    assert (message["text"], message["detail"]) == ("您有新的办理提醒，请打开查看", "2026年11月27日 10:30")
    assert message["link"] == "pages/open/index?link=https%3A%2F%2Flianluo.example.gov.cn%2Fn%2F7Q2"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("一" * 20, "一" * 20),
        ("一" * 21, "一" * 19 + "…"),
        ("两行\n的 字", "两行 的 字"),
        ("\U00020000" * 21, "\U00020000" * 19 + "…"),
    ],
)
def test_a_text_is_cut_by_characters(outside: Outside, template: TemplateOutlet, text: str, shown: str) -> None:
    template.send(a_letter(OPENID, text=text))
    assert outside.messages()[0]["text"] == shown


def test_a_template_message_has_an_id_and_is_not_repeated(outside: Outside, template: TemplateOutlet) -> None:
    first = template.send(a_letter(OPENID))
    assert first and template.send(a_letter(OPENID)) == first
    assert template.send(a_letter(OPENID, client_message_id="another")) != first
    assert [each["ref"] for each in outside.messages()] == ["another", "ab12cd34"]
    assert outside.messages()[0]["link"] == "https://lianluo.example.gov.cn/n/7Q2"


def test_a_lost_answer_is_tried_again_and_the_repeat_recognised(outside: Outside, template: TemplateOutlet) -> None:
    template.send(a_letter(OPENID, client_message_id="warm"))
    outside.set("faults", drop=1)
    assert refusal(template).kind is Kind.RETRY
    outside.set("faults")
    assert template.send(a_letter(OPENID))
    assert [each["ref"] for each in outside.messages()] == ["ab12cd34", "warm"]


def test_wechat_says_itself_that_a_repeat_was_taken(outside: Outside, template: TemplateOutlet) -> None:
    outside.set("answers", path=TEMPLATE, body={"errcode": 45065, "errmsg": "clientmsgid exist", "msgid": 9})
    assert template.send(a_letter(OPENID)) == "9"


def test_a_wrong_openid_is_final(outside: Outside, template: TemplateOutlet) -> None:
    outside.set("people", address="oGone00000")
    for address in ("xCANARY", "oGone00000"):
        error = refusal(template, address)
        assert (error.kind, error.reason) == (Kind.FINAL, "errcode 40003")


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        (MessageTemplate("unknown"), "errcode 40037"),
        (MessageTemplate("narrow", text_field="phrase1"), "errcode 47003 phrase1"),
        (MessageTemplate("sandbox-subscribe", time_field=""), "errcode 47003 time2"),
        (MessageTemplate("sandbox-subscribe", page="nowhere"), "errcode 41030"),
    ],
)
def test_wrong_settings_are_named(wechat: Wechat, template: MessageTemplate, reason: str) -> None:
    error = refusal(SubscribeOutlet(wechat, template))
    assert (error.kind, error.reason) == (Kind.FINAL, reason)


def test_the_quota_of_the_day_pauses_the_channel(outside: Outside, template: TemplateOutlet) -> None:
    outside.set("limits", day_quota=1)
    template.send(a_letter(OPENID))
    error = refusal(template, "oSomebodyElse")
    assert (error.kind, error.pause) == (Kind.QUOTA, timedelta(minutes=10))


@pytest.mark.parametrize("code", [*CODES, 99999])
def test_every_code_means_what_the_table_says(outside: Outside, template: TemplateOutlet, code: int) -> None:
    outside.set("answers", path=TEMPLATE, body={"errcode": code, "errmsg": "as the documents say"}, times=2)
    error = refusal(template)
    named = {43101: Kind.FINAL, 40003: Kind.FINAL, 40037: Kind.FINAL, 47003: Kind.FINAL, 41030: Kind.FINAL}
    named |= {-1: Kind.RETRY, 40164: Kind.RETRY, 40001: Kind.RETRY, 40014: Kind.RETRY, 42001: Kind.RETRY}
    named |= {45009: Kind.QUOTA, 45011: Kind.QUOTA, 99999: Kind.RETRY}
    assert error.kind is named.get(code, error.kind)
    assert (error.pause is not None) == (error.kind is Kind.QUOTA)


@pytest.mark.parametrize(
    ("said", "logged"),
    [
        ("refused rid: 5f8e7f3a-1b2c3d4e-5f6a7b8c", "request 5f8e7f3a-1b2c3d4e-5f6a7b8c"),
        (f"rid: 13800138000 rid: {OPENID} access_token=x", "no request id"),
        ("", "no request id"),
    ],
)
def test_a_refused_call_is_logged_with_wechats_own_id_and_no_more_of_its_text(
    outside: Outside, template: TemplateOutlet, caplog: pytest.LogCaptureFixture, said: str, logged: str
) -> None:
    outside.set("answers", path=TEMPLATE, body={"errcode": 43101, "errmsg": said})
    with caplog.at_level("INFO"):
        refusal(template)
    lines = [each.getMessage() for each in caplog.records if each.name.startswith("liaison")]
    assert lines == [f"{TEMPLATE}: errcode 43101, {logged}"]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        *[(500, "oops"), (502, {"error": "bad gateway"}), (502, {"errcode": 0}), (302, {"errcode": 0})],
        *[(200, {}), (200, [0]), (200, "<html>")],
        *[(200, {"errcode": "0"}), (200, {"errcode": None}), (200, {"errcode": [0]}), (200, {"errcode": False})],
    ],
)
def test_only_a_clear_yes_is_sent(outside: Outside, template: TemplateOutlet, status: int, body: object) -> None:
    outside.set("answers", path=TEMPLATE, body=body, status=status, headers={"Location": "/elsewhere"})
    assert refusal(template).kind is Kind.RETRY


def test_an_outage_is_tried_again(outside: Outside, template: TemplateOutlet) -> None:
    for faults in ({"down": True}, {"errors": 1}, {"drop": 1}):
        outside.set("faults", **faults)
        assert refusal(template).kind is Kind.RETRY


@pytest.mark.parametrize("fault", [httpx.ConnectError, httpx.ReadTimeout, httpx.PoolTimeout, httpx.DecodingError])
def test_silence_is_tried_again(redis: Redis, fault: type[httpx.RequestError]) -> None:
    def break_off(request: httpx.Request) -> httpx.Response:
        raise fault("as the network does", request=request)

    wechat = Wechat(APP, redis, transport=httpx.MockTransport(break_off))
    error = refusal(TemplateOutlet(wechat, MessageTemplate("sandbox-template")))
    assert (error.kind, error.reason) == (Kind.RETRY, fault.__name__)


def test_a_token_is_asked_for_once_for_all_processes(outside: Outside, redis: Redis, wechat: Wechat) -> None:
    with httpx.HTTPTransport(verify=False) as another:
        for each in (wechat, Wechat(APP, redis, base_url=outside.url, transport=another)):
            outlet = TemplateOutlet(each, MessageTemplate("sandbox-template"))
            outlet.send(a_letter(OPENID))
            outlet.send(a_letter(OPENID))
    assert outside.calls(TOKEN) == 1


def test_a_ticket_is_asked_for_once_for_all_processes(outside: Outside, redis: Redis, wechat: Wechat) -> None:
    with httpx.HTTPTransport(verify=False) as another, ThreadPoolExecutor(50) as threads:
        accounts = (wechat, Wechat(APP, redis, base_url=outside.url, transport=another))
        tickets = set(threads.map(lambda n: accounts[n % 2].jsapi_ticket(), range(100)))
    assert len(tickets) == 1
    assert outside.calls(TICKET) == 1 and outside.calls(TOKEN) == 1


def test_a_ticket_survives_a_refused_token(outside: Outside, wechat: Wechat, template: TemplateOutlet) -> None:
    template.send(a_letter(OPENID))
    outside.set("tokens", **{"as": "ended"})
    assert wechat.jsapi_ticket()
    outside.set("answers", path=TICKET, body={"errcode": 0, "errmsg": "ok"})
    assert wechat.jsapi_ticket(), "kept, so nothing is asked"


@pytest.mark.parametrize("body", [{"errcode": 0}, {"errcode": 0, "ticket": "", "expires_in": 1}, {"errcode": 40097}])
def test_only_a_whole_ticket_is_one(outside: Outside, wechat: Wechat, body: dict[str, object]) -> None:
    outside.set("answers", path=TICKET, body=body)
    with pytest.raises(NotSent):
        wechat.jsapi_ticket()


def test_two_hundred_sends_on_an_ended_token_renew_it_once(outside: Outside, template: TemplateOutlet) -> None:
    template.send(a_letter(OPENID))
    outside.set("tokens", **{"as": "ended"})
    with ThreadPoolExecutor(200) as threads:
        ids = list(threads.map(lambda n: template.send(a_letter(f"oPerson{n:03}")), range(200)))
    assert len(set(ids)) == 200
    counts = outside.counts()
    assert counts["renewals"] == 2 and counts["calls"][TOKEN] == 2  # the first, and one for the storm
    assert counts["received"] == 201


def test_the_storm_renews_once_without_redis(outside: Outside, no_redis: Redis, transport: httpx.HTTPTransport) -> None:
    wechat = Wechat(APP, no_redis, base_url=outside.url, transport=transport)
    template = TemplateOutlet(wechat, MessageTemplate("sandbox-template"))
    template.send(a_letter(OPENID))
    outside.set("tokens", **{"as": "ended"})
    with ThreadPoolExecutor(50) as threads:
        list(threads.map(lambda n: template.send(a_letter(f"oPerson{n:03}")), range(50)))
    assert outside.calls(TOKEN) == 2


def test_a_token_another_process_renewed_is_found_in_redis(outside: Outside, redis: Redis, wechat: Wechat) -> None:
    mine = TemplateOutlet(wechat, MessageTemplate("sandbox-template"))
    mine.send(a_letter(OPENID))
    outside.set("tokens", **{"as": "ended"})
    with httpx.HTTPTransport(verify=False) as another:
        theirs = TemplateOutlet(
            Wechat(APP, redis, base_url=outside.url, transport=another), MessageTemplate("sandbox-template")
        )
        theirs.send(a_letter(OPENID))
    mine.send(a_letter(OPENID))
    assert outside.calls(TOKEN) == 2


def test_a_token_given_out_but_refused_is_forced_once(outside: Outside, template: TemplateOutlet) -> None:
    template.send(a_letter(OPENID))
    outside.set("tokens", **{"as": "refused"})
    template.send(a_letter(OPENID))
    assert outside.calls(TOKEN) == 3  # the first, the same again, the forced one
    outside.set("tokens", **{"as": "refused"})
    error = refusal(template)
    assert error.kind is Kind.RETRY and "forced" in error.reason
    assert outside.calls(TOKEN) == 4


@pytest.mark.parametrize(
    ("account", "reason"),
    [
        (WechatAccount("wx-unknown", "sandbox-secret"), "errcode 40013"),
        (WechatAccount("wx-sandbox", "wrong"), "errcode 40125"),
    ],
)
def test_a_wrong_account_can_be_mended(
    outside: Outside, redis: Redis, transport: httpx.HTTPTransport, account: WechatAccount, reason: str
) -> None:
    wechat = Wechat(account, redis, base_url=outside.url, transport=transport)
    error = refusal(TemplateOutlet(wechat, MessageTemplate("sandbox-template")))
    assert (error.kind, error.reason) == (Kind.RETRY, reason)


def test_the_quota_of_tokens_pauses_the_channel(outside: Outside, template: TemplateOutlet) -> None:
    outside.set("answers", path=TOKEN, body={"errcode": 45009, "errmsg": "reach max api daily quota limit"})
    assert refusal(template).kind is Kind.QUOTA
