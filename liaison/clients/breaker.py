"""Leaves a system alone that does not answer, so that nobody who waits for it is kept from other work.

Closed lets every call through. Open refuses at once. When its time is over, one call goes out to try (half open): if
the system answers, all go on, and whoever came meanwhile has waited for just that; if not, it rests again.
"""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

FAILURES = 10
"""So many calls in a row without an answer open it: a single lost connection, or a blip of a few calls, does not."""

WINDOW = 30.0
"""Seconds within which they must come, so that ten lost calls of a quiet night are not taken for an outage."""

REST = 10.0
"""Seconds it stays open: with the longest backoff of a letter still under the two minutes nobody is to wait over."""

PATIENCE = 5.0
"""Seconds to wait for the one call that tries; as long as it waits itself for each step."""


class Resting(Exception):
    """The system is left alone for so long."""

    def __init__(self, pause: timedelta) -> None:
        self.pause = pause
        super().__init__("resting")


class Breaker:
    """The breaker of one system, shared by threads. Each `enter` must be followed by one `leave`, come what may."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, patience: float = PATIENCE) -> None:
        self._clock, self._patience = clock, patience
        self._changed = threading.Condition()
        self._failures, self._first_at = 0, 0.0
        self._open_until: float | None = None
        self._tries = False

    def enter(self) -> bool:
        """Ask to make a call; True when it is the one that tries whether the system is back. Raises Resting."""
        with self._changed:
            if self._tries:
                self._changed.wait_for(lambda: not self._tries, self._patience)
            if self._open_until is None:
                return False
            left = self._open_until - self._clock()
            if left > 0 or self._tries:
                raise Resting(timedelta(seconds=max(left, 1.0)))
            self._tries = True
            return True

    def leave(self, tried: bool, *, answered: bool) -> None:
        """Tell how the call ended, `tried` being what `enter` said of it."""
        with self._changed:
            if tried:
                self._tries = False
            if answered:
                self._failures, self._open_until = 0, None
            elif tried:
                self._open_until = self._clock() + REST
            elif self._open_until is None:
                self._count()
            self._changed.notify_all()

    def _count(self) -> None:
        now = self._clock()
        if not self._failures or now - self._first_at > WINDOW:
            self._failures, self._first_at = 0, now
        self._failures += 1
        if self._failures >= FAILURES:
            self._failures, self._open_until = 0, now + REST
