"""The command that keeps to the terms of retention, or only says what it would remove."""

import click
from flask.cli import with_appcontext

from liaison import housekeeping
from liaison.db import transaction
from liaison.services import retention
from liaison.web.wiring import now, wiring, write_down_erasures


@click.command("retention")
@click.option("--dry-run", is_flag=True, help="Remove nothing; only say what is due.")
@with_appcontext
def retain(dry_run: bool) -> None:
    """Remove what has been kept for long enough, as [retention] says; a job does the same every hour."""
    config, at = wiring().config, now()
    rules = retention.rules(config.retention, wiring().keys)
    logs = housekeeping.old_logs(config.instance / "logs", at, config.retention.logs_days)
    if dry_run:
        with transaction():
            for rule in rules:
                click.echo(f"{rule.name}: {rule.count(at)} from before {rule.before(at):%Y-%m-%d}")
        click.echo(f"logs_days: {len(logs)} files")
        return
    done = housekeeping.keep_to(rules, at)
    write_down_erasures()
    files = housekeeping.remove_doomed(wiring().store)
    for path in logs:
        path.unlink(missing_ok=True)
    for rule in rules:
        click.echo(f"{rule.name}: {done[rule.name]} removed")
    click.echo(f"logs_days: {len(logs)} files; {files} photo files removed from the store")
