"""How every client speaks HTTP, and what a provider's answer means for a letter; no client leaks what it sent.

The addresses of these calls carry tokens, secrets and phone numbers. So nothing of httpx leaves this module: its
errors become a NotSent with their kind alone, with no cause attached, and its own log lines are silenced.
"""

import logging
import ssl
from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, lru_cache
from typing import Any

import httpx

from liaison.clients.breaker import Breaker, Resting
from liaison.clients.destinations import Guard
from liaison.clients.letters import Kind, NotSent

RESTS = "left alone for not answering"
BROKEN = 500
"""From this status on it is not the system that answers but whatever stands before it, or it cannot."""

TIMEOUT = httpx.Timeout(5.0)
"""For each step of a call: connecting, sending, and every wait for the answer."""

HEADERS = {"Accept": "*/*", "User-Agent": "liaison"}

for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)  # below that they write down whole addresses


@dataclass(frozen=True)
class Meaning:
    """What one of a provider's codes means for the letter, and how long a quota asks to be left alone."""

    kind: Kind
    pause: timedelta | None = None
    no_consent: bool = False

    def error(self, reason: str) -> NotSent:
        """Make the failure to raise; the reason is ours, never the provider's text, which may quote an address."""
        return NotSent(reason, self.kind, pause=self.pause, no_consent=self.no_consent)


RETRY = Meaning(Kind.RETRY)
FINAL = Meaning(Kind.FINAL)
NO_CONSENT = Meaning(Kind.FINAL, no_consent=True)


def quota(**length: float) -> Meaning:
    """Return the meaning of a quota whose pause is given as for `timedelta`."""
    return Meaning(Kind.QUOTA, timedelta(**length))


class Caller:
    """Calls one outside system from as many threads as like to, each call on a connection of its own that stays open.

    There is a transport of httpx for each call under way, and the one used last is taken first. A single one for all
    spends its time searching its connections: with 64 threads it made a third of the calls these make. There is no
    client of httpx before it: to merge addresses, cookies and redirects that we do not have takes it a third of the
    time of a call. `inside` names the hosts of our own network that may be called (`destinations`); a transport handed
    in is taken as it is.
    """

    def __init__(
        self,
        base_url: str,
        transport: httpx.BaseTransport | None = None,
        inside: Collection[str] = (),
        breaker: Breaker | None = None,
    ) -> None:
        self._base_url, self._transport, self._inside = httpx.URL(base_url), transport, inside
        self._idle: deque[httpx.BaseTransport] = deque()
        self._breaker = breaker or Breaker()

    @property
    def host(self) -> str:
        """The name of the system as it stands in the header Host."""
        return self._base_url.netloc.decode("ascii")

    def call(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Make one call and return the answer whatever its status; raises NotSent to try again when there is none.

        A system that has not answered for a while is left alone: then it is raised at once, with the pause.
        """
        pause, tries, answered = None, False, False
        try:
            tries = self._breaker.enter()
        except Resting as rest:
            pause = rest.pause
        if pause:
            raise NotSent(RESTS, pause=pause)
        transport = self._take()
        try:
            response = self._ask(transport, method, path, **request)
            answered = response.status_code < BROKEN
            return response
        except httpx.HTTPError as error:
            reason = type(error).__name__
        finally:
            self._idle.append(transport)
            self._breaker.leave(tries, answered=answered)
        raise NotSent(reason)  # here, where the caught error with its address is no longer the context

    def _ask(
        self,
        transport: httpx.BaseTransport,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **content: Any,
    ) -> httpx.Response:
        """Send a request and read the whole answer; what a redirect points to is not followed."""
        url = _address(self._base_url, path, tuple(params.items())) if params else _join(self._base_url, path)
        told = {"timeout": TIMEOUT.as_dict()}
        request = httpx.Request(method, url, headers={**HEADERS, **(headers or {})}, extensions=told, **content)
        response = transport.handle_request(request)
        response.request = request
        try:
            response.read()
        finally:
            response.close()
        return response

    def _take(self) -> httpx.BaseTransport:
        """Take an idle transport or make one; proxies and passwords of the environment are left alone."""
        try:
            return self._idle.pop()
        except IndexError:
            return self._transport or Guard(httpx.HTTPTransport(verify=_trust(), trust_env=False), self._inside)


def _join(base_url: httpx.URL, path: str) -> httpx.URL:
    return base_url.copy_with(raw_path=base_url.raw_path.rstrip(b"/") + path.encode("ascii"))


@lru_cache(maxsize=64)
def _address(base_url: httpx.URL, path: str, params: tuple[tuple[str, str], ...]) -> httpx.URL:
    """Where a call with these parameters goes: all letters of an account to one address, which takes long to build."""
    return _join(base_url, path).copy_merge_params(dict(params))


def document(response: httpx.Response) -> Mapping[str, Any]:
    """Return an answer's JSON object, empty when it holds none."""
    try:
        read = response.json()
    except ValueError:
        read = None
    return read if isinstance(read, Mapping) else {}


@cache
def _trust() -> ssl.SSLContext:
    """Trust what httpx trusts and what the machine trusts: counties have authorities of their own."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    return context
