"""Forms come from our own pages: what another site makes a visitor's browser send is refused before any view sees it.

The second wall behind the forms' tokens. Browsers say where a request comes from in Sec-Fetch-Site and Origin; our own
pages, which give no referrer, send "null" there, which proves nothing either way. Those that say nothing are left to
the token. The API takes no cookie and callbacks are signed, so that another site has nothing to ride on.
"""

from urllib.parse import urlsplit

from flask import Flask, request

from liaison.domain.errors import NotAllowed

SAFE = ("GET", "HEAD", "OPTIONS")
WITHOUT_COOKIE = ("/api/", "/callbacks/")
OURS = ("same-origin", "none")  # none: typed in or opened by the person, not by a page
SILENT = "null"
FOREIGN = "这次提交不是从本站的页面发出的，没有收下。请打开本站的页面，再填写提交。"


def register(app: Flask, base_url: str) -> None:
    """Refuse unsafe requests of other sites; `base_url` is ours, and so is the name the request came in by."""
    public = urlsplit(base_url).netloc

    @app.before_request
    def refuse_foreign() -> None:
        if request.method in SAFE or request.path.startswith(WITHOUT_COOKIE):
            return
        origin = request.headers.get("Origin", SILENT)
        is_known = origin == SILENT or _host(origin) in (public, request.host)
        if not is_known or request.headers.get("Sec-Fetch-Site", OURS[0]) not in OURS:
            raise NotAllowed(FOREIGN)


def _host(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""
