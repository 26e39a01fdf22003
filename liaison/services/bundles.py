"""Bundles: who would get more than five messages within an hour gets one that says how many (仪征's rule of quiet).

Only what is not urgent is bundled, and only before it was tried. What is bundled has ended; its bundle carries it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from liaison.db import session
from liaison.models.base import fixed, new_id
from liaison.models.notices import Notice
from liaison.services.channels import INBOX
from liaison.services.claims import BUNDLE
from liaison.services.notices import OUTWARD, dedup_key, put

MOST = 5
"""Messages one person gets one by one within an hour."""
HOUR = timedelta(hours=1)
_OUTWARD = Notice.channel != fixed(INBOX)
"""Written out: of a parameter a kept plan does not know that it is the index of what goes outward's own condition, and
so would look at all that is due once for everybody."""


def bundle(now: datetime) -> int:
    """Collapse what is due for those whom it would overwhelm; returns how many notices were bundled."""
    return sum(_bundle(recipient_id, now) for recipient_id in _overwhelmed(now))


def _overwhelmed(now: datetime) -> Sequence[UUID]:
    """The recipients to whom, with what is due now, more than five messages would have gone within an hour."""
    waiting = (
        select(Notice.recipient_id, func.count().label("count")).where(_waits(now)).group_by(Notice.recipient_id)
    ).subquery()
    gone = (
        select(func.count())
        .where(Notice.recipient_id == waiting.c.recipient_id, _goes_out_since(now - HOUR))
        .correlate(waiting)
        .scalar_subquery()
    )
    return session.scalars(select(waiting.c.recipient_id).where(waiting.c.count + gone > MOST)).all()


def _bundle(recipient_id: UUID, now: datetime) -> int:
    held = select(Notice).where(Notice.recipient_id == recipient_id, _waits(now)).with_for_update(skip_locked=True)
    earliest = held.order_by(Notice.next_at, Notice.id).limit(1).execution_options(populate_existing=True)
    first = session.scalar(earliest)
    if first is None:
        return 0
    bundle_id = _open_bundle(recipient_id) or _new_bundle(first, now)
    ended = update(Notice).where(Notice.id.in_(held.with_only_columns(Notice.id)))
    ended = ended.values(state="bundled", settled_at=now, bundle_id=bundle_id)
    return session.execute(ended, execution_options={"synchronize_session": False}).rowcount


def _open_bundle(recipient_id: UUID) -> UUID | None:
    """The recipient's bundle that has not been tried yet, if there is one; locked."""
    mine = Notice.recipient_id == recipient_id, _OUTWARD, Notice.topic == BUNDLE
    untried = Notice.state == "due", Notice.attempts == 0
    return session.scalar(select(Notice.id).where(*mine, *untried).limit(1).with_for_update(skip_locked=True))


def _new_bundle(first: Notice, now: datetime) -> UUID:
    """A bundle that goes the way of its first notice: at once, or an hour after the bundle before it."""
    last = session.scalar(
        select(func.max(func.coalesce(Notice.settled_at, now))).where(
            Notice.recipient_id == first.recipient_id, Notice.topic == BUNDLE, _goes_out_since(now - HOUR)
        )
    )
    at = last + HOUR if last else now
    about = {"case_id": None, "clock_id": None, "generation": 0, "topic": BUNDLE, "urgent": False, "created_at": now}
    bundle_id = new_id()
    row = about | {
        "id": bundle_id,
        "dedup_key": dedup_key(about, f"{BUNDLE}:{bundle_id}", first.recipient_id, OUTWARD),
        "recipient_role": first.recipient_role,
        "recipient_id": first.recipient_id,
        "channel": first.channel,
        "route": first.route,
        "state": "due",
        "settled_at": None,
        "due_at": at,
        "next_at": at,
    }
    put([row])
    return bundle_id


def _waits(now: datetime) -> ColumnElement[bool]:
    """Due on its way out, not urgent, not tried yet, and no bundle itself."""
    untried = and_(Notice.state == "due", Notice.next_at <= now, Notice.attempts == 0)
    return and_(untried, _OUTWARD, ~Notice.urgent, Notice.topic != BUNDLE)


def _goes_out_since(moment: datetime) -> ColumnElement[bool]:
    """Sent since then, or on its way: held by a worker, or tried and to be tried again.

    Each names when it was settled, so that of what a recipient was ever sent nothing else is looked at.
    """
    sent = and_(Notice.settled_at > moment, Notice.state == "sent")
    flies = or_(Notice.state == "leased", and_(Notice.state == "due", Notice.attempts > 0))
    return and_(_OUTWARD, or_(sent, and_(Notice.settled_at.is_(None), flies)))
