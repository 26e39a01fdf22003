"""Answers people who have written to the service account: WeChat's customer-service message, within 48 hours.

Source: WeChat's documentation of message/custom/send.
"""

from liaison.clients.wechat import Wechat

SEND = "/cgi-bin/message/custom/send"
LONGEST = 2048  # bytes of a text


class CustomerDesk:
    """The desk of one service account; shared by threads."""

    def __init__(self, wechat: Wechat) -> None:
        self._wechat = wechat

    def say(self, openid: str, text: str) -> None:
        """Send a text, in which `<a href="…">` is a link. Raises NotSent, final once the 48 hours are over."""
        self._wechat.post(SEND, {"touser": openid, "msgtype": "text", "text": {"content": text}})
