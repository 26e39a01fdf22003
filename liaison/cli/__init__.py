"""Commands for whoever runs an installation: `flask --app wsgi COMMAND`; `--help` explains each."""

from flask import Flask

from liaison.cli import finding, founding, keys, repeating, retaining, safekeeping, verifying, watching

COMMANDS = (
    founding.calendar,
    founding.county,
    founding.account,
    founding.posters,
    verifying.verify,
    safekeeping.backup,
    safekeeping.restore,
    safekeeping.doubtful,
    repeating.repeating,
    watching.clock,
    keys.keys,
    retaining.retain,
    finding.find,
)


def register(app: Flask) -> None:
    """Add the commands."""
    for command in COMMANDS:
        app.cli.add_command(command)
