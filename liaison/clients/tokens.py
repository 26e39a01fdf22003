"""What WeChat and WeCom have in common: an `errcode` in every answer, and an access token that every call needs.

An account has one token for all threads and processes, fetched by one of them at a time.
Redis is only a cache and a lock. Without it each process fetches for itself, which the platforms allow: they give
the same token until it is about to end, and an old one stays good for five minutes after a new one.
"""

import json
import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

import httpx
from redis import Redis

from liaison.clients.calls import RETRY, Meaning, document
from liaison.clients.letters import NotSent
from liaison.clients.shelf import HOLD, Shelf

REFUSED = frozenset({40001, 40014, 42001})
"""What both platforms answer to a token that is not or no longer good."""

MARGIN = 240.0
"""Seconds before its end at which a token is fetched anew; the platforms change it five minutes before."""

BETWEEN_FORCED = 30
"""Seconds the platform wants between two forced renewals."""

Answer = Mapping[str, Any]
"""What the platform said; its `errcode` is always there, and a number."""

_REQUEST = re.compile(r"rid: ([0-9a-f]{8}(?:-[0-9a-f]{8}){1,3})\b|hint: \[(\d{6,24})\]")
"""The platform's own id of a call, by which its support finds it: WeChat's `rid`, WeCom's `hint`."""

_log = logging.getLogger(__name__)


def answer_in(response: httpx.Response) -> Answer:
    """Return the platform's answer; raises NotSent to try again when something else than the platform answered.

    A refusal is logged with the platform's own id of the call, beside ours, and nothing else of its text.
    """
    answer = document(response)
    if response.status_code == 200 and type(answer.get("errcode")) is int:
        if answer["errcode"]:
            _log.info("%s: errcode %d, %s", response.request.url.path, answer["errcode"], _request(answer))
        return answer
    raise NotSent(f"HTTP {response.status_code} without an errcode")


def _request(answer: Answer) -> str:
    named = _REQUEST.search(str(answer.get("errmsg", "")))
    return f"request {named[1] or named[2]}" if named else "no request id"


def check(answer: Answer, codes: Mapping[int, Meaning], detail: str = "") -> None:
    """Raise NotSent, with the meaning its code has in the table, for an answer that is not 0."""
    code = answer["errcode"]
    if code:
        raise codes.get(code, RETRY).error(f"errcode {code} {detail}".rstrip())


def token_in(response: httpx.Response, codes: Mapping[int, Meaning]) -> tuple[str, float]:
    """Return the token and its seconds to live; raises NotSent when the answer holds none."""
    answer = document(response)
    value, seconds = answer.get("access_token"), answer.get("expires_in")
    if isinstance(value, str) and value and type(seconds) is int:
        return value, seconds
    check(answer_in(response), codes)
    raise NotSent("an answer without a token")


@dataclass(frozen=True)
class Token:
    """A token, and when it ends, in seconds since 1970."""

    value: str = field(repr=False)
    expires_at: float


class Tokens:
    """Keeps the token of one account; `fetch(force)` asks the platform for it and its seconds to live."""

    def __init__(
        self,
        key: str,
        fetch: Callable[[bool], tuple[str, float]],
        redis: Redis | None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._fetch, self._clock, self._shelf = fetch, clock, Shelf(redis, f"liaison:token:{key}")
        self._guard = threading.Lock()
        self._held: Token | None = None
        self._flight: Future[str] | None = None
        self._forced_at = float("-inf")

    def spend(self, call: Callable[[str], Answer]) -> Answer:
        """Call with the token, and once more with a new one when the platform refuses it."""
        token = self.current()
        answer = call(token)
        return call(self.renewed(token)) if answer["errcode"] in REFUSED else answer

    def current(self) -> str:
        """Return the token; raises NotSent when there is none to be had."""
        try:
            return self._together(None)
        except NotSent:
            held = self._held
            if held and self._clock() < held.expires_at:  # about to end, but good
                return held.value
            raise

    def renewed(self, refused: str) -> str:
        """Return another token than the refused one; however many ask at once, the platform is asked once."""
        return self._together(refused)

    def _together(self, refused: str | None) -> str:
        """Return the token held, or join the fetching that is under way, or begin one."""
        with self._guard:
            if self._good(self._held, refused):
                return self._held.value
            flight, mine = self._flight, self._flight is None
            if mine:
                flight = self._flight = Future()
        if mine:
            self._fly(flight, refused)
        try:
            return flight.result(HOLD)
        except TimeoutError:
            raise NotSent("the token did not come") from None

    def _fly(self, flight: "Future[str]", refused: str | None) -> None:
        try:
            token = self._renew(refused)
        except BaseException as error:
            with self._guard:
                self._flight = None
            flight.set_exception(error)  # for everybody who waits, this thread included
        else:
            with self._guard:
                self._held, self._flight = token, None
            flight.set_result(token.value)

    def _renew(self, refused: str | None) -> Token:
        with self._shelf.turn():
            found = self._read()
            if not self._good(found, refused):
                found = self._ask(refused)
                self._write(found)
        return found

    def _ask(self, refused: str | None) -> Token:
        """Ask the platform, and insist when it still gives out what it refuses."""
        asked_at = self._clock()
        value, seconds = self._fetch(False)
        if value == refused:
            value, seconds = self._force(refused)
        return Token(value, asked_at + seconds)

    def _force(self, refused: str) -> tuple[str, float]:
        """Make the platform give out another one; when it will not, another process may have made it do so just now."""
        if not self._may_force():
            raise NotSent("the token is refused, and a new one was forced just now")
        try:
            return self._fetch(True)
        except NotSent as error:
            unwilling = error
        value, seconds = self._fetch(False)
        if value == refused:
            raise unwilling
        return value, seconds

    def _good(self, token: Token | None, refused: str | None) -> bool:
        return token is not None and token.value != refused and self._clock() < token.expires_at - MARGIN

    def _may_force(self) -> bool:
        now = self._clock()
        if now - self._forced_at < BETWEEN_FORCED or not self._shelf.mark("forced", BETWEEN_FORCED):
            return False
        self._forced_at = now
        return True

    def _read(self) -> Token | None:
        with suppress(ValueError, TypeError, KeyError):
            if kept := self._shelf.get():
                told = json.loads(kept)
                return Token(str(told["value"]), float(told["expires_at"]))
        return None

    def _write(self, token: Token) -> None:
        seconds = int(token.expires_at - self._clock())
        if seconds > 0:
            self._shelf.put(json.dumps(asdict(token)), seconds)
