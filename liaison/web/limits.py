"""How often one may try. Guessing is held tight; telling is held loosely, since carriers share addresses.

Counted in Redis, so that all web processes count together. While Redis is away each of them counts in its own memory,
so that at most as many times more gets through as there are web processes: nobody is turned away for our outage.

| what                        | counted by            | a minute | beyond it            | while Redis is away         |
|-----------------------------|-----------------------|----------|----------------------|-----------------------------|
| signing in                  | address               | 10       | 429                  | memory                      |
| signing in, refused         | account name          | 10       | 429                  | memory                      |
| signing in                  | everybody             | 300      | 429                  | memory                      |
| opening by WeChat or WeCom  | address               | 60       | 429: carriers share  | memory                      |
|                             |                       |          | addresses            |                             |
| binding a phone, refused    | address               | 10       | 429; and five wrong  | memory; the five stand in   |
|                             |                       |          | invitations a phone  | the database                |
| pairing a screen, refused   | address               | 10       | 429                  | memory; a code has 60 bits  |
| a code that opened nothing  | address               | 20       | 429                  | memory; a code has 60 bits  |
| a code that opened nothing  | matter                | 30       | 429, but not for who | memory                      |
|                             |                       |          | opened it before     |                             |
| telling and adding          | address               | 120      | 429 with all typed   | memory                      |
| telling                     | address, station, all | `bursts` | proof of work        | memory                      |
| telling, known by WeChat    | visitor, our id of it | 1 (`bursts`: 10 in 10) | proof of work | memory               |
| going round by WeChat       | address               | 120      | without WeChat       | memory                      |
| one proof of work           | itself                | once     | another one          | memory; the database makes  |
|                             |                       |          |                      | one matter of one key       |

Reading is not limited here: what is public is light and may be kept for a minute; who floods it is the proxy's affair.
"""

import math
import time
from collections.abc import Mapping

from flask import Flask, Response, request
from flask_limiter import Limiter, RateLimitExceeded
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from liaison.web import bursts
from liaison.web.callers import caller
from liaison.web.errors import answer_http
from liaison.web.resident import access
from liaison.web.wiring import wiring

WINDOW = 60  # seconds, of every limit here
REFUSED = (401, 403, 422)
LONGEST_NAME = 64  # characters of what is counted by; longer ones name nothing of ours
OPTIONS: dict[str, object] = {"socket_timeout": 1, "socket_connect_timeout": 1}


class _Patient(Limiter):
    """Counts in memory as well for those who were asking at the moment Redis fell silent.

    The library turns to memory for the first of them alone; the others' requests would fail with its error.
    """

    def _check_request_limit(self, callable_name: str | None = None, in_middleware: bool = True) -> None:
        try:
            super()._check_request_limit(callable_name, in_middleware)
        except RateLimitExceeded:
            raise
        except Exception:
            self.context.seen_limits.clear()
            super()._check_request_limit(callable_name, in_middleware)


limiter = _Patient(caller, in_memory_fallback_enabled=True)


def _found_nothing(response: Response) -> bool:
    return response.status_code == 404


def _was_refused(response: Response) -> bool:
    return response.status_code in REFUSED


def _sent(name: str) -> str:
    """A field of the form or of the JSON object, whichever came; empty when there is none or it cannot be read.

    What cannot be read is refused by the view, in words. An error here would look to the limiter like a dead Redis.
    """
    try:
        body = request.get_json(silent=True) if request.mimetype == "application/json" else request.form
    except (HTTPException, OSError, RecursionError):
        return ""
    value = body.get(name) if isinstance(body, Mapping | MultiDict) else None
    return value if isinstance(value, str) else ""


def _account() -> str:
    return f"account {_sent('username').strip().casefold()[:LONGEST_NAME]}"


def _matter() -> str:
    view = request.view_args or {}
    return f"matter {(view.get('number') or _sent('number')).strip().upper()[:LONGEST_NAME]}"


def _opened_before() -> bool:
    """Whether this visitor's session carries the matter's code: nobody's guessing may keep them out."""
    return access.find_code((request.view_args or {}).get("number", "")) is not None


def _together(*limits):
    """Decorators as one."""

    def decorate(view):
        for limit in limits:
            view = limit(view)
        return view

    return decorate


code_limit = _together(
    limiter.shared_limit("20 per minute", scope="code", deduct_when=_found_nothing),
    limiter.shared_limit(
        "30 per minute", scope="matter", key_func=_matter, deduct_when=_found_nothing, exempt_when=_opened_before
    ),
)
"""For views a query code opens: only the attempts that opened nothing count."""

submission_limit = limiter.shared_limit("120 per minute", scope="submission", methods=["POST"])
sign_in_limit = _together(
    limiter.shared_limit("10 per minute", scope="sign-in", methods=["POST"]),
    limiter.shared_limit(
        "10 per minute", scope="account", key_func=_account, methods=["POST"], deduct_when=_was_refused
    ),
    limiter.shared_limit("300 per minute", scope="all sign-ins", key_func=lambda: "all", methods=["POST"]),
)


platform_limit = limiter.shared_limit("60 per minute", scope="platform")
"""For views another platform's codes open, which nobody can guess."""

pairing_limit = limiter.shared_limit("10 per minute", scope="pairing", methods=["POST"], deduct_when=_was_refused)
binding_limit = limiter.shared_limit("10 per minute", scope="binding", methods=["POST"], deduct_when=_was_refused)


def register(app: Flask, redis_url: str) -> None:
    """Count the requests of this application; Redis may be away when it starts."""
    uri = redis_url.replace("unix://", "redis+unix://", 1)
    app.config["RATELIMIT_STORAGE_URI"] = uri
    app.config["RATELIMIT_STORAGE_OPTIONS"] = OPTIONS
    limiter.init_app(app)
    app.register_error_handler(RateLimitExceeded, _too_many)
    bursts.register(app, uri, OPTIONS)


@limiter.request_filter
def _unlimited() -> bool:
    return not wiring().config.web.rate_limits


def _too_many(error: RateLimitExceeded) -> Response | tuple:
    breached = limiter.current_limit
    left = math.ceil(breached.reset_at - time.time()) if breached else WINDOW
    error.retry_after = min(max(1, left), WINDOW)
    return answer_http(error)
