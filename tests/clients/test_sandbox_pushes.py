"""What the sandbox pushes to a callback is sealed and signed as WeChat does it, by an implementation of its own."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto

from liaison.clients.wechat import MessageTemplate, TemplateOutlet, Wechat, WechatAccount
from liaison.clients.wechat_crypto import Seal, is_signed
from liaison.clients.wechat_push import read, sealed_in
from sandbox import events, pushing
from tests.clients.test_wechat_crypto import AES_KEY, APP_ID, MESSAGE, TOKEN
from tests.support.outside import OPENID, Outside, a_letter

APP = "wx-sandbox-service"


class Door(ThreadingHTTPServer):
    """A developer's server that opens what is pushed with another library than the sandbox's or ours."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Knock)
        self.took: Queue[tuple[bytes, bytes]] = Queue()
        self.crypto = WeChatCrypto(TOKEN, AES_KEY, APP)


class Knock(BaseHTTPRequestHandler):
    """One push, or the check of the address."""

    def do_GET(self) -> None:
        """Give the echo back to whoever signs."""
        said = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        signed = is_signed(said["signature"], TOKEN, said["timestamp"], said["nonce"])
        self._answer(said["echostr"] if signed else "no")

    def do_POST(self) -> None:
        """Open the message with the signature that came along."""
        said = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        envelope = self.rfile.read(int(self.headers["Content-Length"]))
        opened = self.server.crypto.decrypt_message(envelope, said["msg_signature"], said["timestamp"], said["nonce"])
        self.server.took.put((envelope, opened.encode()))
        self._answer("success")

    def _answer(self, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *told: object) -> None:
        """Say nothing."""


@pytest.fixture
def door() -> Iterator[Door]:
    with Door() as door:
        thread = threading.Thread(target=door.serve_forever, args=(0.01,))
        thread.start()
        yield door
        door.shutdown()
        thread.join()


def callback(door: Door, **changes: str) -> dict[str, str]:
    usual = {"app_id": APP, "url": f"http://127.0.0.1:{door.server_port}/", "token": TOKEN, "aes_key": AES_KEY}
    return usual | changes


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=200))
def test_ours_and_another_library_open_what_the_sandbox_seals(message: str) -> None:
    sealed = pushing.seal(message, AES_KEY, APP_ID)
    signature = pushing.signature(TOKEN, "1714036504", "1514711492", sealed)
    assert is_signed(signature, TOKEN, "1714036504", "1514711492", sealed)
    assert Seal(AES_KEY, APP_ID).open(sealed) == message.encode()
    opened = WeChatCrypto(TOKEN, AES_KEY, APP_ID).decrypt_message(
        {"Encrypt": sealed}, signature, "1714036504", "1514711492"
    )
    assert opened == message


def test_the_sandbox_signs_a_check_as_published() -> None:
    signature = pushing.signature("1514711492", "AAAAA", "1714036504")
    assert signature == "f464b24fc39322e44b38aa78f5edd27bd1441696"


def test_a_text_that_ends_its_own_marks_stays_whole() -> None:
    said = events.xml(events.event("]]>", "o<&]]>", Deep={"List": [{"A": "1"}, {"A": "2"}]}))
    message = parse_message(said)
    assert message.source == "o<&]]>" and message._data["Event"] == "]]>"


def test_after_a_template_message_its_end_is_pushed(outside: Outside, door: Door, transport: object) -> None:
    assert outside.set("callbacks", **callback(door)) == {"answers": True}
    outside.set("deliveries", status="failed:user block", delay=0, times=2)
    wechat = Wechat(WechatAccount(APP, "sandbox-secret"), None, base_url=outside.url, transport=transport)
    number = TemplateOutlet(wechat, MessageTemplate("sandbox-template")).send(a_letter(OPENID))
    envelope, message = door.took.get(timeout=10)
    assert Seal(AES_KEY, APP).open(sealed_in(envelope)) == message != MESSAGE
    assert door.took.get(timeout=10)[1] == message, "told again"
    assert read(message).said == {"provider_id": number, "status": "failed", "reason": "failed:user block"}


def test_a_wrong_token_does_not_pass_the_check(outside: Outside, door: Door) -> None:
    assert outside.set("callbacks", **callback(door, token="BBBBB")) == {"answers": False}


def test_consent_is_pushed(outside: Outside, door: Door) -> None:
    outside.set("callbacks", **callback(door))
    outside.set("consents", openid=OPENID, template_id="sandbox-subscribe", app_id=APP)
    _, message = door.took.get(timeout=10)
    assert b"subscribe_msg_popup_event" in message and b"<TemplateId><![CDATA[sandbox-subscribe]]>" in message
