"""The command for a resident who comes in person and has lost the query codes."""

import click
from flask.cli import with_appcontext

from liaison.cli.acting import operator
from liaison.db import transaction
from liaison.services import rights
from liaison.web.wiring import now, wiring


@click.command("find-by-phone")
@click.option("--reason", required=True, help="Who asks and how that was checked; kept in the audit log.")
@click.option("--phone", prompt=True, hide_input=True, help="Asked for when left out, so that no history keeps it.")
@with_appcontext
def find(reason: str, phone: str) -> None:
    """Print the numbers of the matters told with a phone number, for its owner."""
    with transaction():
        found = rights.find_by_phone(operator(), phone, reason, wiring().keys, now=now())
    click.echo("\n".join(found) or "No matter was told with that number.")
