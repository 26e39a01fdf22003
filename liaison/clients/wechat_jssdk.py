"""WeChat's script in our pages: which of them it may serve is what our signature says.

The ticket that signs is the service account's, one for all processes, and never leaves the server.
"""

import hashlib
import secrets
from datetime import datetime

from liaison.clients.wechat import Wechat

NONCE_BYTES = 12


class JsSdk:
    """Signs pages for one service account; shared by threads."""

    def __init__(self, wechat: Wechat, appid: str) -> None:
        self._wechat, self._appid = wechat, appid

    def signed(self, page: str, at: datetime) -> dict[str, str | int]:
        """What WeChat's script must be told on the page with this whole address. Raises NotSent without a ticket."""
        nonce, timestamp = secrets.token_hex(NONCE_BYTES), int(at.timestamp())
        signature = sign(self._wechat.jsapi_ticket(), nonce, timestamp, page)
        return {"appId": self._appid, "timestamp": timestamp, "nonceStr": nonce, "signature": signature}


def sign(ticket: str, nonce: str, timestamp: int, page: str) -> str:
    """WeChat's signature of a page; what follows # in its address does not count."""
    told = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={page.partition('#')[0]}"
    return hashlib.sha1(told.encode()).hexdigest()
