"""WeChat as a way to people's phones: subscribe messages of a mini-program, template messages of a service account.

Nothing else in the project knows an address, a field or an error code of api.weixin.qq.com.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx
from redis import Redis

from liaison.clients.calls import FINAL, NO_CONSENT, RETRY, Caller, document, quota
from liaison.clients.letters import Letter, NotSent
from liaison.clients.tokens import Answer, Tokens, answer_in, check, token_in
from liaison.domain.calendar import SHANGHAI

HOST = "https://api.weixin.qq.com"
THING = 20
"""How many characters a field of the kind `thing` holds; one more, and the whole message is refused (47003)."""

REPEATED = 45065
"""This client message id was taken already, which is what an attempt that got no answer wants to hear."""

CODES = {
    -1: RETRY,  # busy
    40001: RETRY, 40014: RETRY, 42001: RETRY,  # the token, after it was renewed once
    40013: RETRY, 40125: RETRY, 40164: RETRY, 48001: RETRY,  # account, secret, our address, rights: can be mended
    40003: FINAL,  # no such openid
    40029: FINAL, 40163: FINAL,  # a code that is not, or no longer, good; one that was used
    40226: FINAL,  # WeChat has blocked this person
    40037: FINAL,  # no such template
    41030: FINAL, 40159: FINAL,  # no such page, or none that was published
    40169: FINAL,  # no such scene
    43004: FINAL,  # does not follow the service account
    43101: NO_CONSENT,  # none left
    43108: RETRY,  # two messages to one person at once
    45015: FINAL,  # wrote to us more than 48 hours ago
    45047: FINAL,  # was answered too often
    45168: FINAL,  # a word WeChat does not pass
    61010: FINAL,  # was not in the mini-program within two hours
    87014: FINAL,  # content it calls risky
    47001: FINAL, 47003: FINAL,  # a field breaks its rule
    45009: quota(minutes=10),  # of the day: the next look finds out when it is over
    45011: quota(minutes=1),  # of the minute
}
"""What WeChat's codes mean; a code that is not here can be tried again."""

_FIELD = re.compile(r"data\.(\w{1,32})\.value")


@dataclass(frozen=True)
class WechatAccount:
    """A mini-program or a service account."""

    appid: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class MessageTemplate:
    """A template by its id and what its fields carry; an empty `time_field` or `page` is left out.

    `page` is the mini-program's page that opens our links: it gets the letter's as its parameter `link`.
    `state` is the edition of the mini-program that opens: developer, trial or formal.
    """

    id: str
    text_field: str = "thing1"
    time_field: str = "time2"
    page: str = ""
    state: str = "formal"

    def data(self, letter: Letter) -> dict[str, dict[str, str]]:
        """Return the fields filled from a letter, the text cut to what a `thing` holds."""
        filled = {self.text_field: _cut(letter.text)}
        if self.time_field:
            filled[self.time_field] = letter.at.astimezone(SHANGHAI).strftime("%Y年%m月%d日 %H:%M")
        return {name: {"value": value} for name, value in filled.items()}


class Wechat:
    """The calls of one account; shared by threads. Redis is only a cache for its token."""

    def __init__(
        self,
        account: WechatAccount,
        redis: Redis | None,
        *,
        base_url: str = HOST,
        transport: httpx.BaseTransport | None = None,
        inside: Collection[str] = (),
    ) -> None:
        self._account = account
        self._caller = Caller(base_url, transport, inside)
        self._tokens = Tokens(f"wechat:{account.appid}", self.stable_token, redis)
        self._tickets = Tokens(f"wechat:{account.appid}:jsapi", self._get_ticket, redis)

    def stable_token(self, force: bool = False) -> tuple[str, float]:
        """Ask for the token and its seconds to live; `force` makes the old one end, at most 20 times a day."""
        account = {"grant_type": "client_credential", "appid": self._account.appid, "secret": self._account.secret}
        response = self._caller.call("POST", "/cgi-bin/stable_token", json=account | {"force_refresh": force})
        return token_in(response, CODES)

    def jsapi_ticket(self) -> str:
        """The ticket that signs our pages for the JS-SDK: one for all processes, asked for by one of them at a time.

        Raises NotSent.
        """
        return self._tickets.current()

    def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Make a call with the token, renewed once when refused; returns the answer, raises NotSent for a bad code."""
        return self._call("POST", path, {}, json=body)

    def get(self, path: str, **query: str) -> Answer:
        """Ask with the token, as `post` does."""
        return self._call("GET", path, query)

    def picture(self, path: str, body: Mapping[str, Any]) -> bytes:
        """Ask with the token for a picture, which WeChat sends bare; raises NotSent as `post` does."""
        drawn: list[bytes] = []

        def attempt(token: str) -> Answer:
            response = self._caller.call("POST", path, params={"access_token": token}, json=body)
            if response.status_code == 200 and response.headers.get("Content-Type", "").startswith("image/"):
                drawn.append(response.content)
                return {"errcode": 0}
            return answer_in(response)

        _check(self._tokens.spend(attempt))
        if not drawn:
            raise NotSent("an answer without a picture")
        return drawn[-1]

    def exchange(self, path: str, **query: str) -> Answer:
        """Give a code of a person's phone for what it stands for, by the account's secret instead of the token.

        These answers have no `errcode` when all is well. Raises NotSent.
        """
        secrets = {"appid": self._account.appid, "secret": self._account.secret}
        response = self._caller.call("GET", path, params=secrets | query)
        answer = document(response)
        if response.status_code != 200 or "openid" not in answer:
            _check(answer_in(response))
        return answer

    def _call(self, method: str, path: str, query: Mapping[str, str], **body: Any) -> Answer:
        def attempt(token: str) -> Answer:
            return answer_in(self._caller.call(method, path, params={"access_token": token, **query}, **body))

        answer = self._tokens.spend(attempt)
        _check(answer)
        return answer

    def _get_ticket(self, force: bool) -> tuple[str, float]:
        """Ask for the ticket; nothing makes WeChat change it."""
        answer = self.get("/cgi-bin/ticket/getticket", type="jsapi")
        value, seconds = answer.get("ticket"), answer.get("expires_in")
        if isinstance(value, str) and value and type(seconds) is int:
            return value, seconds
        raise NotSent("an answer without a ticket")


class SubscribeOutlet:
    """Subscribe messages of the mini-program: one consent, one message. WeChat does not recognise repeats."""

    def __init__(self, wechat: Wechat, template: MessageTemplate) -> None:
        self._wechat, self._template = wechat, template

    def send(self, letter: Letter) -> None:
        """Hand the letter over to an openid of the mini-program; WeChat gives no id back."""
        template = self._template
        body = {
            "touser": letter.address,
            "template_id": template.id,
            "miniprogram_state": template.state,
            "lang": "zh_CN",
            "data": template.data(letter),
        }
        if template.page:
            body["page"] = f"{template.page}?link={quote(letter.link, safe='')}"
        self._wechat.post("/cgi-bin/message/subscribe/send", body)


class TemplateOutlet:
    """Template messages of the service account; WeChat recognises a repeat by its client message id for ten minutes."""

    def __init__(self, wechat: Wechat, template: MessageTemplate) -> None:
        self._wechat, self._template = wechat, template

    def send(self, letter: Letter) -> str | None:
        """Hand the letter over to an openid of the service account; returns WeChat's message id."""
        body = {
            "touser": letter.address,
            "template_id": self._template.id,
            "url": letter.link,
            "client_msg_id": letter.client_message_id,
            "data": self._template.data(letter),
        }
        answer = self._wechat.post("/cgi-bin/message/template/send", body)
        return str(answer["msgid"]) if "msgid" in answer else None


def _check(answer: Answer) -> None:
    if answer["errcode"] == REPEATED:
        return
    named = _FIELD.search(str(answer.get("errmsg", "")))  # of all its text, the name of our field alone
    check(answer, CODES, named.group(1) if named else "")


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= THING else f"{line[: THING - 1]}…"
