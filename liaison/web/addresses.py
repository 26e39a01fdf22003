"""Addresses no database can look up are refused at the door, before any view reads them."""

from flask import Flask, request
from werkzeug.exceptions import BadRequest


def register(app: Flask) -> None:
    """Refuse a path or query that holds NUL."""
    app.before_request(_refuse_unstorable)


def _refuse_unstorable() -> None:
    values = [request.path, *request.args, *(value for given in request.args.listvalues() for value in given)]
    if any("\x00" in value for value in values):
        raise BadRequest
