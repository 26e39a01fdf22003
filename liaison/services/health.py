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


@dataclass(frozen=True)
class Vitals:
    """What the operator watches: counts of notices by state, the oldest due one, clocks that fell behind."""

    notices: dict[str, int]
    oldest_due_seconds: float
    clocks_behind: int
    beats: dict[str, float]


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
    oldest = session.scalar(select(func.min(Notice.next_at)).where(Notice.state.in_(("due", "leased"))))
    behind = session.scalar(select(func.count()).select_from(Clock).where(Clock.remind_at < now - STALE))
    beats = {name: (now - at).total_seconds() for name, at in session.execute(select(Heartbeat.name, Heartbeat.at))}
    waited = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    return Vitals(states, waited, behind, beats)
