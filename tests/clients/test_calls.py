"""What every call promises: a limit to each wait, connections that stay open, nothing out of the environment."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from liaison.clients.calls import Caller
from liaison.clients.letters import Kind, NotSent
from tests.support.outside import Outside


class Recorder(httpx.HTTPTransport):
    """The real transport, which notes the waits that are allowed."""

    def __init__(self) -> None:
        super().__init__(verify=False)
        self.timeouts: list[dict[str, float]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.timeouts.append(request.extensions["timeout"])
        return super().handle_request(request)


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with Recorder() as recorder:
        yield recorder


def test_each_wait_of_each_call_has_a_limit(outside: Outside, recorder: Recorder) -> None:
    assert Caller(outside.url, recorder).call("GET", "/_/counts").status_code == 200
    assert recorder.timeouts == [{"connect": 5.0, "read": 5.0, "write": 5.0, "pool": 5.0}]


def test_proxies_of_the_environment_are_left_alone(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    answer = Caller(outside.url).call("GET", "/_/counts", headers={"Connection": "close"})
    assert answer.status_code == 200


def test_a_connection_is_used_again_and_a_broken_one_is_replaced() -> None:
    peers: list[tuple[str, int]] = []

    def serve(door: socket.socket) -> None:
        """Answer twice on the first connection, then hang up without a word; answer once on the second."""
        for words in ((b"", b""), (b"Connection: close\r\n",)):
            connection, peer = door.accept()
            with connection:
                for word in words:
                    connection.recv(65536)
                    peers.append(peer)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + word + b"\r\nok")

    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=serve, args=(door,))
        thread.start()
        caller = Caller(f"http://127.0.0.1:{door.getsockname()[1]}")
        for _ in range(3):
            caller.call("GET", "/")
        thread.join(5)
    assert peers[0] == peers[1] != peers[2]


def test_many_threads_call_at_once(outside: Outside, recorder: Recorder) -> None:
    caller, together = Caller(outside.url, recorder), threading.Barrier(64)

    def one(number: int) -> int:
        together.wait(10)
        return caller.call("GET", "/_/counts", params={"n": number}).status_code

    with ThreadPoolExecutor(64) as threads:
        assert set(threads.map(one, range(64))) == {200}


def test_a_closed_door_says_no_more_than_that() -> None:
    with pytest.raises(NotSent) as caught:
        Caller("http://127.0.0.1:9").call("GET", "/?secret=1")
    assert (caught.value.kind, caught.value.reason) == (Kind.RETRY, "ConnectError")
    assert caught.value.__context__ is None and caught.value.__cause__ is None
