"""Signs of life: heartbeats that went from the scheduler through Redis and a worker into the database."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from liaison.db import session
from liaison.models.clocks import Clock, Heartbeat
from liaison.models.notices import Notice

STALE = timedelta(seconds=60)  # six beats missed
LATE_BUCKETS = (1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 600.0, 3600.0)  # seconds


@dataclass(frozen=True)
class Vitals:
    """What the operator watches: counts of notices by state, the oldest due one, clocks that fell behind."""

    notices: dict[str, int]
    oldest_due_seconds: float
    clocks_behind: int
    beats: dict[str, float]
    late: list[tuple[float, int]]
    late_seconds: float


def beat(name: str, now: datetime) -> None:
    """Record that a part of the clockwork is alive."""
    row = insert(Heartbeat).values(name=name, at=now)
    session.execute(row.on_conflict_do_update(index_elements=["name"], set_={"at": now}))


def silent(names: tuple[str, ...], now: datetime) -> list[str]:
    """Those parts that have not beaten within a minute, or the database when it does not answer."""
    try:
        alive = set(session.scalars(select(Heartbeat.name).where(Heartbeat.at > now - STALE)))
    except SQLAlchemyError:
        return ["database"]
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
    )


def _lateness() -> tuple[list[tuple[float, int]], float]:
    """How many sent notices left within so many seconds of being due, cumulated, and all their seconds together."""
    waited = func.extract("epoch", Notice.settled_at - Notice.due_at)
    counts = [func.count().filter(waited <= bound) for bound in LATE_BUCKETS]
    row = session.execute(
        select(*counts, func.count(), func.coalesce(func.sum(waited), 0)).where(Notice.state == "sent")
    ).one()
    bounds = (*LATE_BUCKETS, float("inf"))
    return list(zip(bounds, row[: len(bounds)], strict=True)), float(row[-1])
