"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

from liaison.domain.calendar import SHANGHAI

MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=SHANGHAI)
"""A working Monday, in office hours, with a working week ahead."""


class FakeClock:
    """Called like `app.utc_now`: returns the aware UTC time it was last set to."""

    def __init__(self, start: datetime = MONDAY) -> None:
        self.set(start)

    def __call__(self) -> datetime:
        return self._now

    def set(self, moment: datetime) -> datetime:
        """Go to an aware moment, forwards or backwards."""
        self._now = moment.astimezone(UTC)
        return self._now

    def advance(self, **length: float) -> datetime:
        """Go on by so many `days`, `hours`, `minutes`, `seconds`."""
        return self.set(self._now + timedelta(**length))
