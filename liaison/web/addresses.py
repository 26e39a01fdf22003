"""Addresses as they are asked for: what can be read in two ways is refused; what is written otherwise leads on here."""

from urllib.parse import urlsplit

from flask import Flask, Response, redirect, request
from werkzeug.exceptions import BadRequest
from werkzeug.routing import RequestRedirect


def register(app: Flask) -> None:
    """Refuse a query that holds NUL or says a thing twice, and redirect to paths alone, before any view reads them."""
    app.before_request(_refuse_ambiguous)
    app.before_request(_lead_on)


def _refuse_ambiguous() -> None:
    """No database can look NUL up; of two values, a guard in front of us may have judged the one we do not read."""
    odd = any(len(given) > 1 or "\x00" in name or "\x00" in given[0] for name, given in request.args.lists())
    if odd or "\x00" in request.path:
        raise BadRequest


def _lead_on() -> Response | None:
    """The way to an address with its slashes in order; routing would put in the host the request claims to ask for."""
    moved = request.routing_exception
    if not isinstance(moved, RequestRedirect):
        return None
    parts = urlsplit(moved.new_url)
    query = f"?{parts.query}" if parts.query else ""
    return redirect(f"/{parts.path.lstrip('/')}{query}", moved.code)
