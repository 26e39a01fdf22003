"""Which deputy's turn it is at a station on a day, and what single days may be changed to.

The roster rotates by the week of the year. A station is attended on working days; what is told online on the others
goes to the week's deputy all the same, so that a matter never waits for a day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from liaison.domain.routing import DutyTurn


class Change(StrEnum):
    """What one day may be changed to."""

    STANDS_IN = "stands_in"
    OFF = "off"
    EXTRA = "extra"


@dataclass(frozen=True)
class Standing:
    """A deputy who may be on duty: away until when, that day included, still a deputy, able to sign in.

    `is_listed` tells those on the roster from one who only stands in.
    """

    deputy_id: UUID
    absent_until: date | None
    active: bool
    has_account: bool
    is_listed: bool = True

    def is_present(self, day: date) -> bool:
        """Whether the deputy is there on that day."""
        return self.active and (self.absent_until is None or self.absent_until < day)


def turns_on(day: date, standing: Sequence[Standing], stand_in: UUID | None = None) -> list[DutyTurn]:
    """The turns of a day: those on the roster in its order, then who stands in without being on it."""
    listed = [each for each in standing if each.is_listed]
    week = day.isocalendar().week % len(listed) if listed else 0
    guests = [each for each in standing if not each.is_listed and each.deputy_id == stand_in]
    return [
        DutyTurn(
            deputy_id=each.deputy_id,
            position=position,
            on_duty=each.is_listed and position == week,
            present=each.is_present(day),
            has_account=each.has_account,
            stands_in=each.deputy_id == stand_in,
        )
        for position, each in enumerate([*listed, *guests])
    ]


def has_duty(working: bool, change: Change | None) -> bool:
    """Whether the station is attended on a day: working days unless changed."""
    return change is not Change.OFF if working else change in (Change.EXTRA, Change.STANDS_IN)
