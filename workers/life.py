"""The jobs of the life of data: what has been kept for long enough goes, and files that no case names any more.

The scheduler does not catch up ticks it missed, so that a tick of once a day could be missed for weeks: retention ticks
every hour, and mostly finds nothing since it did its work once that day.
"""

from liaison import housekeeping
from liaison.clients.files import open_store
from liaison.db import transaction
from liaison.services import retention, timekeeping
from workers.setting import app, config, uptime


def retain() -> int:
    """Remove what is due by the terms of retention, unless the clock cannot be trusted; returns how many."""
    with app().app_context():
        with transaction():
            trusted = timekeeping.trusted_time(uptime())
        if trusted is None:
            return 0  # by a clock that ran ahead, everything would be old enough
        terms = config().retention
        done = housekeeping.keep_to(retention.rules(terms, app().extensions["liaison"].keys), trusted)
        for path in housekeeping.old_logs(config().instance / "logs", trusted, terms.logs_days):
            path.unlink(missing_ok=True)
        return done.total()


def remove_doomed() -> int:
    """Remove the files of what was erased; returns how many."""
    with app().app_context():
        return housekeeping.remove_doomed(open_store(config().files.url))
