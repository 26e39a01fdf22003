"""The channels as a screen: which there are, which are left alone until when and why, how much of the day is used."""

import logging
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, update

from liaison.db import session, told, wake_after_commit
from liaison.domain.actors import Actor
from liaison.domain.calendar import local_day, office_moment
from liaison.domain.errors import WrongState
from liaison.models.notices import Notice
from liaison.services import audit, channels, content_checks
from liaison.services.calendars import current_calendar
from liaison.services.channels import ALL_USED, CHANNELS, Limit
from liaison.services.content_checks import PLATFORM

WELL = "这个渠道没有暂停，可能已由他人恢复，请看最新情况。"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Standing:
    """How a channel stands: its limit, what went by it today where that is counted, its pause."""

    channel: str
    limit: Limit
    used: int
    paused_until: datetime | None
    reason: str | None

    @property
    def can_resume(self) -> bool:
        """Whether a person can end the pause; a day's messages that are used up come back with the next day alone."""
        return self.paused_until is not None and self.reason != ALL_USED


def board(now: datetime) -> list[Standing]:
    """Every channel of this installation as it stands now."""
    states = {state.channel: state for state in channels.states()}
    found = []
    for name, limit in told(CHANNELS).items():
        state = states.get(name)
        is_paused = state and state.paused_until and state.paused_until > now
        used = state.used if state and state.day == local_day(now) else 0
        pause = (state.paused_until, state.reason) if is_paused else (None, None)
        found.append(Standing(name, limit, used, *pause))
    return found


@dataclass(frozen=True)
class Checks:
    """How checking content stands: whether the platform is asked, what waits for it, until when it is left alone."""

    asks: bool
    waiting: content_checks.Unchecked
    paused_until: datetime | None


def checks(now: datetime) -> Checks:
    """How checking content stands now."""
    return Checks(content_checks.asks_platform(), content_checks.unchecked(), channels.paused(now).get(PLATFORM))


def resume(actor: Actor, channel: str, now: datetime) -> None:
    """Use a paused channel again at once, for what waited for the end of the pause as well.

    Unless urgent, that goes out in office hours. Raises WrongState when the channel is not paused.
    """
    until = channels.paused(now).get(channel)
    if until is None:
        raise WrongState(WELL, state="well")
    channels.resume(channel)
    at = case((Notice.urgent, now), else_=office_moment(now, current_calendar()))
    waiting = update(Notice).where(Notice.state == "due", Notice.channel == channel, Notice.next_at == until)
    session.execute(waiting.values(next_at=at, rung_at=None), execution_options={"synchronize_session": False})
    wake_after_commit()
    audit.note(actor, "channel.resume", now, about=channel)
    _log.info("channel %s is used again, by account %s", channel, actor.account_id)
