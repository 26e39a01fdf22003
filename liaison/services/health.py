"""Signs of life: heartbeats that went from the scheduler through Redis and a worker into the database."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from liaison.db import session
from liaison.domain.calendar import local_day
from liaison.models.clocks import Clock, Heartbeat
from liaison.models.notices import Notice
from liaison.services import calendars, channels, content_checks, inbound, timekeeping
from liaison.services.channels import INBOX

STALE = timedelta(seconds=60)  # six beats missed
ERASURES = "erasures"
"""The heartbeat that says every erasure is written down outside the database."""

UNCHECKED_FOR = timedelta(minutes=45)  # a file's result alone may take 30 after it was asked for
LATE_BUCKETS = (1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 600.0, 3600.0)  # seconds


@dataclass(frozen=True)
class Vitals:
    """What the operator watches: counts by state, the oldest due notice, clocks that fell behind.

    Besides, how many working days the official calendar reaches, by how much the database's clock has jumped, which
    channels are paused, and what content waits for the platform's look.
    """

    notices: dict[str, int]
    oldest_due_seconds: float
    clocks_behind: int
    beats: dict[str, float]
    late: list[tuple[float, int]]
    late_seconds: float
    calendar_days: int
    clock_jump_seconds: float
    paused: list[str]
    inbound: dict[str, int]
    unchecked: content_checks.Unchecked


def beat(name: str, now: datetime) -> None:
    """Record that a part of the clockwork is alive."""
    row = insert(Heartbeat).values(name=name, at=now)
    session.execute(row.on_conflict_do_update(index_elements=["name"], set_={"at": now}))


def silent(names: tuple[str, ...], now: datetime) -> list[str]:
    """Those parts that have not beaten within a minute."""
    alive = set(session.scalars(select(Heartbeat.name).where(Heartbeat.at > now - STALE)))
    return [name for name in names if name not in alive]


def vitals(now: datetime) -> Vitals:
    """The figures `/metrics` shows."""
    states = dict(session.execute(select(Notice.state, func.count()).group_by(Notice.state)).all())
    waiting = select(func.min(Notice.due_at)).where(Notice.state.in_(("due", "leased")), Notice.due_at <= now)
    oldest = session.scalar(waiting)
    behind = session.scalar(select(func.count()).select_from(Clock).where(Clock.remind_at < now - STALE))
    beats = {name: (now - at).total_seconds() for name, at in session.execute(select(Heartbeat.name, Heartbeat.at))}
    late, late_seconds = _lateness()
    return Vitals(
        notices=states,
        oldest_due_seconds=(now - oldest).total_seconds() if oldest else 0.0,
        clocks_behind=behind,
        beats=beats,
        late=late,
        late_seconds=late_seconds,
        calendar_days=calendars.coverage(local_day(now)).working_days,
        clock_jump_seconds=alarm.jumped_seconds if (alarm := timekeeping.find_alarm()) else 0.0,
        paused=sorted(channels.paused(now)),
        inbound=inbound.unfinished(),
        unchecked=content_checks.unchecked(),
    )


def alarms(now: datetime) -> dict[str, object]:
    """What somebody must look at, by name; empty when all is well."""
    found = vitals(now)
    told = {
        "dead_notices": found.notices.get("dead", 0),
        "notices_in_doubt": found.notices.get("in_doubt", 0),
        "clocks_behind": found.clocks_behind,
        "clock_jump_seconds": round(found.clock_jump_seconds),
        "paused_channels": found.paused,
        "events_failed": found.inbound.get("failed", 0),
        "contents_unchecked": found.unchecked.count if _is_late(found.unchecked, now) else 0,
        "not_written_down": silent((ERASURES,), now),
    }
    if found.calendar_days <= calendars.WARNED:
        told["calendar_working_days_left"] = found.calendar_days
    return {name: value for name, value in told.items() if value or name.startswith("calendar")}


def _is_late(unchecked: content_checks.Unchecked, now: datetime) -> bool:
    return unchecked.since is not None and now - unchecked.since > UNCHECKED_FOR


def _lateness() -> tuple[list[tuple[float, int]], float]:
    """How many sent notices left within so many seconds of being due, cumulated, and all their seconds together."""
    left = (Notice.state == "sent", Notice.channel != INBOX)
    waited = func.extract("epoch", Notice.settled_at - Notice.due_at)
    counts = [func.count().filter(waited <= bound) for bound in LATE_BUCKETS]
    row = session.execute(
        select(*counts, func.count(), func.coalesce(func.sum(waited), 0)).where(*left)
    ).one()
    bounds = (*LATE_BUCKETS, float("inf"))
    return list(zip(bounds, row[: len(bounds)], strict=True)), float(row[-1])
