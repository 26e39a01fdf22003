"""Keeps to the terms of retention: rule by rule, in one small transaction after another; files when rows are gone.

Called by the job and by the command; what fails for one batch is logged and does not hold up the others.
"""

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from liaison.clients.files import FileStore
from liaison.db import transaction
from liaison.services import erasing, retention
from liaison.services.retention import Rule

MOST = 5000
"""How many of one rule a run takes; the next takes the rest, so that no run lasts for hours."""

log = structlog.get_logger("liaison.housekeeping")


def keep_to(rules: list[Rule], now: datetime) -> Counter[str]:
    """Remove everything that is due; returns how many went by which rule."""
    done: Counter[str] = Counter()
    for rule in rules:
        with transaction():
            due = rule.due(now, MOST)
        for start in range(0, len(due), rule.batch):
            try:
                with transaction():
                    count = retention.remove(rule, due[start : start + rule.batch], now)
            except Exception:
                log.exception("retention failed", rule=rule.name)
                continue
            done[rule.name] += count
    return done


def remove_doomed(store: FileStore) -> int:
    """Remove the files that no case names any more; returns how many. A file that is gone already is no fault."""
    removed = 0
    while True:
        with transaction():
            keys = erasing.doomed(retention.ROWS)
        for key in keys:
            store.delete(key)
        with transaction():
            erasing.forget_doomed(keys)
        removed += len(keys)
        if len(keys) < retention.ROWS:
            return removed


def old_logs(folder: Path, now: datetime, days: int) -> list[Path]:
    """The log files nobody has written to for so many days."""
    before = (now - timedelta(days=days)).timestamp()
    return [path for path in sorted(folder.glob("*.log*")) if path.is_file() and path.stat().st_mtime < before]
