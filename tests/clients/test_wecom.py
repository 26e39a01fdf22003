"""What WeCom's client promises, against the sandbox: one card for one member, and what each refusal means."""

import httpx
import pytest
from redis import Redis

from liaison.clients.letters import Kind, NotSent
from liaison.clients.wecom import CODES, Wecom, WecomAccount, WecomDoor, WecomOutlet, cut
from tests.support.outside import MEMBER, Outside, a_letter

ACCOUNT = WecomAccount("ww-sandbox", "sandbox-corp-secret", 1000001)
TOKEN, SEND = "/cgi-bin/gettoken", "/cgi-bin/message/send"


@pytest.fixture
def wecom(outside: Outside, redis: Redis, transport: httpx.HTTPTransport) -> WecomOutlet:
    return WecomOutlet(Wecom(ACCOUNT, redis, base_url=outside.url, transport=transport))


def refusal(outlet: WecomOutlet, address: str = MEMBER) -> NotSent:
    with pytest.raises(NotSent) as caught:
        outlet.send(a_letter(address))
    return caught.value


def test_a_card_arrives_with_its_link(outside: Outside, wecom: WecomOutlet) -> None:
    assert wecom.send(a_letter(MEMBER)) == "msg-1"
    (message,) = outside.messages()
    assert (message["channel"], message["address"]) == ("wecom", MEMBER)
    assert message["text"] == "您有新的办理提醒，请打开查看"
    assert message["link"] == "https://lianluo.example.gov.cn/n/7Q2"


def test_a_repeat_within_half_an_hour_is_not_shown_twice(outside: Outside, wecom: WecomOutlet) -> None:
    wecom.send(a_letter(MEMBER))
    wecom.send(a_letter(MEMBER))
    wecom.send(a_letter(MEMBER, link="https://lianluo.example.gov.cn/n/another"))
    assert len(outside.messages()) == 2


@pytest.mark.parametrize("text", ["办" * 42, "办" * 43, "x" + "办" * 300, "𠀀" * 200, "a" * 600])
def test_texts_are_cut_between_characters(outside: Outside, wecom: WecomOutlet, text: str) -> None:
    wecom.send(a_letter(MEMBER, text=text))
    (message,) = outside.messages()
    for shown, size in ((message["text"], 128), (message["detail"], 512)):
        assert len(shown.encode()) <= size and text.startswith(shown.removesuffix("…"))
        assert shown == text or len(shown.encode()) > size - 4


def test_a_text_that_fits_stays_whole() -> None:
    assert cut("办" * 42 + "xx", 128) == "办" * 42 + "xx"
    assert cut("办" * 43, 128) == "办" * 41 + "…"


def test_an_unknown_member_is_final(outside: Outside, wecom: WecomOutlet) -> None:
    outside.set("people", address=MEMBER)
    error = refusal(wecom)
    assert (error.kind, error.reason) == (Kind.FINAL, "errcode 81013")


@pytest.mark.parametrize("name", ["invaliduser", "unlicenseduser"])
def test_a_member_named_as_invalid_is_final(outside: Outside, wecom: WecomOutlet, name: str) -> None:
    outside.set("answers", path=SEND, body={"errcode": 0, "errmsg": "ok", name: MEMBER, "msgid": "x"})
    assert refusal(wecom).kind is Kind.FINAL


def test_the_quota_pauses_the_channel(outside: Outside, wecom: WecomOutlet) -> None:
    outside.set("limits", day_quota=0)
    error = refusal(wecom)
    assert error.kind is Kind.QUOTA and error.pause


@pytest.mark.parametrize("code", [*CODES, 99999])
def test_every_code_means_what_the_table_says(outside: Outside, wecom: WecomOutlet, code: int) -> None:
    outside.set("answers", path=SEND, body={"errcode": code, "errmsg": "as the documents say"}, times=2)
    error = refusal(wecom)
    named = {81013: Kind.FINAL, 60111: Kind.FINAL, 45009: Kind.QUOTA, -1: Kind.RETRY, 60020: Kind.RETRY}
    assert error.kind is named.get(code, CODES[code].kind if code in CODES else Kind.RETRY)


def test_an_ended_token_is_renewed_once(outside: Outside, wecom: WecomOutlet) -> None:
    wecom.send(a_letter(MEMBER))
    outside.set("tokens", **{"as": "ended"})
    wecom.send(a_letter("another.member"))
    assert outside.calls(TOKEN) == 2 and len(outside.messages()) == 2


@pytest.mark.parametrize(
    ("account", "reason"),
    [
        (WecomAccount("ww-unknown", "sandbox-corp-secret", 1000001), "errcode 40013"),
        (WecomAccount("ww-sandbox", "wrong", 1000001), "errcode 40001"),
        (WecomAccount("ww-sandbox", "sandbox-corp-secret", 7), "errcode 40056"),
    ],
)
def test_wrong_settings_can_be_mended(
    outside: Outside, transport: httpx.HTTPTransport, account: WecomAccount, reason: str
) -> None:
    error = refusal(WecomOutlet(Wecom(account, None, base_url=outside.url, transport=transport)))
    assert (error.kind, error.reason) == (Kind.RETRY, reason)


def test_an_outage_is_tried_again(outside: Outside, wecom: WecomOutlet) -> None:
    for faults in ({"down": True}, {"errors": 1}, {"drop": 1}):
        outside.set("faults", **faults)
        assert refusal(wecom).kind is Kind.RETRY


# Signing in


@pytest.fixture
def door(outside: Outside, redis: Redis, transport: httpx.HTTPTransport) -> WecomDoor:
    return WecomDoor(Wecom(ACCOUNT, redis, base_url=outside.url, transport=transport), outside.url)


def comes_back(outside: Outside, door: WecomDoor, member: str = MEMBER) -> httpx.URL:
    """Where the browser is sent once a phone has confirmed."""
    back = door.address("http://testserver/back", "a-state")
    page = httpx.get(back)
    assert page.status_code == 200 and "确认登录" in page.text
    return httpx.post(back, data={"userid": member}).next_request.url


def code_of(outside: Outside, door: WecomDoor, member: str = MEMBER) -> str:
    return comes_back(outside, door, member).params["code"]


def kind_of(door: WecomDoor, code: str) -> Kind:
    with pytest.raises(NotSent) as caught:
        door.member(code)
    assert code not in str(caught.value)
    return caught.value.kind


def test_a_confirmed_phone_tells_whose_it_is_once(outside: Outside, door: WecomDoor) -> None:
    back = comes_back(outside, door)
    assert str(back).startswith("http://testserver/back?") and back.params["state"] == "a-state"
    assert door.member(back.params["code"]) == MEMBER
    assert kind_of(door, back.params["code"]) is Kind.FINAL


def test_a_code_ends_after_five_minutes(outside: Outside, door: WecomDoor) -> None:
    fine, late = code_of(outside, door), code_of(outside, door)
    outside.set("clock", seconds=299)
    assert door.member(fine) == MEMBER
    outside.set("clock", seconds=1)
    assert kind_of(door, late) is Kind.FINAL


def test_who_is_no_member_is_nobody(outside: Outside, door: WecomDoor) -> None:
    code = code_of(outside, door)
    outside.set("people", address=MEMBER)
    assert kind_of(door, code) is Kind.FINAL


@pytest.mark.parametrize(("number", "kind"), [(-1, Kind.RETRY), (40029, Kind.FINAL), (45009, Kind.QUOTA)])
def test_a_refused_sign_in_means_what_the_table_says(
    outside: Outside, door: WecomDoor, number: int, kind: Kind
) -> None:
    outside.set("answers", path="/cgi-bin/auth/getuserinfo", body={"errcode": number, "errmsg": "no"})
    assert kind_of(door, "any") is kind
