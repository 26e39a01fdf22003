"""Who opens a page in WeChat's own browser: the openid at the service account, and nothing else of the person.

`snsapi_base` asks nobody anything and tells nothing but the openid. It stays on the server.
"""

from collections.abc import Collection
from urllib.parse import urlencode

import httpx

from liaison.clients.calls import FINAL, RETRY, Caller, document, quota
from liaison.clients.tokens import answer_in, check
from liaison.clients.wechat import HOST, WechatAccount

OPEN_HOST = "https://open.weixin.qq.com"
STATE = 128
"""How many letters and digits the state may have that WeChat carries there and back."""

CODES = {
    -1: RETRY,  # busy
    40013: RETRY, 40125: RETRY, 40164: RETRY, 48001: RETRY,  # account, secret, our address, rights: can be mended
    40029: FINAL, 40163: FINAL, 41008: FINAL, 42003: FINAL,  # a code that is none, was used, is missing, has ended
    40226: FINAL, 50002: FINAL,  # a user WeChat has blocked
    45011: quota(minutes=1),
}  # fmt: skip
"""What WeChat's codes mean here; a code that is not here can be tried again, which takes a new round."""


class OAuth:
    """Sends a browser to WeChat and learns who came back; shared by threads."""

    def __init__(
        self,
        account: WechatAccount,
        *,
        base_url: str = HOST,
        open_url: str = OPEN_HOST,
        transport: httpx.BaseTransport | None = None,
        inside: Collection[str] = (),
    ) -> None:
        self._account, self._open_url = account, open_url.rstrip("/")
        self._caller = Caller(base_url, transport, inside)

    def address(self, back: str, state: str) -> str:
        """Where the browser goes; it comes to `back` with `state` and, unless refused, with a code.

        WeChat wants these parameters in this order and the fragment at the end.
        """
        asked = {
            "appid": self._account.appid,
            "redirect_uri": back,
            "response_type": "code",
            "scope": "snsapi_base",
            "state": state,
        }
        return f"{self._open_url}/connect/oauth2/authorize?{urlencode(asked)}#wechat_redirect"

    def openid_of(self, code: str) -> str:
        """Turn a code, which works once and for five minutes, into the openid. Raises NotSent."""
        account = {"appid": self._account.appid, "secret": self._account.secret}
        asked = account | {"code": code, "grant_type": "authorization_code"}
        response = self._caller.call("GET", "/sns/oauth2/access_token", params=asked)
        openid = document(response).get("openid")
        if response.status_code == 200 and isinstance(openid, str) and openid:
            return openid
        check(answer_in(response), CODES)
        raise FINAL.error("an answer without an openid")
