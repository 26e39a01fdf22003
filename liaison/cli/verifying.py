"""The command that holds every history against itself and against the daily anchors."""

from collections.abc import Sequence
from pathlib import Path

import click
from flask.cli import with_appcontext

from liaison import wall
from liaison.domain.chain import Breach
from liaison.services import anchors, file_check, verification
from liaison.services.anchors import Anchor
from liaison.services.verification import Finding
from liaison.settings import Config
from liaison.web.wiring import wiring

COPIES = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.option("--anchors", "folder", type=COPIES, help="Copies of the anchors that somebody else has kept.")
@click.option("--key", "keys", multiple=True, help="A public key to believe besides our own, such as one used before.")
@click.option("--files", is_flag=True, help="Read every file as well; takes as long as the store is large.")
@with_appcontext
def verify(folder: Path | None, keys: tuple[str, ...], files: bool) -> None:
    """Walk all chains and hold them against the anchors; exits 1 when something does not hold."""
    wall.audit()
    config = wiring().config
    ours, broken = anchors.read_folder(Path(config.history.anchors))
    copies, spoilt = anchors.read_folder(folder) if folder else ([], [])
    if folder and not copies and not spoilt:
        raise click.ClickException(f"there are no anchors in {folder}")
    faults = len(broken + spoilt)
    for sentence in broken + spoilt:
        click.echo(sentence)
    for each in verification.findings(ours, copies, {own_key(config), *keys}):
        click.echo(sentence_of(each))
        faults += each.is_fault
    for fault in file_check.faults(wiring().store) if files else ():
        click.echo(f"{fault.number}: file {fault.position} {fault.breach}")
        faults += 1
    _tell_compared(config.history.anchors, ours)
    if folder:
        _tell_compared(str(folder), copies)
    click.echo(f"{faults} things do not hold" if faults else "every chain holds")
    raise SystemExit(1 if faults else 0)


def own_key(config: Config) -> str:
    """The public key of this installation."""
    return anchors.public_key(config.secrets.anchor_key)


def sentence_of(finding: Finding) -> str:
    """A finding in words."""
    where = f"{finding.chain}: event {finding.seq}" if finding.seq else f"{finding.chain}:"
    told = f" (anchor of {finding.day})" if finding.day else ""
    if finding.is_undone:
        return f"{where} was lost with a restore, and is no fault{told}"
    if finding.breach is Breach.ERASED:
        return f"{where} was {finding.breach}, as a later event says, and is no fault"
    return f"{where} {finding.breach}{told}"


def _tell_compared(folder: str, found: Sequence[Anchor]) -> None:
    if not found:
        click.echo(f"compared with no anchor, there are none in {folder}: cut ends and rewritten histories do not show")
        return
    span = f"{found[0].day} to {found[-1].day}" if len(found) > 1 else str(found[0].day)
    click.echo(f"compared with {len(found)} anchors in {folder}, of {span}")
