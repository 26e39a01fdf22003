"""Who opens a page in WeChat's own browser: the openid at the service account, and nothing else of the person.

`snsapi_base` asks nobody anything and tells nothing but the openid. It stays on the server.
"""

from urllib.parse import urlencode

from liaison.clients.wechat import Wechat

OPEN_HOST = "https://open.weixin.qq.com"


class OAuth:
    """Sends a browser to WeChat and learns who came back; shared by threads."""

    def __init__(self, wechat: Wechat, appid: str, open_url: str = OPEN_HOST) -> None:
        self._wechat, self._appid, self._open_url = wechat, appid, open_url.rstrip("/")

    def address(self, back: str, state: str) -> str:
        """Where the browser goes; it comes to `back` with `state` and, unless refused, with a code.

        WeChat wants these parameters in this order and the fragment at the end.
        """
        asked = {
            "appid": self._appid,
            "redirect_uri": back,
            "response_type": "code",
            "scope": "snsapi_base",
            "state": state,
        }
        return f"{self._open_url}/connect/oauth2/authorize?{urlencode(asked)}#wechat_redirect"

    def openid_of(self, code: str) -> str:
        """Turn a code, which works once and for five minutes, into the openid. Raises NotSent."""
        told = self._wechat.exchange("/sns/oauth2/access_token", code=code, grant_type="authorization_code")
        return str(told["openid"])
