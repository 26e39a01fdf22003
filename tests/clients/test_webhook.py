"""What the way to a county's message platform promises: 2xx is taken, refusals are final, all else is tried again."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from liaison.clients.letters import Kind, NotSent
from liaison.clients.webhook import Webhook
from tests.support.outside import PHONE, a_letter

SENT = {
    "client_message_id": "ab12cd34",
    "topic": "reminder.blue",
    "recipient": "0192",
    "text": "您有新的办理提醒，请打开查看",
    "link": "https://lianluo.example.gov.cn/n/7Q2",
}


class Platform(ThreadingHTTPServer):
    """Answers with `status` and `headers`, or not at all when that is 0, and keeps what it was handed."""

    daemon_threads = True
    status = 200

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.calls: list[tuple[str, dict[str, str], bytes]] = []
        self.connections: set[int] = set()
        super().__init__(("127.0.0.1", 0), Call)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/in?county=1"


class Call(BaseHTTPRequestHandler):
    server: Platform
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.calls.append((self.path, dict(self.headers), body))
        self.server.connections.add(self.client_address[1])
        if not self.server.status:
            self.close_connection = True
            return
        self.send_response(self.server.status)
        for name, value in {"Content-Length": "0", "Location": "/elsewhere", **self.server.headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *told: object) -> None:
        """Say nothing."""


@pytest.fixture
def platform() -> Iterator[Platform]:
    with Platform() as platform:
        thread = threading.Thread(target=platform.serve_forever, args=(0.01,))
        thread.start()
        yield platform
        platform.shutdown()
        thread.join()


@pytest.fixture
def webhook(platform: Platform, transport: httpx.HTTPTransport) -> Webhook:
    return Webhook(platform.url, transport=transport)


def refusal(webhook: Webhook) -> NotSent:
    with pytest.raises(NotSent) as caught:
        webhook.send(a_letter(PHONE))
    return caught.value


def test_a_letter_is_handed_over_under_its_own_id_and_without_an_address(platform: Platform, webhook: Webhook) -> None:
    webhook.send(a_letter(PHONE))
    ((path, headers, body),) = platform.calls
    assert (path, json.loads(body)) == ("/in?county=1", SENT)
    assert headers["Idempotency-Key"] == "ab12cd34" and headers["Content-Type"] == "application/json"
    assert "X-Liaison-Signature" not in headers


def test_a_secret_signs_the_body_and_the_time(platform: Platform, transport: httpx.HTTPTransport) -> None:
    Webhook(platform.url, "secret of the county", transport=transport).send(a_letter(PHONE))
    ((_, headers, body),) = platform.calls
    stamp = headers["X-Liaison-Timestamp"]
    assert abs(int(stamp) - time.time()) < 300
    expected = hmac.new(b"secret of the county", stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["X-Liaison-Signature"] == f"sha256={expected}"


def test_a_connection_serves_more_than_one_letter(platform: Platform, webhook: Webhook) -> None:
    for _ in range(3):
        webhook.send(a_letter(PHONE))
    assert len(platform.calls) == 3 and len(platform.connections) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *[(status, Kind.RETRY) for status in (503, 500, 401, 403, 404)],
        *[(status, Kind.FINAL) for status in (400, 405, 410, 413, 415, 422)],
        (429, Kind.QUOTA),
    ],
)
def test_only_a_refusal_of_this_very_letter_is_final(
    platform: Platform, webhook: Webhook, status: int, kind: Kind
) -> None:
    platform.status = status
    error = refusal(webhook)
    assert (error.kind, error.reason, error.pause) == (kind, f"HTTP {status}", None)


@pytest.mark.parametrize(
    ("told", "pause"),
    [
        ("30", timedelta(seconds=30)),
        ("0", timedelta(seconds=1)),
        ("99999999999999999999", timedelta(hours=1)),
        (formatdate(0, usegmt=True), timedelta(seconds=1)),
        (formatdate(4e9, usegmt=True), timedelta(hours=1)),
        ("soon", None),
        ("-5", None),
        ("²", None),
        ("", None),
    ],
)
def test_the_platform_says_how_long_it_wants_to_be_left_alone(
    platform: Platform, webhook: Webhook, told: str, pause: timedelta | None
) -> None:
    platform.status, platform.headers = 429, {"Retry-After": told}
    error = refusal(webhook)
    assert (error.kind, error.pause) == (Kind.QUOTA, pause)


def test_it_goes_nowhere_else_when_sent_on(platform: Platform, webhook: Webhook) -> None:
    platform.status = 302
    assert refusal(webhook).kind is Kind.RETRY
    assert len(platform.calls) == 1


def test_silence_and_a_closed_door_can_be_tried_again(
    platform: Platform, webhook: Webhook, transport: httpx.HTTPTransport
) -> None:
    platform.status = 0
    assert refusal(webhook).kind is Kind.RETRY
    assert refusal(Webhook("http://127.0.0.1:9", transport=transport)).kind is Kind.RETRY
