"""The one clock: the database's, asked every second and carried on by this process's own uptime in between.

Machines' own clocks differ and can be set; every due date and lease is compared with what one database says
(TRUST, the algorithm, step 7). `services.timekeeping` watches whether that clock itself jumps.
"""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

ASK_AGAIN = 1.0
"""Seconds after which the database is asked again: how late its being set is noticed here."""


class DatabaseClock:
    """Tells the database's time to every thread of this process; raises what `read` raises when it cannot be asked."""

    def __init__(self, read: Callable[[], datetime], uptime: Callable[[], float] = time.monotonic) -> None:
        self._read, self._uptime, self._lock = read, uptime, threading.Lock()
        self._told: tuple[datetime, float] | None = None

    def __call__(self) -> datetime:
        """The time now."""
        with self._lock:
            if self._told is None or self._uptime() - self._told[1] >= ASK_AGAIN:
                self._told = self._read(), self._uptime()
            at, since = self._told
            return at + timedelta(seconds=self._uptime() - since)
