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
    values = [request.path, *request.args, *(value for given in request.args.listvalues() for value in given)]
    if any("\x00" in value for value in values) or any(len(given) > 1 for given in request.args.listvalues()):
        raise BadRequest


def _lead_on() -> Response | None:
    """The way to an address with its slashes in order; routing would put in the host the request claims to ask for."""
    moved = request.routing_exception
    if not isinstance(moved, RequestRedirect):
        return None
    parts = urlsplit(moved.new_url)
    query = f"?{parts.query}" if parts.query else ""
    return redirect(f"/{parts.path.lstrip('/')}{query}", moved.code)
