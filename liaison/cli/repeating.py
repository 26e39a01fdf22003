"""Erasing again what a restore has brought back: part of `restore`, and a command for who restored by other means."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click
from flask.cli import AppGroup

from liaison import housekeeping
from liaison.cli.serving import served
from liaison.processes import NotReady
from liaison.services import erasures
from liaison.services.erasures import Erasure, Repeated
from liaison.web.wiring import now, unit_of_work, wiring, write_down_erasures

COPY = click.Path(exists=True, dir_okay=False, path_type=Path)

repeating = AppGroup("erasures", help="What residents had erased, and a restore has brought back.")


@dataclass(frozen=True)
class Told:
    """The erasures that are to stand, what is wrong with the files that tell them, and whether there was any file."""

    erasures: list[Erasure] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    is_there: bool = True


@repeating.command("repeat")
@click.argument("copies", nargs=-1, type=COPY)
def repeat(copies: tuple[Path, ...]) -> None:
    """Erase again what the database has lost track of, by erasures.jsonl and COPIES of it kept elsewhere.

    `restore` does so by itself. To be run before anybody works on; exits 1 when something could not be erased.
    """
    told = read_told(copies)
    try:
        with served(wiring().config):
            with unit_of_work():
                became = erasures.repeat(told.erasures, wiring().keys, now())
            amiss = tell(told, became)
    except NotReady as error:
        raise click.ClickException(str(error)) from None
    raise SystemExit(1 if amiss else 0)


def read_told(copies: Sequence[Path]) -> Told:
    """What the installation's own file and copies tell. Raises ClickException for one that cannot be read."""
    own = erasures.find_file(Path(wiring().config.history.anchors))
    paths = [*([own] if own else []), *copies]
    try:
        return Told(*erasures.read(paths), is_there=bool(paths))
    except OSError as error:
        raise click.ClickException(f"the erasures cannot be read: {error}") from None


def tell(told: Told, became: Repeated) -> bool:
    """Remove the files of what was erased again, and say what was; returns whether something is amiss."""
    files = housekeeping.remove_doomed(wiring().store)
    write_down_erasures()
    click.echo(f"{len(became.done)} erasures that were lost are repeated, and {files} files removed from the store")
    if became.absent:
        click.echo(f"{len(became.absent)} more are of matters that are not there: nothing to erase")
    for number in became.held:
        click.echo(f"{number} is held since, and was not erased again")
    for number in became.failed:
        click.echo(f"{number} could not be erased again: see the log", err=True)
    for fault in told.damaged:
        click.echo(fault, err=True)
    if not told.is_there:
        folder = wiring().config.history.anchors
        click.echo(
            f"there is no {erasures.NAME} in {folder}, so that nothing tells what was erased since the snapshot:"
            f" `flask erasures repeat COPY` reads one that was kept elsewhere",
            err=True,
        )
    return bool(became.failed or told.damaged)
