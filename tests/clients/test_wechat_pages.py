"""WeChat in web pages: who comes back from its sign-in, and which pages its script may serve."""

from datetime import UTC, datetime

import pytest

from liaison.clients.letters import Kind, NotSent
from liaison.clients.wechat import Wechat, WechatAccount
from liaison.clients.wechat_jssdk import JsSdk, sign
from liaison.clients.wechat_oauth import OAuth
from tests.support.outside import Outside

APPID, SECRET = "wx-sandbox-service", "sandbox-secret"
TICKET = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"


def test_a_page_is_signed_as_wechats_own_example_is() -> None:
    for address in ("http://mp.weixin.qq.com?params=value", "http://mp.weixin.qq.com?params=value#there"):
        assert sign(TICKET, "Wm3WZYTPz0wzccnW", 1414587457, address) == "0f9de62fce790f9a083d5c99e95740ceb90c27ed"


def test_each_page_is_signed_anew_with_the_one_ticket(outside: Outside) -> None:
    wechat = Wechat(WechatAccount(APPID, SECRET), None, base_url=outside.url, inside=["127.0.0.1"])
    at = datetime(2026, 11, 27, 2, 30, tzinfo=UTC)
    one, other = (JsSdk(wechat, APPID).signed("https://x.example/s/S001/new", at) for _ in range(2))
    assert one["appId"] == APPID and one["timestamp"] == int(at.timestamp()) and one["nonceStr"] != other["nonceStr"]
    for told in (one, other):
        expected = sign(wechat.jsapi_ticket(), told["nonceStr"], told["timestamp"], "https://x.example/s/S001/new")
        assert told["signature"] == expected
    assert outside.calls("/cgi-bin/ticket/getticket") == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"errcode": 40029, "errmsg": "invalid code"}, Kind.FINAL),
        ({"errcode": 40163, "errmsg": "code been used"}, Kind.FINAL),
        ({"errcode": 40226, "errmsg": "high risk user"}, Kind.FINAL),
        ({"errcode": -1, "errmsg": "system error"}, Kind.RETRY),
        ({"errcode": 45011, "errmsg": "api freq limit"}, Kind.QUOTA),
        ("<html>", Kind.RETRY),
    ],
)
def test_nobody_comes_back_by_a_code_that_is_not_good(outside: Outside, answer: object, kind: Kind) -> None:
    outside.set("answers", path="/sns/oauth2/access_token", body=answer)
    oauth = OAuth(Wechat(WechatAccount(APPID, SECRET), None, base_url=outside.url, inside=["127.0.0.1"]), APPID)
    with pytest.raises(NotSent) as raised:
        oauth.openid_of("0123")
    assert raised.value.kind is kind and "0123" not in str(raised.value)
