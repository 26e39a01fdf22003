"""Hands messages over to a county's own message platform: one HTTP POST of JSON for each; standard library only.

The platform reads who is meant and that there is news, never what; it recognises a message sent twice by its id.
"""

import http.client
import json
from collections.abc import Mapping
from urllib.parse import urlsplit

SECONDS = 5.0
"""How long each step of a call may take: connecting, sending, waiting for the answer."""

HOPELESS = frozenset({400, 405, 410, 413, 415, 422})
"""Answers that refuse this very message. 401, 403 and 404 are the platform's or our settings: they can be mended."""


class NotSent(Exception):
    """The platform did not take the message, or did not say so; `final` when it never will."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        self.final = final
        super().__init__(reason)


class Webhook:
    """The address of a message platform; a connection of its own for each message, so that threads may share it."""

    def __init__(self, url: str, seconds: float = SECONDS) -> None:
        parts = urlsplit(url)
        self._kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._host, self._seconds = parts.netloc, seconds
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def post(self, message: Mapping[str, str]) -> None:
        """Hand over one message; returns once the platform answered 2xx, raises NotSent otherwise."""
        connection = self._kind(self._host, timeout=self._seconds)
        try:
            connection.request(
                "POST",
                self._path,
                json.dumps(dict(message), ensure_ascii=False).encode(),
                {"Content-Type": "application/json", "Idempotency-Key": message["client_message_id"]},
            )
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            raise NotSent(type(error).__name__) from None
        finally:
            connection.close()
        if not 200 <= status < 300:
            raise NotSent(f"HTTP {status}", final=status in HOPELESS)
