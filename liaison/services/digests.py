"""The office's morning digest: one notice per office account and working day; it leads to the page of figures."""

from datetime import datetime, time

from sqlalchemy import select

from liaison.db import session
from liaison.domain.calendar import SHANGHAI, start_of_day
from liaison.models.notices import Notice
from liaison.services import recipients
from liaison.services.calendars import current_calendar
from liaison.services.notices import tell

TOPIC = "digest"
READY = time(8, 40)  # ten minutes after the office opens, when the morning's reminders have fallen


BATCH = 1000  # more office accounts than one installation has


def put_digests(now: datetime) -> int:
    """Put today's digest for every office account that has none yet, from 08:40 of a working day; returns how many."""
    local = now.astimezone(SHANGHAI)
    if local.time() < READY or not current_calendar().is_working(local.date()):
        return 0
    since = start_of_day(local.date())
    had = set(session.scalars(select(Notice.recipient_id).where(Notice.topic == TOPIC, Notice.created_at >= since)))
    people = [person for person in recipients.every_office() if person.id not in had]
    tell(None, TOPIC, people, now, occasion=f"{TOPIC}:{local.date()}")
    return len(people)
