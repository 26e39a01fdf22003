"""The door of web servers: the application without its commands, whose libraries every worker would hold in memory."""

from liaison.app import create_app

app = create_app()
