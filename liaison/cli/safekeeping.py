"""Commands that keep an installation safe: backup, restore, and what to do with notices in doubt after it."""

import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click
import psycopg
from alembic import command
from alembic.config import Config as AlembicConfig
from flask.cli import AppGroup, with_appcontext

from liaison import backup as backups
from liaison import dump
from liaison.backup import Manifest
from liaison.cli.acting import operator
from liaison.cli.repeating import COPY, read_told, tell
from liaison.cli.serving import served
from liaison.cli.verifying import own_key, sentence_of
from liaison.config import ROOT
from liaison.database_state import MIGRATIONS, newest_revision
from liaison.db import transaction
from liaison.domain.calendar import SHANGHAI
from liaison.domain.chain import moment
from liaison.processes import NotReady
from liaison.services import anchors, audit, erasures, restoring, verification
from liaison.services.erasures import Erasure, Repeated
from liaison.settings import Config
from liaison.web.wiring import now, unit_of_work, wiring

FAULTS = (backups.Unfit, dump.DumpError, NotReady, psycopg.Error)
FOLDER = click.Path(file_okay=False, path_type=Path)
MOMENT = click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"])

doubtful = AppGroup("notices", help="Notices that wait for a person after a restore.")


@click.command()
@click.argument("folder", type=FOLDER)
@with_appcontext
def backup(folder: Path) -> None:
    """Write database and files into a new FOLDER, without stopping anything; exits 1 when files are amiss."""
    config = wiring().config
    try:
        with served(config):
            made = backups.write(folder, config, wiring().store, now())
            _note_export(made)
    except FAULTS as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"snapshot of {_local(made.taken_at)} in {folder}: {_told(made)}")
    click.echo(f"not in it: the secrets ({config.instance / 'secrets.toml'}), which must be kept apart from it")
    _report_faults(made)


@click.command()
@click.argument("folder", type=FOLDER)
@click.option("--other-keys", is_flag=True, help="Restore although names and query codes will stay sealed.")
@click.option("--erasures", "copies", multiple=True, type=COPY, help="A copy of erasures.jsonl kept elsewhere.")
@with_appcontext
def restore(folder: Path, other_keys: bool, copies: tuple[Path, ...]) -> None:
    """Load the backup in FOLDER into an empty database, and erase again what was erased since.

    Exits 1 when what was restored does not hold.
    """
    began, config = time.monotonic(), wiring().config
    try:
        made = backups.read(folder)
        _refuse_unfit(made, config, other_keys)
        told = read_told(copies)
        with served(config, alone=True):
            broken, held, became = _bring_back(folder, made, config, told.erasures)
            click.echo(f"restored: {_told(made)}, in {time.monotonic() - began:.1f} s")
            lost = (now() - made.taken_at).total_seconds()  # by the database's clock, while there is one
            click.echo(f"snapshot of {_local(made.taken_at)}: what was done in the {lost:.0f} s since then is lost")
            amiss = tell(told, became)
    except FAULTS as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{held} notices may have been sent since then and are held: see `flask notices in-doubt`")
    for fault in broken:
        click.echo(fault, err=True)
    _report_faults(made)
    raise SystemExit(1 if broken or amiss else 0)


@doubtful.command("in-doubt")
def in_doubt() -> None:
    """Count what is held, by topic and channel, with the times at which it was to be sent."""
    found = restoring.in_doubt()
    for each in found:
        click.echo(f"{each.count:6} {each.topic} by {each.channel}, {_local(each.first_at)} – {_local(each.last_at)}")
    click.echo(f"{sum(each.count for each in found)} notices in doubt")


@doubtful.command("release")
@click.option("--all", "everything", is_flag=True, help="All of them.")
@click.option("--before", type=MOMENT, help="Those that were to be sent before TIME, as in Shanghai.")
def release(everything: bool, before: datetime | None) -> None:
    """Let notices in doubt go out, in office hours."""
    with unit_of_work():
        count = restoring.release(now(), _until(everything, before))
    click.echo(f"{count} notices will be sent")


@doubtful.command("cancel")
@click.option("--all", "everything", is_flag=True, help="All of them.")
@click.option("--before", type=MOMENT, help="Those that were to be sent before TIME, as in Shanghai.")
def cancel(everything: bool, before: datetime | None) -> None:
    """Hold notices in doubt back for good."""
    with unit_of_work():
        count = restoring.cancel(now(), _until(everything, before))
    click.echo(f"{count} notices will not be sent")


def _note_export(made: Manifest) -> None:
    """Write down that everything was taken out; a database that is not migrated yet has nowhere to write it."""
    if made.revision == newest_revision():
        with transaction():
            audit.note(operator(), audit.EXPORT, now(), data=made.counts)


def _refuse_unfit(made: Manifest, config: Config, other_keys: bool) -> None:
    known = _revisions()
    if made.revision not in known:
        raise backups.Unfit(
            f"the backup stands at revision {made.revision}, unknown here: install its version or newer"
        )
    ours = backups.fingerprints(config.secrets)
    other = [name for name, fingerprint in made.fingerprints.items() if ours.get(name) != fingerprint]
    if other and not other_keys:
        raise backups.Unfit(
            f"the backup was made under other secrets ({', '.join(other)}): put its secrets.toml into"
            f" {config.instance} first, or say --other-keys to restore what can be read without them"
        )


def _bring_back(
    folder: Path, made: Manifest, config: Config, erased: Sequence[Erasure]
) -> tuple[list[str], int, Repeated]:
    """Restore behind a fence; returns which chains do not hold, how many notices are held and what was erased again."""
    dump.refuse_unless_unused(config.database.url, _revisions())
    with dump.fenced(config.database.url) as url:
        backups.put_back(folder, made, wiring().store, Path(config.history.anchors))
        backups.load(folder, made, url)
        _migrate(url)
        with transaction():
            held = restoring.take_up(made.taken_at, now())
            audit.note(operator(), audit.RESTORE, now(), data={"taken_at": moment(made.taken_at)})
            became = erasures.repeat(erased, wiring().keys, now())
        with transaction():
            faults = _verified(config)
    return faults, held, became


def _verified(config: Config) -> list[str]:
    """Tell what the anchors have seen and the backup has not; returns what does not hold."""
    ours, broken = anchors.read_folder(Path(config.history.anchors))
    found = list(verification.findings(ours, keys={own_key(config)}))
    for each in found:
        if not each.is_fault:
            click.echo(sentence_of(each))
    return broken + [sentence_of(each) for each in found if each.is_fault]


def _migrate(url: str) -> None:
    settings = AlembicConfig(str(ROOT / "migrations" / "alembic.ini"))
    settings.attributes["url"] = url
    command.upgrade(settings, "head")


def _revisions() -> set[str]:
    return {path.stem for path in MIGRATIONS.glob("[0-9]*.py")}


def _until(everything: bool, before: datetime | None) -> datetime | None:
    if everything == (before is not None):
        raise click.UsageError("say either --all or --before TIME")
    return before.replace(tzinfo=SHANGHAI) if before else None


def _told(made: Manifest) -> str:
    states = ", ".join(f"{count} {state}" for state, count in made.counts["notices"].items())
    return (
        f"{made.counts['cases']} cases, {made.counts['events']} events, {len(made.files)} files, "
        f"notices: {states or 'none'}, revision {made.revision}"
    )


def _report_faults(made: Manifest) -> None:
    for key, fault in made.faults.items():
        click.echo(f"{key} was {fault} when the backup was taken", err=True)
    if made.faults:
        raise SystemExit(1)


def _local(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
