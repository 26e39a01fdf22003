"""What every answer of ours must say to browsers, and how to find what a page may not hold."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from html.parser import HTMLParser

from flask import Flask
from redis import Redis
from werkzeug.test import TestResponse

from liaison.settings import Web

SHOWN_TO_ALL = {"public.read", "station.read", "asset.read"}
WORKER = "/sw.js"
"""The one script that is no page's and yet runs, so that its policy is no sandbox."""

EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def action_of(app: Flask, answer: TestResponse) -> str:
    """The action of the view that was asked, or the endpoint of one without a guard; empty when there is none."""
    adapter = app.url_map.bind("testserver")
    try:
        endpoint, _ = adapter.match(answer.request.path, method=answer.request.method)
    except Exception:
        return ""
    return getattr(app.view_functions[endpoint], "policy_action", endpoint)


def header_faults(app: Flask, answer: TestResponse) -> Iterator[str]:
    """Whatever an answer tells browsers, caches and search engines that it should not, or leaves out."""
    told = answer.headers
    yield from (f"{name}: {told.get(name)}" for name, value in EXPECTED.items() if told.get(name) != value)
    policy = dict(part.strip().partition(" ")[::2] for part in told.get("Content-Security-Policy", "").split(";"))
    if "unsafe" in str(policy) or policy.get("frame-ancestors") != "'none'":
        yield f"policy {policy}"
    action = action_of(app, answer)
    if answer.mimetype == "text/html" or action == "static":
        ours = [policy.get(each) for each in ("default-src", "script-src", "style-src", "worker-src")]
        if ours != ["'self'"] * 4 or policy.get("object-src") != "'none'" or policy.get("base-uri") != "'none'":
            yield f"policy of a page {policy}"
    elif policy.get("default-src") != "'none'" or ("sandbox" not in policy and answer.request.path != WORKER):
        yield f"policy of a file {policy}"
    features = told.get("Permissions-Policy", "")
    microphone = "microphone=(self)" if action == "matter.submit" else "microphone=()"
    if "geolocation=(self)" not in features or "camera=()" not in features or microphone not in features:
        yield f"features {features}"
    yield from _keeping_faults(action, answer)


def _keeping_faults(action: str, answer: TestResponse) -> Iterator[str]:
    keeping = answer.headers.get("Cache-Control", "")
    is_public = action in SHOWN_TO_ALL and answer.request.method == "GET" and answer.status_code == 200
    if action == "static" and answer.status_code == 200:
        is_fine = "no-store" not in keeping
    elif is_public:
        is_fine = "public" in keeping and "max-age" in keeping and "Set-Cookie" not in answer.headers
    else:
        is_fine = keeping == "private, no-store"
    if not is_fine:
        yield f"may be kept: {keeping!r}"
    if (answer.headers.get("X-Robots-Tag") == "noindex, nofollow") is (action in SHOWN_TO_ALL):
        yield f"search engines are told {answer.headers.get('X-Robots-Tag')!r}"


class _Inline(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        names = dict(attributes)
        if tag == "style" or (tag == "script" and "src" not in names):
            self.found.append(f"<{tag}>")
        self.found += [name for name in names if name == "style" or name.startswith("on")]
        self.found += [value for value in names.values() if (value or "").strip().lower().startswith("javascript:")]

    handle_startendtag = handle_starttag


def inline(page: str) -> list[str]:
    """Scripts, styles and handlers that stand in a page itself."""
    reader = _Inline()
    reader.feed(page)
    return reader.found


@contextmanager
def limits_on(app: Flask) -> Iterator[None]:
    """The application with its limits on, and nothing counted yet."""
    usual = app.extensions["liaison"]
    config = replace(usual.config, web=Web(rate_limits=True))
    with Redis.from_url(config.redis.url) as redis:
        for name in redis.scan_iter("LIMITS*"):
            redis.delete(name)
    app.extensions["liaison"] = replace(usual, config=config)
    try:
        yield
    finally:
        app.extensions["liaison"] = usual
