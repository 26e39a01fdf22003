"""How often one address may try. Guessing is held tight; telling is held loosely, since carriers share addresses.

Counted in Redis, so that all web processes count together; in memory while Redis is away.
"""

import math
import time

from flask import Flask, Response
from flask_limiter import Limiter, RateLimitExceeded
from flask_limiter.util import get_remote_address

from liaison.web.errors import answer_http
from liaison.web.wiring import wiring

WINDOW = 60  # seconds, of every limit here
limiter = Limiter(get_remote_address, in_memory_fallback_enabled=True)


def _found_nothing(response: Response) -> bool:
    return response.status_code == 404


code_limit = limiter.shared_limit("20 per minute", scope="code", deduct_when=_found_nothing)
"""For views a query code opens: only the attempts that opened nothing count."""

submission_limit = limiter.shared_limit("60 per minute", scope="submission", methods=["POST"])
sign_in_limit = limiter.shared_limit("10 per minute", scope="sign-in", methods=["POST"])


def register(app: Flask, redis_url: str) -> None:
    """Count the requests of this application; Redis may be away when it starts."""
    app.config["RATELIMIT_STORAGE_URI"] = redis_url.replace("unix://", "redis+unix://", 1)
    app.config["RATELIMIT_STORAGE_OPTIONS"] = {"socket_timeout": 1, "socket_connect_timeout": 1}
    limiter.init_app(app)
    app.register_error_handler(RateLimitExceeded, _too_many)


@limiter.request_filter
def _unlimited() -> bool:
    return not wiring().config.web.rate_limits


def _too_many(error: RateLimitExceeded) -> Response | tuple:
    breached = limiter.current_limit
    left = math.ceil(breached.reset_at - time.time()) if breached else WINDOW
    error.retry_after = min(max(1, left), WINDOW)
    return answer_http(error)
