"""The mini-program's phones: who opened it, and which number they chose to show; nothing is asked that was not shown.

WeChat gives a session_key along with the openid. It would open data this house does not ask for, so it ends here.
"""

from liaison.clients.calls import RETRY
from liaison.clients.wechat import Wechat


class MiniProgram:
    """What a phone shows by codes; each is good once, for five minutes. Shared by threads."""

    def __init__(self, wechat: Wechat) -> None:
        self._wechat = wechat

    def openid(self, code: str) -> str:
        """Whose phone it is, by the code of `wx.login`.

        Raises NotSent: FINAL for a code that opens nothing or an owner WeChat suspects, QUOTA for who asks too often.
        """
        answer = self._wechat.exchange("/sns/jscode2session", js_code=code, grant_type="authorization_code")
        return str(answer["openid"])

    def phone(self, code: str) -> str:
        """The mobile number its owner chose to show, without our own country's prefix, by the code of the button.

        Raises NotSent as `openid` does.
        """
        told = self._wechat.post("/wxa/business/getuserphonenumber", {"code": code}).get("phone_info")
        number = told.get("purePhoneNumber") if isinstance(told, dict) else None
        if not isinstance(number, str) or not number:
            raise RETRY.error("an answer without a number")
        return number if str(told.get("countryCode", "86")) == "86" else f"+{told['countryCode']}{number}"
