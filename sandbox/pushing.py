"""Pushes sealed, signed messages to a developer's server, as WeChat does in its safe mode.

Written from WeChat's document alone, so that it is a second opinion on whoever opens what it seals.
A push that is not answered with "success" within five seconds is repeated twice, as WeChat does.
"""

import base64
import hashlib
import heapq
import secrets
import struct
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

import httpx
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from sandbox import events

TIMES, PATIENCE = 3, 5.0
BLOCK = 32
KEPT = 1000
ACCEPTED = ("success", "")
"""What a server says that has taken a push."""


@dataclass(frozen=True)
class Callback:
    """Where an app has its messages pushed, with what signs and seals them."""

    url: str
    token: str = field(repr=False)
    aes_key: str = field(repr=False)
    app_id: str = ""


@dataclass(frozen=True)
class Delivery:
    """How the messages of an app end: as what, how many seconds after they were sent it is told, and how often."""

    status: str = events.SUCCESS
    delay: float = 0.0
    times: int = 1


@dataclass(frozen=True)
class Pushed:
    """One push and how the server took it: the HTTP status, 0 for no answer."""

    app_id: str
    name: str
    status: int


class Holder(Protocol):
    """The world, as far as the postman knows it."""

    delivery: Delivery


def seal(message: str, aes_key: str, app_id: str) -> str:
    """Encrypt a message: 16 random bytes, its length, itself, the app id, filled up to blocks of 32 bytes."""
    key, body = base64.b64decode(f"{aes_key}="), message.encode()
    plain = secrets.token_bytes(16) + struct.pack(">I", len(body)) + body + app_id.encode()
    missing = BLOCK - len(plain) % BLOCK
    encryptor = Cipher(algorithms.AES256(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain + bytes([missing]) * missing) + encryptor.finalize()).decode()


def signature(*parts: str) -> str:
    """SHA-1 of the parts in order, put together."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def push(http: httpx.Client, callback: Callback, fields: Mapping[str, object]) -> httpx.Response:
    """Push one message now, once; returns the server's answer, raises httpx.HTTPError without one."""
    sealed = seal(events.xml(fields), callback.aes_key, callback.app_id)
    timestamp, nonce = str(int(time.time())), str(secrets.randbelow(10**9))
    query = {
        "signature": signature(callback.token, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "openid": str(fields.get("FromUserName", "")),
        "encrypt_type": "aes",
        "msg_signature": signature(callback.token, timestamp, nonce, sealed),
    }
    envelope = events.xml({"ToUserName": events.ACCOUNT, "Encrypt": sealed})
    return http.post(callback.url, params=query, content=envelope.encode(), headers={"Content-Type": "text/xml"})


def check(http: httpx.Client, callback: Callback) -> bool:
    """Ask a server whether the address is its own, as WeChat does when it is entered: it must give our echo back."""
    timestamp, nonce, echo = str(int(time.time())), str(secrets.randbelow(10**9)), secrets.token_hex(10)
    signed = {"signature": signature(callback.token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce}
    answer = http.get(callback.url, params=signed | {"echostr": echo})
    return answer.status_code == 200 and answer.text == echo


class Postman:
    """Brings pushes to those apps that have a callback, in a thread of its own; `done` holds the last ones.

    Any part of the sandbox calls `push(app_id, fields)`; without a callback for the app nothing happens.
    """

    def __init__(self, holder: Holder) -> None:
        self.callbacks: dict[str, Callback] = {}
        self.done: deque[Pushed] = deque(maxlen=KEPT)
        self._holder, self._waiting, self._numbers = holder, [], count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def push(self, app_id: str, fields: Mapping[str, object], delay: float | None = None) -> None:
        """Have a message pushed after so many seconds, by default those of the deliveries."""
        if app_id not in self.callbacks:
            return
        due = time.monotonic() + (self._holder.delivery.delay if delay is None else delay)
        with self._changed:
            for _ in range(self._holder.delivery.times):
                heapq.heappush(self._waiting, (due, next(self._numbers), app_id, fields, TIMES))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()
            self._changed.notify()

    def _run(self) -> None:
        with httpx.Client(timeout=PATIENCE, trust_env=False) as http:
            while True:
                self._bring(http, *self._next())

    def _next(self) -> tuple[str, Mapping[str, object], int]:
        with self._changed:
            while not self._waiting or self._waiting[0][0] > time.monotonic():
                self._changed.wait(self._waiting[0][0] - time.monotonic() if self._waiting else None)
            _, _, app_id, fields, times = heapq.heappop(self._waiting)
        return app_id, fields, times

    def _bring(self, http: httpx.Client, app_id: str, fields: Mapping[str, object], times: int) -> None:
        try:
            answer = push(http, self.callbacks[app_id], fields)
            status, taken = answer.status_code, answer.status_code == 200 and answer.text in ACCEPTED
        except (httpx.HTTPError, KeyError):
            status, taken = 0, False
        self.done.append(Pushed(app_id, str(fields.get("Event") or fields.get("MsgType", "")), status))
        if not taken and times > 1:
            with self._changed:
                due = time.monotonic() + PATIENCE
                heapq.heappush(self._waiting, (due, next(self._numbers), app_id, fields, times - 1))
