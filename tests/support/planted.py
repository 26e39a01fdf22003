"""Bugs to plant into the real services, one of each rule of the algorithm, to see that the state machine finds them.

This is the one place that may replace our own functions: what it replaces is what must not go unnoticed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

from pytest import MonkeyPatch
from sqlalchemy import ColumnElement, and_, select, update

from liaison.db import session
from liaison.models.cases import case_numbers
from liaison.models.notices import Notice
from liaison.services import claims, intake, notices, reminders
from liaison.services.claims import Message, Outcome
from liaison.services.notices import Fall
from liaison.services.sealing import Keys

_claim, _settle, _ring, _tell, _remind = claims.claim, claims.settle, notices._ring, notices.tell, notices.remind


@dataclass(frozen=True)
class Bug:
    """What stands in for what, and the promise of TRUST that must be seen broken."""

    promise: str
    places: Sequence[tuple[ModuleType, str, Any]]

    def plant(self, patch: MonkeyPatch) -> None:
        """Put it into the services until the patch is undone."""
        for module, name, wrong in self.places:
            patch.setattr(module, name, wrong)


def _every_key_is_new(*arguments: Any) -> int:
    """Write no idempotency row."""
    return session.scalar(select(case_numbers.next_value()))


def _settle_without_token(outcomes: Iterable[Outcome], now: datetime) -> int:
    """Take anybody for the holder of the newest token."""
    return _settle([replace(each, message=_with_newest_token(each.message)) for each in outcomes], now)


def _with_newest_token(message: Message) -> Message:
    return replace(message, token=session.scalar(select(Notice.token).where(Notice.id == message.notice_id)))


def _claim_and_mark(ids: Sequence[UUID], keys: Keys, now: datetime) -> list[Message]:
    """Mark as sent what is only about to be."""
    messages = _claim(ids, keys, now)
    _write(messages, state="sent", settled_at=now)
    return messages


def _claim_uncounted(ids: Sequence[UUID], keys: Keys, now: datetime) -> list[Message]:
    """Leave the attempt to be counted by whoever settles."""
    messages = _claim(ids, keys, now)
    _write(messages, attempts=Notice.attempts - 1)
    return messages


def _settle_and_count(outcomes: Iterable[Outcome], now: datetime) -> int:
    outcomes = list(outcomes)
    for each in outcomes:
        mine = (Notice.id == each.message.notice_id, Notice.token == each.message.token, Notice.state == "leased")
        session.execute(update(Notice).where(*mine).values(attempts=Notice.attempts + 1))
    return _settle(outcomes, now)


def _ring_without_sweeping(condition: ColumnElement[bool], now: datetime, limit: int) -> list[UUID]:
    """Leave expired leases alone."""
    return _ring(and_(condition, Notice.state == "due"), now, limit)


def _tell_without_key(*arguments: Any, occasion: str, **named: Any) -> None:
    """Take every occasion for a new one."""
    _tell(*arguments, occasion=f"{occasion}:{uuid4()}", **named)


def _remind_without_key(falls: Sequence[Fall], now: datetime) -> None:
    """Take every occasion for a new one, also where many fall together."""
    _remind([replace(each, occasion=f"{each.occasion}:{uuid4()}") for each in falls], now)


def _write(messages: Sequence[Message], **values: Any) -> None:
    mine = update(Notice).where(Notice.id.in_([each.notice_id for each in messages]))
    session.execute(mine.values(**values))


BUGS = {
    "no idempotency row": Bug("I2", [(intake, "_take_key", _every_key_is_new)]),
    "no fencing token": Bug("I5", [(claims, "settle", _settle_without_token)]),
    "mark before send": Bug("I6", [(claims, "claim", _claim_and_mark)]),
    "attempts counted late": Bug("I7", [(claims, "claim", _claim_uncounted), (claims, "settle", _settle_and_count)]),
    "no sweeper": Bug("I8", [(notices, "_ring", _ring_without_sweeping)]),
    "fall due without the unique key": Bug(
        "I3", [(reminders, "tell", _tell_without_key), (reminders, "remind", _remind_without_key)]
    ),
    "lease shorter than the timeout": Bug("I4", [(claims, "LEASE", timedelta(seconds=10))]),
}
