"""What platforms tell us: kept as it came before anybody understands it, and worked off later (TRUST, step 9).

The door judges who speaks and answers at once; what is said is read by a job. So a reader or handler that fails loses
nothing: the event waits, is tried again, and in the end stands as failed for the operator. Handlers touch the
database alone and must bear the same event twice; a tick that is cut off is rolled back as a whole.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import ColumnElement, delete, false, func, select
from sqlalchemy.dialects.postgresql import insert

from liaison.clients import delivery_reports, wechat_push
from liaison.clients.pushes import CHECKED, CONSENTS, DELIVERED, DELIVERY, Push, Unreadable
from liaison.db import session, set_apart
from liaison.domain.errors import NotAllowed
from liaison.domain.text import mask_personal
from liaison.models.base import new_id
from liaison.models.inbound import InboundEvent, InboundNonce
from liaison.models.notices import Notice
from liaison.services import channels, chat, checking, followers, vault
from liaison.services.sealing import Keys

WECHAT, SMS, PLATFORM = "wechat", "sms", "webhook"
CHANNELS = {WECHAT: (channels.TEMPLATE, channels.SUBSCRIBE), SMS: (channels.SMS,), PLATFORM: (channels.WEBHOOK,)}
"""The channels whose messages a source can report on."""

TOLERANCE = timedelta(minutes=5)
"""How far a signed timestamp may be off, either way."""

NONCE_KEPT = 3 * TOLERANCE  # a request stays acceptable for twice the tolerance
BATCH = 100
MOST_ATTEMPTS = 8  # with the doubling below, a good twenty minutes
FIRST_WAIT = timedelta(seconds=10)
ID_DIGITS = 32  # of the ids our messages carry; other hexadecimal numbers name none
WAITING, DONE, FAILED = "waiting", "done", "failed"

UNKNOWN_KIND, CANNOT_BE_READ = "unknown kind", "cannot be read"
NOTHING_THERE, IN_THE_LOG = "nothing here that it is about", "failed, see the log"
ENDS = {None: DONE, UNKNOWN_KIND: DONE, CANNOT_BE_READ: FAILED}
"""By error, None being success, how an event ends at the first attempt; with the others it is tried again."""

LAST = {NOTHING_THERE: DONE, IN_THE_LOG: FAILED}
"""How it ends with those at the last one."""

Handler = Callable[[Push, InboundEvent, Keys], bool]
"""Does what follows from a push; False while we know nothing that it is about."""


def note_delivery(push: Push, event: InboundEvent, keys: Keys) -> bool:
    """Write on a notice what its channel reports of it; that it arrived outweighs any failure, whichever comes first.

    False while no notice of that name goes by one of the source's channels: the report may be quicker than we are
    with the name, or about somebody else's message, since systems of a county share their accounts.
    """
    found = select(Notice).where(_is_named(push.said), Notice.channel.in_(CHANNELS[event.source]))
    notice = session.scalar(found.with_for_update().execution_options(populate_existing=True))
    if notice is None:
        return False
    if push.said["status"] == DELIVERED:
        notice.delivered_at, notice.undelivered = notice.delivered_at or event.received_at, None
    elif notice.delivered_at is None:
        notice.undelivered = mask_personal(push.said["reason"])
    return True


READERS: Mapping[str, Callable[[bytes], Push]] = MappingProxyType(
    {WECHAT: wechat_push.read, SMS: delivery_reports.read, PLATFORM: delivery_reports.read}
)
"""By source, what reads its messages."""

HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {
        DELIVERY: note_delivery,
        CHECKED: checking.note_result,
        CONSENTS: followers.note_consents,
        **dict.fromkeys(chat.KINDS, chat.note_message),
        "wechat.subscribe": followers.note_follower,
        "wechat.unsubscribe": followers.note_leaver,
    }
)
"""By kind of push, what follows from it."""


def receive(source: str, message: bytes, now: datetime, keys: Keys, nonce: str = "") -> None:
    """Keep a message as it came, once however often it is repeated; the caller has checked who sent it.

    Raises NotAllowed when the nonce was used before.
    """
    if nonce:
        _use(source, nonce, now)
    row = {
        "id": new_id(),
        "source": source,
        "message_id": _message_id(source, message, keys),
        "received_at": now,
        "next_at": now,
    }
    once = insert(InboundEvent).values(row).on_conflict_do_nothing(index_elements=["source", "message_id"])
    if session.scalar(once.returning(InboundEvent.id)):
        vault.keep_message(row["id"], message, keys)
        session.flush()


def work_off(now: datetime, keys: Keys, handlers: Mapping[str, Handler] = HANDLERS) -> int:
    """Work off a batch of events whose time has come, each set apart from the others; returns how many were tried."""
    due = (
        select(InboundEvent)
        .where(InboundEvent.state == WAITING, InboundEvent.next_at <= now)
        .order_by(InboundEvent.next_at, InboundEvent.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    events = session.scalars(due).all()
    for event in events:
        _settle(event, _try(event, handlers, keys), now)
    session.flush()
    return len(events)


def forget_nonces(now: datetime) -> None:
    """Forget the nonces of requests whose timestamps would be refused by now."""
    session.execute(
        delete(InboundNonce).where(InboundNonce.seen_at < now - NONCE_KEPT),
        execution_options={"synchronize_session": False},
    )


def unfinished() -> dict[str, int]:
    """How many events wait and how many failed."""
    counted = select(InboundEvent.state, func.count()).where(InboundEvent.state.in_((WAITING, FAILED)))
    return {WAITING: 0, FAILED: 0} | dict(session.execute(counted.group_by(InboundEvent.state)).all())


def _use(source: str, nonce: str, now: datetime) -> None:
    once = insert(InboundNonce).values(source=source, nonce=nonce, seen_at=now).on_conflict_do_nothing()
    if session.scalar(once.returning(InboundNonce.nonce)) is None:
        raise NotAllowed


def _message_id(source: str, message: bytes, keys: Keys) -> bytes:
    """A keyed digest of the platform's own id, or of the whole message where it has none."""
    own = wechat_push.message_id(message) if source == WECHAT else ""
    named = b"inbound id:" + own.encode() if own else b"inbound message:" + message
    return keys.mac(keys.newest_code)(named)


def _try(event: InboundEvent, handlers: Mapping[str, Handler], keys: Keys) -> str | None:
    """The error an attempt ended with; whatever it changed is undone when it did not come to its end."""
    errors: list[str | None] = []
    ended = set_apart("inbound event", event.id, lambda: errors.append(_handle(event, handlers, keys)))
    return errors[0] if ended else IN_THE_LOG


def _handle(event: InboundEvent, handlers: Mapping[str, Handler], keys: Keys) -> str | None:
    message = vault.get_message(event.id, keys)
    try:
        push = READERS[event.source](message)
    except Unreadable:
        return CANNOT_BE_READ
    if push.kind not in handlers:
        return UNKNOWN_KIND
    return None if handlers[push.kind](push, event, keys) else NOTHING_THERE


def _settle(event: InboundEvent, error: str | None, now: datetime) -> None:
    event.attempts, event.worked_at, event.error = event.attempts + 1, now, error
    if error in ENDS:
        event.state = ENDS[error]
    elif event.attempts >= MOST_ATTEMPTS:
        event.state = LAST[error]
    else:
        event.next_at = now + FIRST_WAIT * 2 ** (event.attempts - 1)


def _is_named(said: Mapping[str, str]) -> ColumnElement[bool]:
    if "provider_id" in said:
        return Notice.provider_id == said["provider_id"]
    named = said["client_message_id"]
    return Notice.id == UUID(named) if len(named) == ID_DIGITS else false()
