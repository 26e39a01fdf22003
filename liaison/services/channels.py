"""The channels out of the house: which a recipient is reached by, what each may carry, its pauses, WeChat's consent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from liaison.db import session, told
from liaison.domain.calendar import local_day, start_of_day
from liaison.models.notices import ChannelState, Consent

INBOX = "inbox"
SUBSCRIBE, TEMPLATE, WECOM, SMS, EMAIL = "wechat_subscribe", "wechat_template", "wecom", "sms", "email"
WEBHOOK, LOG = "webhook", "log"
ADDRESSED = (SUBSCRIBE, TEMPLATE, WECOM, SMS, EMAIL)
"""The channels that need an address, in the order usually tried: what costs nothing and is read at once comes first."""
CHANNELS = "channels"
"""Under this name the composition root says which channels this installation has, each with its limit."""
AT_ANY_HOUR = "at any hour"
"""Under this name it says whether messages go out at night as well: in a demo, whose phones are on a screen."""
QUOTA_PAUSE = timedelta(minutes=5)  # when a provider says that it is too much, but not for how long
LONGEST_PAUSE = timedelta(hours=24)
ACCEPTED = "accept"  # WeChat's word; the others are reject, ban and filter
MOST_CONSENTS = 1000
ALL_USED = "today's messages are used up"


@dataclass(frozen=True)
class Limit:
    """How many messages a channel may carry per minute and per day in Shanghai; None means as many as there are."""

    per_minute: int | None = None
    per_day: int | None = None


def route(own: Sequence[str]) -> list[str]:
    """The channels to try one after the other for a recipient with addresses in `own`, in that order of preference."""
    installed = told(CHANNELS)
    unaddressed = (channel for channel in installed if channel not in ADDRESSED)
    return [*(channel for channel in own if channel in installed), *unaddressed]


def is_limited(channel: str) -> bool:
    """Whether a channel may carry only so many messages, so that each must be rung for."""
    return told(CHANNELS).get(channel, Limit()) != Limit()


def allowances(now: datetime) -> dict[str, int | None]:
    """How many messages each installed channel may be handed now, None without limit; locks the limited ones.

    A channel whose day is used up pauses until the next.
    """
    limits: Mapping[str, Limit] = told(CHANNELS)
    return {name: _allowance(name, limit, now) if limit != Limit() else None for name, limit in limits.items()}


def use(channel: str, count: int) -> None:
    """Count messages that were handed to a limited channel; its row is locked by `allowances`."""
    spent = {"tokens": ChannelState.tokens - count, "used": ChannelState.used + count}
    session.execute(update(ChannelState).where(ChannelState.channel == channel).values(**spent))


def pause(channel: str, until: datetime, reason: str, now: datetime) -> None:
    """Leave a channel alone until a moment, at most a day; the reason is shown to the operator."""
    state = _lock(channel, now)
    state.paused_until, state.reason = min(until, now + LONGEST_PAUSE), reason
    session.flush()


def resume(channel: str) -> None:
    """Use a channel again at once; for a person who has mended what paused it."""
    resumed = update(ChannelState).where(ChannelState.channel == channel)
    session.execute(resumed.values(paused_until=None, reason=None))


def paused(now: datetime) -> dict[str, datetime]:
    """The channels that are left alone now, and until when."""
    rows = select(ChannelState.channel, ChannelState.paused_until).where(ChannelState.paused_until > now)
    return dict(session.execute(rows).all())


def states() -> list[ChannelState]:
    """What is known of each channel that was ever limited or paused."""
    return list(session.scalars(select(ChannelState).order_by(ChannelState.channel)))


def take_consent(recipient_id: UUID, template: str, now: datetime) -> bool:
    """Use one consent of a recipient; False when none is left (WeChat: one consent, one message)."""
    taken = (
        update(Consent)
        .where(Consent.recipient_id == recipient_id, Consent.template == template, Consent.stock > 0)
        .values(stock=Consent.stock - 1, changed_at=now)
    )
    return session.execute(taken, execution_options={"synchronize_session": False}).rowcount == 1


def grant_consent(recipient_id: UUID, template: str, count: int, now: datetime) -> None:
    """Add to a recipient's stock of consents what the phone reported."""
    row = insert(Consent).values(recipient_id=recipient_id, template=template, stock=count, changed_at=now)
    more = {"stock": func.greatest(Consent.stock, 0) + count, "changed_at": now}
    session.execute(row.on_conflict_do_update(index_elements=["recipient_id", "template"], set_=more))


def drop_consents(recipient_id: UUID, template: str, now: datetime) -> None:
    """Forget a stock that WeChat says is used up: ours was wrong."""
    stock = update(Consent).where(Consent.recipient_id == recipient_id, Consent.template == template)
    session.execute(stock.values(stock=0, changed_at=now), execution_options={"synchronize_session": False})


def forget_consents(recipient_id: UUID) -> None:
    """Forget every stock of a recipient whose phone is another one now."""
    gone = delete(Consent).where(Consent.recipient_id == recipient_id)
    session.execute(gone, execution_options={"synchronize_session": False})


def consents(recipient_id: UUID, templates: Iterable[str]) -> dict[str, int]:
    """How many messages of each of these templates a recipient has agreed to and not yet got."""
    rows = select(Consent.template, Consent.stock).where(Consent.recipient_id == recipient_id)
    return dict.fromkeys(templates, 0) | dict(session.execute(rows.where(Consent.template.in_(templates))).all())


def report_consents(
    recipient_id: UUID, answers: Mapping[str, str], templates: Iterable[str], now: datetime
) -> dict[str, int]:
    """Count what a phone reported of WeChat's question, one for each template accepted; returns the stock.

    Only the templates that need consent count, and no more than `MOST_CONSENTS` of each: nobody waits for more.
    """
    stock = consents(recipient_id, templates)
    for template in stock:
        if answers.get(template) == ACCEPTED and stock[template] < MOST_CONSENTS:
            grant_consent(recipient_id, template, 1, now)
    return consents(recipient_id, templates)


def _allowance(channel: str, limit: Limit, now: datetime) -> int | None:
    state = _lock(channel, now)
    if state.paused_until and state.paused_until > now:
        return None  # claiming moves what waits for it to the next channel, or lets it wait
    if state.day != local_day(now):
        state.day, state.used = local_day(now), 0
    allowed = []
    if limit.per_minute is not None:
        passed = max(0.0, (now - state.refilled_at).total_seconds())
        state.tokens = min(limit.per_minute, state.tokens + passed * limit.per_minute / 60)
        state.refilled_at = now
        allowed.append(int(state.tokens))
    if limit.per_day is not None:
        allowed.append(limit.per_day - state.used)
        if allowed[-1] <= 0:
            state.paused_until, state.reason = start_of_day(local_day(now) + timedelta(days=1)), ALL_USED
    session.flush()
    return max(0, min(allowed))


def _lock(channel: str, now: datetime) -> ChannelState:
    limit = told(CHANNELS).get(channel, Limit())
    row = {"channel": channel, "tokens": limit.per_minute or 0, "refilled_at": now, "day": local_day(now), "used": 0}
    session.execute(insert(ChannelState).values(**row).on_conflict_do_nothing())
    return session.scalars(
        select(ChannelState)
        .where(ChannelState.channel == channel)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
