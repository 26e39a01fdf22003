"""Commands for the alarm of the database's clock: what it says, and that a person has found the clock right."""

import click
from flask.cli import AppGroup

from liaison.cli.acting import operator
from liaison.db import transaction
from liaison.domain.actors import Actor, Role
from liaison.domain.calendar import SHANGHAI
from liaison.domain.errors import WrongState
from liaison.services import audit, timekeeping
from liaison.web.wiring import now

clock = AppGroup("clock", help="The database's clock, by which everything falls due.")


@clock.command("show")
def show() -> None:
    """Say what time it is and whether that is trusted; exits 1 while reminders wait because it is not."""
    click.echo(f"the clock says {now().astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S} in Shanghai")
    alarm = timekeeping.find_alarm()
    if alarm is None:
        click.echo("it is trusted")
        return
    click.echo(f"it has jumped by {alarm.jumped_seconds:+.0f} s, found at {alarm.since.astimezone(SHANGHAI):%H:%M:%S}")
    click.echo("reminders and escalation wait: set it right, or if it is right, `flask clock confirm --name NAME`")
    raise SystemExit(1)


@clock.command("confirm")
@click.option("--name", required=True, help="Who has looked.")
def confirm(name: str) -> None:
    """Take the clock as right as it stands; what waits falls due with the next tick."""
    try:
        with transaction():
            timekeeping.confirm(name, now())
            audit.note(Actor(Role.SYSTEM, name), "clock.confirm", now(), data={"operator": operator().name})
    except WrongState as error:
        raise click.ClickException(error.detail) from None
    click.echo("the clock is trusted again")
