"""The jobs of the life of data: what has been kept for long enough goes, files that no case names any more go, and
what was erased is written down where a restore does not reach.

The scheduler does not catch up ticks it missed, so that a tick of once a day could be missed for weeks: retention ticks
every hour, and mostly finds nothing since it did its work once that day.
"""

from pathlib import Path

import structlog

from liaison import housekeeping
from liaison.clients.files import open_store
from liaison.db import transaction
from liaison.services import erasures, health, retention, timekeeping
from workers.setting import app, config, now, uptime

log = structlog.get_logger(__name__)


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
        write_down_erasures()
        return done.total()


def remove_doomed() -> int:
    """Remove the files of what was erased; returns how many."""
    with app().app_context():
        return housekeeping.remove_doomed(open_store(config().files.url))


def write_down_erasures() -> int:
    """Write down what was erased since and is not in the file yet; returns how many lines.

    Its heartbeat says that the file can be read and written and lacks nothing: without it there is an alarm.
    """
    with app().app_context():
        try:
            with transaction():
                written = erasures.write_down(Path(config().history.anchors))
        except OSError as error:
            log.error("erasures cannot be written down", folder=config().history.anchors, reason=error.strerror)
            return 0
        with transaction():
            health.beat(health.ERASURES, now())
        return written
