"""The outside world as the clients' tests see it: the sandbox over real HTTP, and letters to send there."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
from werkzeug.serving import WSGIRequestHandler, make_server

from liaison.clients.letters import Letter
from sandbox import Settings, create_app

TEMPLATES = {"sandbox-subscribe": ("thing1", "time2"), "sandbox-template": ("thing1", "time2"), "narrow": ("phrase1",)}
OPENID, MEMBER, PHONE = "oCANARYopenid0001", "zhang.canary", "13800138000"


class Silent(WSGIRequestHandler):
    """Keeps connections open, as the real ones do, and tells nothing."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: object) -> None:
        """Say nothing."""


class Outside:
    """The sandbox from outside: its address, its wires, and what came to people's phones."""

    def __init__(self, url: str, http: httpx.Client) -> None:
        self.url, self._http = url, http

    def set(self, what: str, **body: Any) -> Any:
        """Pull one of the wires behind the scenery; returns what it says."""
        return self._http.post(f"{self.url}/_/{what}", json=body).raise_for_status().json()

    def messages(self) -> list[dict[str, Any]]:
        """What was received, newest first."""
        return self._http.get(f"{self.url}/_/messages").json()

    def checks(self) -> dict[str, Any]:
        """What was shown to the content check."""
        return self._http.get(f"{self.url}/_/checks").json()

    def page(self) -> str:
        """The page that shows it."""
        return self._http.get(self.url).text

    def counts(self) -> dict[str, Any]:
        """How often what was called."""
        return self._http.get(f"{self.url}/_/counts").json()

    def calls(self, path: str) -> int:
        """How often a path was called."""
        return self.counts()["calls"].get(path, 0)


@contextmanager
def open_outside() -> Iterator[Outside]:
    """A sandbox of its own, served until the end of the block."""
    app = create_app(Settings(templates=TEMPLATES))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Silent)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    with httpx.Client(verify=False) as http:
        yield Outside(f"http://127.0.0.1:{server.server_port}", http)
    server.shutdown()
    thread.join()
    server.server_close()


def a_letter(address: str, **changes: Any) -> Letter:
    """A letter to an address; 2026-11-27 10:30 in Shanghai."""
    usual = {
        "topic": "reminder.blue",
        "text": "您有新的办理提醒，请打开查看",
        "link": "https://lianluo.example.gov.cn/n/7Q2",
        "recipient": "0192",
        "at": datetime(2026, 11, 27, 2, 30, tzinfo=UTC),
        "client_message_id": "ab12cd34",
    }
    return Letter(address=address, **(usual | changes))
