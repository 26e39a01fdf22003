"""What the mini-program's client promises, against the sandbox: whose phone it is, which number; each code once."""

import httpx
import pytest
from redis import Redis

from liaison.clients.letters import Kind, NotSent
from liaison.clients.wechat import Wechat, WechatAccount
from liaison.clients.wechat_mini import MiniProgram
from sandbox.mini_program import SESSION_KEY
from tests.support.outside import Outside

SESSION, NUMBER = "/sns/jscode2session", "/wxa/business/getuserphonenumber"
ACCOUNT = WechatAccount("wx-sandbox", "sandbox-secret")


@pytest.fixture
def mini(outside: Outside, redis: Redis, transport: httpx.HTTPTransport) -> MiniProgram:
    return MiniProgram(Wechat(ACCOUNT, redis, base_url=outside.url, transport=transport))


def code(outside: Outside, user: str = "liu", **more: object) -> str:
    return outside.set("mini-program/codes", user=user, **more)["code"]


def phone_code(outside: Outside, phone: str = "13800138000", **more: object) -> str:
    return outside.set("mini-program/phone-codes", phone=phone, **more)["code"]


def test_a_code_tells_whose_phone_it_is_and_nothing_of_the_session_key(outside: Outside, mini: MiniProgram) -> None:
    openid = mini.openid(code(outside))
    assert openid == mini.openid(code(outside)) != mini.openid(code(outside, "chen"))
    assert openid.startswith("o") and len(openid) == 28
    assert SESSION_KEY not in repr(vars(mini))


def test_a_number_comes_without_our_own_countrys_prefix(outside: Outside, mini: MiniProgram) -> None:
    assert mini.phone(phone_code(outside)) == "13800138000"
    assert mini.phone(phone_code(outside, "91234567", country="852")) == "+85291234567"


def ask(mini: MiniProgram, what: str, code: str) -> Kind:
    with pytest.raises(NotSent) as caught:
        getattr(mini, what)(code)
    assert code not in str(caught.value) and caught.value.__cause__ is None
    return caught.value.kind


@pytest.mark.parametrize("what", ["openid", "phone"])
def test_a_code_is_good_once_and_for_five_minutes(outside: Outside, mini: MiniProgram, what: str) -> None:
    make = {"openid": code, "phone": phone_code}[what]
    used, late, fine = make(outside), make(outside), make(outside)
    getattr(mini, what)(used)
    assert ask(mini, what, used) is Kind.FINAL
    outside.set("clock", seconds=299)
    getattr(mini, what)(fine)
    outside.set("clock", seconds=1)
    assert ask(mini, what, late) is Kind.FINAL
    assert ask(mini, what, "made-up") is Kind.FINAL


def test_the_code_of_one_kind_opens_nothing_as_the_other(outside: Outside, mini: MiniProgram) -> None:
    assert ask(mini, "phone", code(outside)) is Kind.FINAL
    assert ask(mini, "openid", phone_code(outside)) is Kind.FINAL


def test_whom_wechat_suspects_is_refused(outside: Outside, mini: MiniProgram) -> None:
    assert ask(mini, "openid", code(outside, risky=True)) is Kind.FINAL


def test_who_opens_it_too_often_waits_a_minute(outside: Outside, mini: MiniProgram) -> None:
    for _ in range(100):
        mini.openid(code(outside))
    assert ask(mini, "openid", code(outside)) is Kind.QUOTA
    mini.openid(code(outside, "chen"))
    outside.set("clock", seconds=61)
    mini.openid(code(outside))


@pytest.mark.parametrize(
    ("number", "kind"),
    [(-1, Kind.RETRY), (40029, Kind.FINAL), (40226, Kind.FINAL), (45011, Kind.QUOTA), (40013, Kind.RETRY)],
)
def test_every_code_means_what_the_documents_say(outside: Outside, mini: MiniProgram, number: int, kind: Kind) -> None:
    for path, what in ((SESSION, "openid"), (NUMBER, "phone")):
        outside.set("answers", path=path, body={"errcode": number, "errmsg": "as the documents say"})
        assert ask(mini, what, "any") is kind


def test_an_ended_token_is_renewed_and_the_number_comes(outside: Outside, mini: MiniProgram) -> None:
    mini.phone(phone_code(outside))
    outside.set("tokens", **{"as": "ended"})
    assert mini.phone(phone_code(outside)) == "13800138000"


@pytest.mark.parametrize("body", [{"errcode": 0, "phone_info": {}}, {"errcode": 0}, {"errcode": 0, "phone_info": "1"}])
def test_an_answer_without_a_number_is_no_number(outside: Outside, mini: MiniProgram, body: dict) -> None:
    outside.set("answers", path=NUMBER, body=body)
    assert ask(mini, "phone", "any") is Kind.RETRY


def test_an_outage_is_tried_again(outside: Outside, mini: MiniProgram) -> None:
    for faults in ({"down": True}, {"errors": 1}, {"drop": 1}):
        outside.set("faults", **faults)
        assert ask(mini, "openid", "any") is Kind.RETRY
