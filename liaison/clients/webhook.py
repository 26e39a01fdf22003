"""Hands letters over to a county's own message platform: one HTTP POST of JSON for each.

The platform reads who is meant, that there is news and where, never what; it recognises a letter sent twice by its
id. Under a secret it can tell our letters from anybody else's, and an old one from a new one.
"""

import email.utils
import hashlib
import hmac
import json
import time
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx

from liaison.clients.calls import FINAL, Caller, Meaning
from liaison.clients.letters import Kind, Letter, NotSent

HOPELESS = frozenset({400, 405, 410, 413, 415, 422})
"""Answers that refuse this very letter. 401, 403 and 404 are the platform's or our settings: they can be mended."""

TOO_MANY = 429
SHORTEST, LONGEST = timedelta(seconds=1), timedelta(hours=1)
"""However long the platform asks to be left alone, it is for so long."""


class Webhook:
    """The address of a message platform; shared by threads."""

    def __init__(
        self, url: str, secret: str = "", *, transport: httpx.BaseTransport | None = None, inside: Collection[str] = ()
    ) -> None:
        parts = urlsplit(url)
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._secret = secret
        self._caller = Caller(f"{parts.scheme}://{parts.netloc}", transport, inside)

    def send(self, letter: Letter) -> None:
        """Hand over one letter; returns once the platform answered 2xx."""
        body = json.dumps(
            {
                "client_message_id": letter.client_message_id,
                "topic": letter.topic,
                "recipient": letter.recipient,
                "text": letter.text,
                "link": letter.link,
            },
            ensure_ascii=False,
        ).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": letter.client_message_id}
        if self._secret:
            headers |= signature(self._secret, body, int(time.time()))
        response = self._caller.call("POST", self._target, content=body, headers=headers)
        status = response.status_code
        if status == TOO_MANY:
            raise NotSent(f"HTTP {status}", Kind.QUOTA, pause=_pause(response.headers.get("Retry-After", "")))
        if not 200 <= status < 300:
            raise (FINAL if status in HOPELESS else Meaning(Kind.RETRY)).error(f"HTTP {status}")


def signature(secret: str, body: bytes, at: int) -> dict[str, str]:
    """Return the headers that prove who sent a body and when: an HMAC-SHA256 of `<timestamp>.<body>` in hex digits."""
    digest = hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
    return {"X-Liaison-Timestamp": str(at), "X-Liaison-Signature": f"sha256={digest}"}


def _pause(told: str) -> timedelta | None:
    """Read Retry-After, seconds or a date, within bounds; None when there is nothing to read."""
    try:
        if told.isdigit():
            asked = timedelta(seconds=int(told[:6]))
        else:
            asked = email.utils.parsedate_to_datetime(told) - datetime.now(UTC)
    except (ValueError, TypeError):
        return None
    return min(max(asked, SHORTEST), LONGEST)
