"""WeCom as a way to the staff and for the staff: cards to members, and who signs in, by the county's own application.

Nothing else in the project knows an address, a field or an error code of qyapi.weixin.qq.com.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

import httpx
from redis import Redis

from liaison.clients.calls import FINAL, RETRY, Caller, quota
from liaison.clients.letters import Letter
from liaison.clients.tokens import Answer, Tokens, answer_in, check, token_in

HOST = "https://qyapi.weixin.qq.com"
LOGIN = "https://login.work.weixin.qq.com"
NOTHING: Mapping[str, str] = MappingProxyType({})
TITLE, DESCRIPTION = 128, 512
"""How many bytes of UTF-8 the two texts of a card hold."""

REPEATS_WITHIN = 1800
"""Seconds in which WeCom drops a second message with the same content to the same member."""

CODES = {
    -1: RETRY,  # busy
    40001: RETRY, 40014: RETRY, 42001: RETRY,  # the token, after it was renewed once
    40013: RETRY, 40056: RETRY, 60020: RETRY, 301002: RETRY,  # corp, application, our address, rights: can be mended
    40003: FINAL, 60111: FINAL, 81013: FINAL,  # no such member, or not one who may see the application
    40029: FINAL, 42003: FINAL,  # the code of a sign-in: not or no longer good
    40058: FINAL, 44004: FINAL, 45002: FINAL,  # a text that breaks its rule
    45009: quota(minutes=1), 45011: quota(minutes=1),  # of the minute or the hour; WeCom does not say which
    45033: quota(seconds=10),  # too many at once
}
"""What WeCom's codes mean; a code that is not here can be tried again."""


@dataclass(frozen=True)
class WecomAccount:
    """An application of the county's corp."""

    corp_id: str
    secret: str = field(repr=False)
    agent_id: int


class Wecom:
    """The calls of one application; shared by threads. Redis is only a cache for the token."""

    def __init__(
        self,
        account: WecomAccount,
        redis: Redis | None,
        *,
        base_url: str = HOST,
        transport: httpx.BaseTransport | None = None,
        inside: Collection[str] = (),
    ) -> None:
        self.account = account
        self._caller = Caller(base_url, transport, inside)
        self._tokens = Tokens(f"wecom:{account.corp_id}:{account.agent_id}", self._get_token, redis)

    def call(self, method: str, path: str, query: Mapping[str, str] = NOTHING, **request: Any) -> Answer:
        """Make a call with the token, renewed once when refused; returns the answer, raises NotSent for a bad code."""

        def attempt(token: str) -> Answer:
            return answer_in(self._caller.call(method, path, params={"access_token": token, **query}, **request))

        answer = self._tokens.spend(attempt)
        check(answer, CODES)
        return answer

    def _get_token(self, force: bool) -> tuple[str, float]:
        """Ask for the token; WeCom cannot be made to change it."""
        account = {"corpid": self.account.corp_id, "corpsecret": self.account.secret}
        return token_in(self._caller.call("GET", "/cgi-bin/gettoken", params=account), CODES)


class WecomOutlet:
    """Cards to members."""

    def __init__(self, wecom: Wecom) -> None:
        self._wecom = wecom

    def send(self, letter: Letter) -> str | None:
        """Hand the letter over to a member's user id; returns WeCom's message id."""
        body = {
            "touser": letter.address,
            "msgtype": "textcard",
            "agentid": self._wecom.account.agent_id,
            "textcard": {
                "title": cut(letter.text, TITLE),
                "description": cut(letter.text, DESCRIPTION),
                "url": letter.link,
            },
            "enable_duplicate_check": 1,
            "duplicate_check_interval": REPEATS_WITHIN,
        }
        answer = self._wecom.call("POST", "/cgi-bin/message/send", json=body)
        if answer.get("invaliduser") or answer.get("unlicenseduser"):
            raise FINAL.error("not a member")
        return str(answer["msgid"]) if "msgid" in answer else None


class WecomDoor:
    """Members sign in by their phones: a page of WeCom's shows a QR code and sends the browser back with a code."""

    def __init__(self, wecom: Wecom, login_url: str = LOGIN) -> None:
        self._wecom, self._login_url = wecom, login_url.rstrip("/")

    def address(self, back: str, state: str) -> str:
        """Where the browser goes; it comes to `back` with `state` and, unless refused, with a code."""
        account = self._wecom.account
        asked = {"login_type": "CorpApp", "appid": account.corp_id, "agentid": account.agent_id}
        return f"{self._login_url}/wwlogin/sso/login?{urlencode(asked | {'redirect_uri': back, 'state': state})}"

    def member(self, code: str) -> str:
        """Whose phone confirmed, by a code that works once, for five minutes.

        Raises NotSent: FINAL for a code that opens nothing and for who is no member of the corp.
        """
        userid = self._wecom.call("GET", "/cgi-bin/auth/getuserinfo", {"code": code}).get("userid")
        if not isinstance(userid, str) or not userid:
            raise FINAL.error("not a member")
        return userid


def cut(text: str, size: int) -> str:
    """Return the text, or as much of it with an ellipsis as fits into so many bytes of UTF-8."""
    if len(text.encode()) <= size:
        return text
    return text.encode()[: size - len("…".encode())].decode(errors="ignore") + "…"
