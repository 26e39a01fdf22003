"""What the way to a county's message platform promises: 2xx is taken, refusals are final, all else is tried again."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from liaison.clients.webhook import NotSent, Webhook

MESSAGE = {"client_message_id": "ab12", "topic": "reminder.blue", "recipient": "0192"}


class Platform(HTTPServer):
    """Answers with `status`, or not at all when that is 0, and keeps what it was handed."""

    status = 200

    def __init__(self) -> None:
        self.calls: list[tuple[str, str | None, dict]] = []
        super().__init__(("127.0.0.1", 0), Call)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/in?county=1"


class Call(BaseHTTPRequestHandler):
    server: Platform

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.calls.append((self.path, self.headers["Idempotency-Key"], body))
        if self.server.status:
            self.send_response(self.server.status)
            self.send_header("Location", "/elsewhere")
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


def test_a_message_is_handed_over_under_its_own_id(platform: Platform) -> None:
    Webhook(platform.url).post(MESSAGE)
    assert platform.calls == [("/in?county=1", "ab12", MESSAGE)]


@pytest.mark.parametrize(
    ("status", "final"),
    [(503, False), (500, False), (429, False), (401, False), (404, False), (400, True), (422, True)],
)
def test_only_a_refusal_of_this_very_message_is_final(platform: Platform, status: int, final: bool) -> None:
    platform.status = status
    with pytest.raises(NotSent, match=str(status)) as caught:
        Webhook(platform.url).post(MESSAGE)
    assert caught.value.final is final


def test_it_goes_nowhere_else_when_sent_on(platform: Platform) -> None:
    platform.status = 302
    with pytest.raises(NotSent):
        Webhook(platform.url).post(MESSAGE)
    assert len(platform.calls) == 1


def test_silence_and_a_closed_door_can_be_tried_again(platform: Platform) -> None:
    platform.status = 0
    with pytest.raises(NotSent) as caught:
        Webhook(platform.url).post(MESSAGE)
    assert not caught.value.final
    with pytest.raises(NotSent) as caught:
        Webhook("http://127.0.0.1:9").post(MESSAGE)
    assert not caught.value.final
