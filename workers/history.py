"""The job that writes the day's anchor of all histories."""

from pathlib import Path

from liaison.db import transaction
from liaison.services import anchors, timekeeping
from workers.setting import app, config, uptime


def anchor() -> bool:
    """Write today's anchor unless there is one, or the clock cannot be trusted; returns whether it was written.

    The first tick after midnight in Shanghai writes it; after an outage the first tick of all, so that a day without
    one shows as a day without a running clockwork.
    """
    with app().app_context():
        with transaction():
            trusted = timekeeping.trusted_time(uptime())
        if trusted is None:
            return False
        with transaction():
            made = anchors.put_anchor(Path(config().history.anchors), config().secrets.anchor_key, trusted)
        return made is not None
