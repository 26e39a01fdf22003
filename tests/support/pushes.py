"""Platforms as they knock on our doors: WeChat with signed, sealed pushes, a gateway with signed reports."""

import base64
import json
from collections.abc import Mapping
from itertools import count

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from liaison.clients import delivery_reports, wechat_crypto
from liaison.settings import Callbacks
from tests.support.clock import FakeClock

OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
SETTINGS = Callbacks(
    wechat_token="AAAAA",
    wechat_aes_key=base64.b64encode(bytes(range(32))).decode().rstrip("="),
    wechat_app_id="wxba5fad812f8e6fb9",
    secret="r" * 32,
)

_nonces = count(1514711492)


def xml(**fields: object) -> bytes:
    """A message as WeChat writes it."""
    return f"<xml>{''.join(f'<{name}><![CDATA[{each}]]></{name}>' for name, each in fields.items())}</xml>".encode()


def text(message_id: int = 23456, content: str = "路灯坏了") -> bytes:
    """A user's message to the account."""
    return xml(ToUserName="gh_1", FromUserName=OPENID, CreateTime=1, MsgType="text", Content=content, MsgId=message_id)


def finished(message_id: str, status: str = "success") -> bytes:
    """WeChat's report that a template message was delivered, or why not."""
    return xml(
        ToUserName="gh_1",
        FromUserName=OPENID,
        CreateTime=1395658920,
        MsgType="event",
        Event="TEMPLATESENDJOBFINISH",
        MsgID=message_id,
        Status=status,
    )


class WeChat:
    """The server of WeChat, whose clock is ours."""

    def __init__(self, client: FlaskClient, clock: FakeClock, settings: Callbacks = SETTINGS) -> None:
        self._client, self._clock, self._settings = client, clock, settings
        self._seal = wechat_crypto.Seal(settings.wechat_aes_key, settings.wechat_app_id)

    def push(self, message: bytes, **instead: object) -> TestResponse:
        """Push a message; `instead` replaces timestamp, nonce, msg_signature or the whole body. None leaves it out."""
        sealed = self._seal.seal(message)
        signed = self.signed(sealed, **{name: instead[name] for name in ("timestamp", "nonce") if name in instead})
        query = {"encrypt_type": "aes", "openid": OPENID, **signed, "msg_signature": signed["signature"]} | instead
        body = query.pop("body", xml(ToUserName="gh_1", Encrypt=sealed))
        query = {name: each for name, each in query.items() if each is not None}
        return self._client.post("/callbacks/wechat", query_string=query, data=body, content_type="text/xml")

    def check(self, **instead: object) -> TestResponse:
        """Check that the address is ours."""
        query = {**self.signed(), "echostr": "6542831245"} | instead
        return self._client.get("/callbacks/wechat", query_string=query)

    def signed(self, *parts: str, **given: object) -> Mapping[str, str]:
        """Timestamp and nonce of a new request, and its signature together with further parts."""
        fresh = {"timestamp": int(self._clock().timestamp()), "nonce": next(_nonces)} | given
        named = {name: str(each) for name, each in fresh.items()}
        return named | {"signature": wechat_crypto.sign(self._settings.wechat_token, *named.values(), *parts)}


class Gateway:
    """A county's platform that sends SMS or messages, whose clock is ours."""

    def __init__(self, client: FlaskClient, clock: FakeClock, path: str = "/callbacks/sms") -> None:
        self._client, self._clock, self._path = client, clock, path

    def report(self, body: bytes | None = None, *, secret: str = SETTINGS.secret, **said: str) -> TestResponse:
        """Report on a message, now."""
        return self.send(body if body is not None else json.dumps(said).encode(), secret=secret)

    def send(self, body: bytes, *, secret: str = SETTINGS.secret, timestamp: str = "") -> TestResponse:
        """Send any body, signed."""
        timestamp = timestamp or str(int(self._clock().timestamp()))
        headers = {
            "X-Liaison-Timestamp": timestamp,
            "X-Liaison-Signature": delivery_reports.sign(secret, timestamp, body),
        }
        return self._client.post(self._path, data=body, headers=headers, content_type="application/json")
