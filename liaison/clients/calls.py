"""How every client speaks HTTP, and what a provider's answer means for a letter; no client leaks what it sent.

The addresses of these calls carry tokens, secrets and phone numbers. So nothing of httpx leaves this module: its
errors become a NotSent with their kind alone, with no cause attached, and its own log lines are silenced.
"""

import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import httpx

from liaison.clients.letters import Kind, NotSent

TIMEOUT = httpx.Timeout(5.0)
"""For each step of a call: waiting for a free connection, connecting, sending, and every wait for the answer."""

LIMITS = httpx.Limits(max_connections=256, max_keepalive_connections=64)
"""Connections kept open for 64 threads that send at once; more threads than that are served, too."""

for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)  # below that they write down whole addresses


@dataclass(frozen=True)
class Meaning:
    """What one of a provider's codes means for the letter, and how long a quota asks to be left alone."""

    kind: Kind
    pause: timedelta | None = None

    def error(self, reason: str) -> NotSent:
        """Make the failure to raise; the reason is ours, never the provider's text, which may quote an address."""
        return NotSent(reason, self.kind, pause=self.pause)


RETRY = Meaning(Kind.RETRY)
FINAL = Meaning(Kind.FINAL)


def quota(**length: float) -> Meaning:
    """Return the meaning of a quota whose pause is given as for `timedelta`."""
    return Meaning(Kind.QUOTA, timedelta(**length))


def open_client(base_url: str, transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """Open the one client of an outside system; proxies and passwords of the environment are left alone."""
    return httpx.Client(
        base_url=base_url, transport=transport, timeout=TIMEOUT, limits=LIMITS, verify=_trust(), trust_env=False
    )


def call(client: httpx.Client, method: str, path: str, **request: Any) -> httpx.Response:
    """Make one call and return the answer whatever its status; raises NotSent to try again when there is none."""
    try:
        return client.request(method, path, **request)
    except httpx.HTTPError as error:
        reason = type(error).__name__
    raise NotSent(reason)  # here, where the caught error with its address is no longer the context


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
