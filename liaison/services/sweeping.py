"""What nobody else puts right: files of submissions whose transaction failed, notices a wrong clock has put off."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, or_, select, update

from liaison.db import session, wake_after_commit
from liaison.domain.calendar import office_moment
from liaison.models.cases import Attachment, PublishedPhoto
from liaison.models.clocks import Clock
from liaison.models.notices import ChannelState, Notice
from liaison.services.calendars import current_calendar
from liaison.services.channels import LONGEST_PAUSE
from liaison.services.claims import LEASE, LONGEST_BACKOFF

OLD_ENOUGH = timedelta(days=2)  # a form left open with its photos kept may still be sent
BATCH = 500
SLACK = timedelta(seconds=10)  # by how much the clocks of two processes that follow the database may differ
LONGEST_WAIT = max(LEASE, timedelta(seconds=LONGEST_BACKOFF * 1.25)) + SLACK
_WAITS = Notice.state.in_(("due", "leased"))


def unknown_files(keys: Iterable[str]) -> list[str]:
    """Those keys of the file store that neither an attachment nor a published photo names."""
    wanted, known = list(keys), set[str]()
    for table in (Attachment, PublishedPhoto):
        named = or_(table.key.in_(wanted), table.thumb_key.in_(wanted))
        known |= {key for row in session.execute(select(table.key, table.thumb_key).where(named)) for key in row}
    return [key for key in wanted if key not in known]


def wake_clocks(now: datetime) -> int:
    """Have running clocks without a next reminder looked at again; there should be none; returns how many."""
    asleep = update(Clock).where(Clock.remind_at.is_(None), Clock.stopped_at.is_(None), Clock.paused_at.is_(None))
    woken = asleep.values(remind_at=now).execution_options(synchronize_session=False)
    return session.execute(woken).rowcount


def pull_in(now: datetime) -> int:
    """Take back what a clock that ran ahead has put off; returns how many notices were due too late by it.

    A notice made or rung later than now, and one leased, tried or overdue that is put off for longer than any of it
    lasts, were written while the clock was wrong, or for a pause that has ended; so was a pause of more than a day.
    """
    _end_long_pauses(now)
    ahead = update(Notice).where(_WAITS, Notice.created_at > now + SLACK)
    offset = Notice.created_at - now
    shifted = {"created_at": now, "due_at": Notice.due_at - offset, "next_at": Notice.next_at - offset}
    begun = or_(Notice.state == "leased", Notice.attempts > 0, Notice.due_at <= now)
    soon = case((Notice.urgent, now), else_=office_moment(now, current_calendar()))
    late = update(Notice).where(_WAITS, begun, Notice.next_at > soon + LONGEST_WAIT, _not_paused(now))
    rung = update(Notice).where(_WAITS, Notice.rung_at > now + SLACK)
    count = 0
    for mend in (ahead.values(shifted), late.values(next_at=soon), rung.values(rung_at=None)):
        count += session.execute(mend.execution_options(synchronize_session=False)).rowcount
    if count:
        wake_after_commit()
    return count


def _end_long_pauses(now: datetime) -> None:
    long = update(ChannelState).where(ChannelState.paused_until > now + LONGEST_PAUSE + SLACK)
    session.execute(long.values(paused_until=None, reason=None), execution_options={"synchronize_session": False})


def _not_paused(now: datetime) -> ColumnElement[bool]:
    """Whether a notice's channel is not known to be paused, which may put it off for longer."""
    pauses = select(ChannelState.channel).where(ChannelState.paused_until > now)
    return Notice.channel.not_in(pauses)
