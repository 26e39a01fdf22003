"""Commands for whoever runs an installation: `flask --app wsgi COMMAND`."""

from flask import Flask


def register(app: Flask) -> None:
    """Add the commands."""
