"""Whether a clock can be trusted: how far it went, against how long the machine it is compared with has been up.

Uptime (CLOCK_BOOTTIME) runs on while the machine sleeps and cannot be set, so that what the clock gained or lost
against it is a jump. Across machines or boots only a clock that went back can be told.
"""

from dataclasses import dataclass
from datetime import datetime

JUMP_SECONDS = 120.0
"""A clock that is off by less changes no due date that matters; above it, everything would fall due or stop falling."""


@dataclass(frozen=True)
class Uptime:
    """How many seconds a machine has been up since the boot of that id."""

    boot_id: str
    seconds: float


@dataclass(frozen=True)
class Reading:
    """What the clock said at one uptime, and by how much it had jumped by then without coming back."""

    at: datetime
    uptime: Uptime
    jumped: float = 0.0

    @property
    def is_off(self) -> bool:
        """Whether the clock has jumped too far to act on what it says."""
        return abs(self.jumped) > JUMP_SECONDS


def read_on(before: Reading, at: datetime, uptime: Uptime) -> Reading:
    """The next reading of a clock that says `at` now.

    A small difference is the clock being set right; while it is off, everything counts, so that a jump that returns is
    forgiven.
    """
    went = (at - before.at).total_seconds()
    if uptime.boot_id == before.uptime.boot_id:
        gained = went - (uptime.seconds - before.uptime.seconds)
    else:
        gained = min(0.0, went)
    counts = abs(gained) > JUMP_SECONDS or before.is_off
    return Reading(at, uptime, before.jumped + gained if counts else 0.0)
