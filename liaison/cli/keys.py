"""Commands for the server's keys: see what is under each, make one, put it to use, take it out; all while it serves."""

from collections.abc import Callable

import click
from flask.cli import AppGroup

from liaison import keys as changes
from liaison.cli.acting import operator
from liaison.db import transaction
from liaison.domain import keyrings
from liaison.keys import CODES, RINGS, STATIONS, VAULT, Refused
from liaison.services import audit, rewrapping
from liaison.services.rewrapping import Counts, Cursor
from liaison.services.sealing import Keys
from liaison.settings import Config
from liaison.web.wiring import now, wiring

ALGORITHMS = {VAULT: tuple(keyrings.CIPHERS), CODES: tuple(keyrings.DIGESTS), STATIONS: ("",)}
"""What a key of each ring can be made for, the usual one first."""

Change = Callable[[Config, Keys, str, str], str | None]

RING = click.Choice(list(RINGS))

keys = AppGroup("keys", help="The keys that seal names and places (vault), query codes (codes) and posters (stations).")


@keys.command("list")
def show() -> None:
    """Tell every key with what is under it; exits 1 when something is under a key that is not there."""
    held, lost = wiring().keys, 0
    for name, ring, counts in ((VAULT, held.vault, _counts(VAULT)), (CODES, held.codes, _counts(CODES))):
        for key_id, key in ring.items():
            use = ", in use" if key_id == keyrings.newest(ring) else ""
            click.echo(f"{name} {key_id} ({key.algorithm}{use}): {_told(counts, key_id)}")
        for key_id in sorted(counts.keys() - ring.keys()):
            lost += 1
            click.echo(f"{name} {key_id} is MISSING: {_told(counts, key_id)} cannot be opened")
    for key_id in held.stations:
        click.echo(f"{STATIONS} {key_id}{' (in use)' if key_id == keyrings.newest(held.stations) else ''}")
    raise SystemExit(1 if lost else 0)


@keys.command("add")
@click.argument("ring", type=RING)
@click.option("--algorithm", type=click.Choice([*keyrings.CIPHERS, *keyrings.DIGESTS]), help="What it is made for.")
def add(ring: str, algorithm: str | None) -> None:
    """Make a key for RING, which opens but is not used yet."""
    algorithm = algorithm or ALGORITHMS[ring][0]
    if algorithm not in ALGORITHMS[ring]:
        raise click.UsageError(f"{algorithm} is not for the keys of {ring}")
    key_id = _changed(changes.add, ring, algorithm)
    _note("key.add", ring, key_id)
    click.echo(f"made {ring} {key_id}: copy secrets.toml to every machine, then `flask keys rotate {ring} {key_id}`")


@keys.command("rotate")
@click.argument("ring", type=RING)
@click.argument("key_id")
def rotate(ring: str, key_id: str) -> None:
    """Use key KEY_ID of RING from now on and move to it what is under older ones; the same again goes on with it."""
    held = {VAULT: wiring().keys.vault, CODES: wiring().keys.codes, STATIONS: wiring().keys.stations}
    if keyrings.newest(held[ring]) != key_id:
        _changed(changes.put_to_use, ring, key_id)
        _note("key.rotate", ring, key_id)
    click.echo(f"{ring} {key_id} is in use")
    if ring != STATIONS:
        _move_all()


@keys.command("retire")
@click.argument("ring", type=RING)
@click.argument("key_id")
def retire(ring: str, key_id: str) -> None:
    """Take key KEY_ID of RING out; refused while anything is under it."""
    counts = _counts(ring)
    if key_id in counts:
        raise click.ClickException(f"{_told(counts, key_id)} are still under {ring} {key_id}")
    _changed(changes.take_out, ring, key_id)
    _note("key.retire", ring, key_id)
    click.echo(f"took out {ring} {key_id}: keep the old secrets.toml with the backups that were made before")


def _move_all() -> None:
    """Walk through all tables until nothing is left but what does not open; tells where it stands after each batch."""
    with transaction():
        total = rewrapping.count_outdated(wiring().keys)
    moved, broken, at = 0, 0, Cursor()
    while at:
        with transaction():
            step = rewrapping.rewrap(wiring().keys, at)
        moved, broken, at = moved + step.moved, broken + step.broken, step.next
        if step.moved:
            click.echo(f"moved {moved} of {total}")
    with transaction():
        left = rewrapping.count_outdated(wiring().keys)
    click.echo(f"moved {moved} rows; {left} left, {broken} of them do not open")
    if left:
        raise click.ClickException("the background goes on with what others held; look again with `flask keys list`")


def _changed(change: Change, ring: str, what: str) -> str | None:
    try:
        return change(wiring().config, wiring().keys, ring, what)
    except Refused as error:
        raise click.ClickException(str(error)) from None


def _counts(ring: str) -> Counts:
    count = {VAULT: rewrapping.count_sealed, CODES: rewrapping.count_digests, STATIONS: dict}[ring]
    with transaction():
        return count()


def _note(act: str, ring: str, key_id: str) -> None:
    with transaction():
        audit.note(operator(), act, now(), about=f"{ring} {key_id}")


def _told(counts: Counts, key_id: str) -> str:
    found = counts.get(key_id, {})
    return ", ".join(f"{number} in {table}" for table, number in sorted(found.items())) or "nothing"
