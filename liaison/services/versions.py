"""The versions of what is kept in memory from one transaction to the next, asked for in one statement."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ScalarSelect, func, select

from liaison.db import once, session
from liaison.models.clocks import CalendarYear
from liaison.models.preferences import SettingChange


@dataclass(frozen=True)
class Versions:
    """When the calendar was loaded last and how many years it has; the last change of a setting."""

    calendar: tuple[datetime | None, int]
    settings: UUID | None


def versions() -> Versions:
    """The versions as this transaction sees them."""
    return once("versions", _read)


def settings_version() -> ScalarSelect[UUID]:
    """The last change of a setting, as a column for a statement that is asked anyhow."""
    return select(SettingChange.id).order_by(SettingChange.seq.desc()).limit(1).scalar_subquery()


def _read() -> Versions:
    loaded_at, years, settings = session.execute(
        select(func.max(CalendarYear.loaded_at), func.count(CalendarYear.year), settings_version())
    ).one()
    return Versions((loaded_at, years), settings)
