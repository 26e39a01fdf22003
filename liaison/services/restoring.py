"""After a restore: nothing that may have been sent already is sent again by itself.

The database is back at its snapshot, the world is not. Between the two the lost installation went on sending, until
a moment nobody knows. So whatever it may have sent meanwhile is held as `in_doubt` until a person decides:

- notices that were due by now, or leased, in the snapshot. One that is to go out later than now cannot have gone
  out yet and stays due.
- what the passing of time alone has made due since the snapshot: rungs of reminders, silence that moved a case on, the
  day's digest. The very jobs that would find it after the restore are run inside the restore, so that it is all there
  at once, collapsed to the newest rung of each clock as after any outage, and then held like the rest. From then on
  clocks stand as if reminded until now: what falls later goes out normally.

The inbox is never in doubt, because its notices do not leave the database. What people did after the snapshot is
lost together with its notices; doing it again tells people again, as it should. `due_at` of what is held is when
the lost installation would have sent it: whoever knows when it died can cancel what is older and release the rest.
Releasing checks nothing: a claim does, which cancels what is no longer wanted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, text, update
from sqlalchemy.orm import contains_eager

from liaison.db import session, set_apart, wake_after_commit
from liaison.domain.calendar import office_moment
from liaison.models.cases import case_numbers
from liaison.models.clocks import Clock
from liaison.models.notices import Notice
from liaison.services import clocks, digests, lapses, reminders
from liaison.services.calendars import current_calendar
from liaison.services.channels import INBOX

IN_DOUBT = "in_doubt"
NUMBERS_PER_DAY = 1000
"""Case numbers left out for every begun day after the snapshot: more than any county has given out."""

BY_THE_CLOCK: tuple[tuple[Callable[[datetime], int], int], ...] = (
    (lapses.lapse, lapses.BATCH),
    (reminders.fall_due, reminders.BATCH),
    (digests.put_digests, 1),
)
"""Every job that puts notices because time has passed, with its batch; one missing here sends twice after a restore."""


@dataclass(frozen=True)
class Doubtful:
    """Notices in doubt of one topic and channel: how many, and when the first and the last were to be sent."""

    topic: str
    channel: str
    count: int
    first_at: datetime
    last_at: datetime


def take_up(taken_at: datetime, now: datetime) -> int:
    """Take up work in a database restored from a snapshot of `taken_at`; returns how many notices are held in doubt.

    To be called once, before anybody else may write; works behind the fence that keeps them from it.
    """
    session.execute(text("SET TRANSACTION READ WRITE"))
    _skip_numbers(taken_at, now)
    missed = _missed(now)
    for serve, batch in BY_THE_CLOCK:
        while serve(now) >= batch:
            pass
    _date_back(missed, now)
    held = update(Notice).where(Notice.channel != INBOX, _may_have_gone_out(now)).values(state=IN_DOUBT)
    return session.execute(held, execution_options={"synchronize_session": False}).rowcount


def in_doubt() -> Sequence[Doubtful]:
    """What waits for a person, by topic and channel."""
    rows = session.execute(
        select(Notice.topic, Notice.channel, func.count(), func.min(Notice.due_at), func.max(Notice.due_at))
        .where(Notice.state == IN_DOUBT)
        .group_by(Notice.topic, Notice.channel)
        .order_by(Notice.topic, Notice.channel)
    )
    return [Doubtful(*row) for row in rows]


def release(now: datetime, before: datetime | None = None, ids: Sequence[UUID] | None = None) -> int:
    """Let notices in doubt go out, all, those that were to be sent before a moment, or these; returns how many.

    They go out in office hours, since whoever decides at night must not wake everybody.
    """
    wake_after_commit()
    at = office_moment(now, current_calendar())
    return _decide(before, ids, state="due", due_at=at, next_at=at, attempts=0)


def cancel(now: datetime, before: datetime | None = None, ids: Sequence[UUID] | None = None) -> int:
    """Hold notices in doubt back for good, all, those to be sent before a moment, or these; returns how many."""
    return _decide(before, ids, state="cancelled", settled_at=now)


def _decide(before: datetime | None, ids: Sequence[UUID] | None, **values: object) -> int:
    meant = update(Notice).where(Notice.state == IN_DOUBT)
    if ids is not None:
        meant = meant.where(Notice.id.in_(ids))
    if before is not None:
        meant = meant.where(Notice.due_at < before)
    return session.execute(meant.values(**values), execution_options={"synchronize_session": False}).rowcount


def _skip_numbers(taken_at: datetime, now: datetime) -> None:
    """Leave out the case numbers the lost installation may have given out: a receipt must not name another's matter."""
    lost = NUMBERS_PER_DAY * (1 + max(timedelta(), now - taken_at).days)
    session.execute(select(func.setval(case_numbers.name, case_numbers.next_value() + lost)))


def _missed(now: datetime) -> dict[UUID, datetime]:
    """When time last made something due, by clock and, for what is said of a case as a whole, by case."""
    late = session.scalars(
        select(Clock)
        .join(Clock.case)
        .where(or_(Clock.remind_at <= now, Clock.lapse_at < now))
        .options(contains_eager(Clock.case))
    )
    moments: dict[UUID, datetime] = {}
    for clock in late:
        set_apart("look back", clock.id, partial(_note, moments, clock, now))
    return moments


def _note(moments: dict[UUID, datetime], clock: Clock, now: datetime) -> None:
    at = _last_moment(clock, now)
    moments[clock.id] = at
    moments[clock.case_id] = max(at, moments.get(clock.case_id, at))


def _last_moment(clock: Clock, now: datetime) -> datetime:
    if clock.lapse_at and clock.lapse_at < now:
        return clock.lapse_at
    step = clocks.ladder_of(clock, current_calendar()).fallen(clock.reminded_to, now)
    return step.at if step else now


def _date_back(missed: dict[UUID, datetime], now: datetime) -> None:
    """Have what was put just now say when it was to be sent."""
    for notice in session.scalars(select(Notice).where(Notice.created_at == now)):
        notice.due_at = missed.get(notice.clock_id) or missed.get(notice.case_id) or now
    session.flush()


def _may_have_gone_out(now: datetime) -> ColumnElement[bool]:
    """Leased, due by now, or put by this very restore."""
    by_now = or_(Notice.next_at <= now, Notice.created_at == now)
    return or_(Notice.state == "leased", and_(Notice.state == "due", by_now))
