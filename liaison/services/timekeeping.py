"""Watches the database's clock: while it stands somewhere it jumped to, nothing that only time brings about is done.

Reminders that would fall, matters that would close by silence and escalations wait until the clock has come back or a
person has confirmed that it is right; what people do goes on. Every machine that asks holds the clock against its own
uptime; which of them found it out makes no difference to the alarm.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from liaison.db import session
from liaison.domain.errors import WrongState
from liaison.domain.timekeeping import Reading, Uptime, read_on
from liaison.models.clocks import ClockReading, ClockWatch

ONLY = 1
OLDEST = 86_400.0
"""Seconds of uptime after which a machine's reading is too old to compare with: a day's drift is a few seconds."""


@dataclass(frozen=True)
class Alarm:
    """The clock has jumped by so many seconds and was found out at that moment, by its own reckoning."""

    jumped_seconds: float
    since: datetime


def trusted_time(uptime: Uptime) -> datetime | None:
    """The database's time for what falls due by it, or None while its clock cannot be trusted.

    To be asked in the transaction that acts on it.
    """
    now = session.scalar(select(func.clock_timestamp()))
    row = _row(now, uptime)
    before = _own(uptime) or Reading(row.at, Uptime(row.boot_id, row.boot_seconds), row.jumped_seconds)
    reading = read_on(before, now, uptime)
    row.at, row.boot_id, row.boot_seconds = now, uptime.boot_id, uptime.seconds
    row.jumped_seconds = reading.jumped
    _keep(reading)
    if not reading.is_off:
        row.alarm_since = None
    elif row.alarm_since is None:
        row.alarm_since = now
    session.flush()
    return None if reading.is_off else now


def find_alarm() -> Alarm | None:
    """The alarm that stands, if any."""
    row = session.get(ClockWatch, ONLY, populate_existing=True)
    return Alarm(row.jumped_seconds, row.alarm_since) if row and row.alarm_since else None


def last_confirmed() -> tuple[str, datetime] | None:
    """Who last found the clock right, and when, if anybody ever had to."""
    row = session.get(ClockWatch, ONLY, populate_existing=True)
    return (row.confirmed_by, row.confirmed_at) if row and row.confirmed_by else None


def confirm(name: str, now: datetime) -> None:
    """Take the clock as right as it stands; for a person of that name who has looked.

    Raises WrongState when there is no alarm.
    """
    row = session.get(ClockWatch, ONLY, with_for_update=True, populate_existing=True)
    if row is None or row.alarm_since is None:
        raise WrongState("系统时钟没有报警，不需要确认。", state="well")
    row.jumped_seconds, row.alarm_since = 0.0, None
    session.execute(delete(ClockReading))  # what machines have read so far does not count any more
    row.confirmed_by, row.confirmed_at = name, now
    session.flush()


def _own(uptime: Uptime) -> Reading | None:
    """This machine's last reading, unless it is so old that two clocks may honestly have drifted apart since."""
    row = session.get(ClockReading, uptime.boot_id, populate_existing=True)
    if row is None or uptime.seconds - row.boot_seconds > OLDEST:
        return None
    return Reading(row.at, Uptime(row.boot_id, row.boot_seconds), row.jumped_seconds)


def _keep(reading: Reading) -> None:
    told = {"boot_seconds": reading.uptime.seconds, "at": reading.at, "jumped_seconds": reading.jumped}
    put = insert(ClockReading).values(boot_id=reading.uptime.boot_id, **told)
    session.execute(put.on_conflict_do_update(index_elements=[ClockReading.boot_id], set_=told))


def _row(now: datetime, uptime: Uptime) -> ClockWatch:
    """The one row, locked; what is first seen is believed."""
    first = {"id": ONLY, "at": now, "boot_id": uptime.boot_id, "boot_seconds": uptime.seconds, "jumped_seconds": 0.0}
    session.execute(insert(ClockWatch).values(**first).on_conflict_do_nothing())
    return session.get_one(ClockWatch, ONLY, with_for_update=True, populate_existing=True)
