"""The door of commands, `flask --app wsgi COMMAND`; web servers open `serve`."""

from liaison import cli
from liaison.app import create_app

app = create_app()
cli.register(app)
