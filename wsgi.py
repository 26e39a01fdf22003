"""The WSGI door."""

from liaison.app import create_app

app = create_app()
