"""The outbox: put, ring, claim and settle notices (TRUST, the algorithm, steps 2 to 5)."""

import hashlib
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from liaison.db import session, told, wake_after_commit
from liaison.domain.actors import Role
from liaison.domain.calendar import office_moment
from liaison.models.base import new_id
from liaison.models.cases import Case
from liaison.models.clocks import Clock
from liaison.models.notices import Notice
from liaison.services.calendars import current_calendar
from liaison.services.recipients import Recipient, is_entitled

INBOX = "inbox"
LOG = "log"
WEBHOOK = "webhook"
CHANNELS = "channels"  # under this name the composition root says which of them this installation has
MAX_ATTEMPTS = 180  # with the backoff below, about four hours of trying before a person is asked
LEASE = timedelta(seconds=45)  # three times the slowest channel: connecting, sending, waiting, 5 s each
RING_AGAIN = timedelta(seconds=30)  # a bell that Redis lost is rung again after this
FIRST_BACKOFF = 10.0
LONGEST_BACKOFF = 80.0  # with its spread and a tick, nobody waits over two minutes once a channel is well again


@dataclass(frozen=True)
class Message:
    """A claimed notice as an outlet sees it: to whom, on what topic, under which client message id; no content."""

    notice_id: UUID
    token: int
    attempts: int
    channel: str
    topic: str
    recipient_role: str
    recipient_id: UUID
    client_message_id: str


def tell(
    case: Case | None,
    topic: str,
    recipients: Iterable[Recipient],
    now: datetime,
    *,
    occasion: str,
    clock: Clock | None = None,
    urgent: bool = False,
) -> None:
    """Put one notice per recipient and channel, once per (case, clock, occasion, generation, recipient, channel).

    Outside the inbox nothing is sent at night or on rest days unless `urgent`. Without a case it is a digest.
    """
    later = now if urgent else office_moment(now, current_calendar())
    generation = clock.generation if clock else 0
    clock_id = clock.id if clock else None
    case_id = case.id if case else None
    rows = [
        {
            "id": new_id(),
            "case_id": case_id,
            "clock_id": clock_id,
            "generation": generation,
            "topic": topic,
            "dedup_key": _dedup_key(case_id, clock_id, occasion, generation, recipient, channel),
            "recipient_role": recipient.role,
            "recipient_id": recipient.id,
            "channel": channel,
            "due_at": now if channel == INBOX else later,
            "next_at": now if channel == INBOX else later,
            "created_at": now,
        }
        for recipient in recipients
        for channel in told(CHANNELS)
    ]
    put(rows)


def put(rows: Sequence[dict]) -> None:
    """Insert notices whose dedup key is new, and have the relay woken after the commit."""
    if rows:
        session.execute(insert(Notice).on_conflict_do_nothing(index_elements=["dedup_key"]), rows)
        wake_after_commit()


def ring(now: datetime, limit: int = 500) -> list[UUID]:
    """The ids of notices whose time has come, each marked so that it is not rung again at once."""
    waiting = (
        select(Notice.id)
        .where(Notice.state.in_(("due", "leased")), Notice.next_at <= now)
        .order_by(Notice.next_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(session.scalars(waiting))
    session.execute(
        update(Notice).where(Notice.id.in_(ids)).values(next_at=now + RING_AGAIN, state="due"),
        execution_options={"synchronize_session": False},
    )
    return ids


def claim(notice_id: UUID, now: datetime) -> Message | None:
    """Lease one due notice for sending, or None when it is taken, ended, out of attempts or no longer wanted."""
    notice = session.scalar(
        select(Notice).where(Notice.id == notice_id, Notice.state == "due").with_for_update(skip_locked=True)
    )
    if notice is None:
        return None
    if notice.attempts >= MAX_ATTEMPTS:
        return _end(notice, "dead", now)
    if _moved_on(notice) or not is_entitled(
        Recipient(Role(notice.recipient_role), notice.recipient_id), notice.case_id
    ):
        return _end(notice, "cancelled", now)
    notice.state, notice.token, notice.attempts = "leased", notice.token + 1, notice.attempts + 1
    notice.next_at = now + LEASE
    session.flush()
    return Message(
        notice.id,
        notice.token,
        notice.attempts,
        notice.channel,
        notice.topic,
        notice.recipient_role,
        notice.recipient_id,
        notice.dedup_key.hex(),
    )


def settle(message: Message, now: datetime, *, error: str | None = None, final: bool = False) -> bool:
    """Write how sending ended; False when the lease was lost to another and nothing was written.

    Without `error` the notice is sent; with it, it is tried again later, or dead when the error is `final`
    or the attempts are used up.
    """
    if error is None:
        values = {"state": "sent", "settled_at": now, "error": None}
    elif final or message.attempts >= MAX_ATTEMPTS:
        values = {"state": "dead", "settled_at": now, "error": error}
    else:
        values = {"state": "due", "next_at": now + backoff(message.attempts), "error": error}
    mine = (Notice.id == message.notice_id, Notice.token == message.token, Notice.state == "leased")
    result = session.execute(
        update(Notice).where(*mine).values(**values), execution_options={"synchronize_session": False}
    )
    return result.rowcount == 1


def backoff(attempts: int) -> timedelta:
    """How long to wait after so many attempts: doubling from ten seconds to eighty, spread by ±25 %."""
    seconds = min(FIRST_BACKOFF * 2 ** (attempts - 1), LONGEST_BACKOFF)
    return timedelta(seconds=seconds * random.uniform(0.75, 1.25))


def _moved_on(notice: Notice) -> bool:
    """Whether the clock a reminder is about has stopped, paused or been recomputed since it was put."""
    if notice.clock_id is None:
        return False
    clock = session.get(Clock, notice.clock_id)
    return (
        clock is None
        or clock.stopped_at is not None
        or clock.paused_at is not None
        or (clock.generation != notice.generation)
    )


def _end(notice: Notice, state: str, now: datetime) -> None:
    notice.state, notice.settled_at = state, now
    session.flush()


def _dedup_key(
    case_id: UUID | None, clock_id: UUID | None, occasion: str, generation: int, recipient: Recipient, channel: str
) -> bytes:
    parts = (case_id, clock_id, occasion, generation, recipient.id, channel)
    return hashlib.sha256("|".join(map(str, parts)).encode()).digest()
