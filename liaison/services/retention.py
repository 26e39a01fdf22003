"""What has been kept for long enough: found by rule, removed in small pieces, each written into the ledger.

Of a matter, the clock is its closing, and the way is `erasing`: a closed matter that is opened again is not due any
more, and nothing of one that is held ever is. Other rows are deleted by the batch. The ledger is the audit log.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, and_, delete, exists, func, literal, or_, select, tuple_, update

from liaison.db import session
from liaison.domain.actors import SYSTEM
from liaison.domain.erasure import RETENTION, Part
from liaison.models.bindings import Binding, Invitation
from liaison.models.cases import Attachment, Case
from liaison.models.inbound import InboundEvent
from liaison.models.matters import Idempotency
from liaison.models.notices import Notice, NoticeAct
from liaison.models.people import Session, Visit
from liaison.models.rights import Hold
from liaison.services import audit, bindings, erasing, vault, visitors
from liaison.services.erasing import THEIRS, Ground
from liaison.services.sealing import Keys
from liaison.settings import Retention

ROWS = 500
"""How many rows one transaction deletes; of matters it is one."""

_APART = {"synchronize_session": False}


@dataclass(frozen=True)
class Rule:
    """One rule: its setting, and how many days it says.

    `is_due` finds rows at a moment before which they were last needed; `remove` takes a batch of their keys.
    """

    name: str
    days: int
    key: Any
    is_due: Callable[[datetime], ColumnElement[bool]]
    remove: Callable[[Sequence[Any], datetime], int]
    batch: int = ROWS

    def before(self, now: datetime) -> datetime:
        """The moment before which things are due."""
        return now - timedelta(days=self.days)

    def count(self, now: datetime) -> int:
        """How many are due."""
        return session.scalar(select(func.count()).where(self.is_due(self.before(now))).select_from(self.key.class_))

    def due(self, now: datetime, limit: int) -> list[Any]:
        """The keys of those that are due, at most so many."""
        return list(session.scalars(select(self.key).where(self.is_due(self.before(now))).limit(limit)))


def rules(settings: Retention, keys: Keys) -> list[Rule]:
    """All rules with the days this installation has set."""
    return [
        _of_cases("contact_days", settings.contact_days, Part.CONTACT, lambda: _among(vault.identified()), keys),
        _of_cases("place_days", settings.place_days, Part.PLACE, lambda: _among(vault.placed()), keys),
        _of_cases("photos_days", settings.photos_days, Part.PHOTOS, lambda: _HAS_PHOTOS, keys),
        _of_cases("text_days", settings.text_days, Part.TEXT, lambda: Case.text != "", keys),
        Rule("notices_days", settings.notices_days, Notice.id, _old_notices, _remove_notices),
        Rule("sessions_days", settings.sessions_days, Session.id, _old_sessions, _remover(Session.id)),
        Rule("sessions_days", settings.sessions_days, Visit.id, _old_visits, _remove_visits),
        Rule("sessions_days", settings.sessions_days, Binding.id, _old_bindings, _remove_bindings),
        Rule("sessions_days", settings.sessions_days, Invitation.account_id, _old_invitations, _remove_invitations),
        Rule("inbound_days", settings.inbound_days, InboundEvent.id, _old_inbound, _remove_inbound),
        Rule("idempotency_days", settings.idempotency_days, Idempotency.case_id, _old_keys, _remove_keys),
    ]


def remove(rule: Rule, keys: Sequence[Any], now: datetime) -> int:
    """Remove a batch by its rule, in the caller's transaction; returns how many went. Rows are told in the ledger.

    What stopped being due meanwhile is left.
    """
    count = rule.remove(keys, rule.before(now))
    if count and rule.batch == ROWS:
        told = {"rule": rule.name, "days": rule.days, "count": count, "kind": rule.key.class_.__tablename__}
        audit.note(SYSTEM, audit.RETENTION, now, data=told)
    return count


_HAS_PHOTOS = exists().where(
    Attachment.case_id == Case.id, Attachment.reply_id.is_(None), Attachment.by_role.in_(THEIRS)
)
_FREE = ~exists().where(Hold.case_id == Case.id)


def _among(ids: Sequence[UUID]) -> ColumnElement[bool]:
    """One of these cases; the vault tells them, since no query may join it. One array, however many they are."""
    return Case.id == func.any(literal(ids, ARRAY(Uuid())))


def _of_cases(name: str, days: int, part: Part, has: Callable[[], ColumnElement[bool]], keys: Keys) -> Rule:
    """A rule that erases one part of each matter closed for so long that still has it."""

    def is_free(before: datetime) -> ColumnElement[bool]:
        return and_(Case.closed_at < before, _FREE)

    def is_due(before: datetime) -> ColumnElement[bool]:
        return and_(is_free(before), has())

    def erase(ids: Sequence[UUID], before: datetime) -> int:
        locked = select(Case).where(Case.id.in_(ids), is_free(before)).with_for_update(of=Case, skip_locked=True)
        now = before + timedelta(days=days)
        for case in (found := session.scalars(locked.execution_options(populate_existing=True)).all()):
            erasing.erase(case, {part}, SYSTEM, Ground(RETENTION, f"{name} {days}"), keys, now=now)
        return len(found)

    return Rule(name, days, Case.id, is_due, erase, batch=1)


def _remover(key: Any) -> Callable[[Sequence[UUID], datetime], int]:
    def remove(ids: Sequence[UUID], before: datetime) -> int:
        return session.execute(delete(key.class_).where(key.in_(ids)), execution_options=_APART).rowcount

    return remove


_remove_invitations = _remover(Invitation.account_id)


def _old_notices(before: datetime) -> ColumnElement[bool]:
    """Those of matters closed for so long, and those about no matter that are so old; none of one that is held."""
    closed = select(Case.id).where(Case.closed_at < before, _FREE)
    settled = Notice.state.not_in(("due", "leased"))
    return and_(settled, or_(Notice.case_id.in_(closed), and_(Notice.case_id.is_(None), Notice.created_at < before)))


def _remove_notices(ids: Sequence[UUID], before: datetime) -> int:
    session.execute(delete(NoticeAct).where(NoticeAct.notice_id.in_(ids)), execution_options=_APART)
    bundled = update(Notice).where(Notice.bundle_id.in_(ids)).values(bundle_id=None)
    session.execute(bundled, execution_options=_APART)
    return _remover(Notice.id)(ids, before)


def _old_sessions(before: datetime) -> ColumnElement[bool]:
    return func.coalesce(Session.revoked_at, Session.expires_at) < before


def _old_visits(before: datetime) -> ColumnElement[bool]:
    return func.coalesce(Visit.revoked_at, Visit.expires_at) < before


def _remove_visits(ids: Sequence[UUID], before: datetime) -> int:
    return visitors.remove_visits(ids)


def _old_bindings(before: datetime) -> ColumnElement[bool]:
    return Binding.expires_at < before


def _remove_bindings(ids: Sequence[UUID], before: datetime) -> int:
    return bindings.drop(ids)


def _old_invitations(before: datetime) -> ColumnElement[bool]:
    return Invitation.expires_at < before


def _old_inbound(before: datetime) -> ColumnElement[bool]:
    return and_(InboundEvent.state != "waiting", InboundEvent.received_at < before)


def _remove_inbound(ids: Sequence[UUID], before: datetime) -> int:
    vault.drop_messages(ids)
    return _remover(InboundEvent.id)(ids, before)


def _old_keys(before: datetime) -> ColumnElement[bool]:
    return Idempotency.created_at < before


def _remove_keys(ids: Sequence[UUID], before: datetime) -> int:
    old = select(Idempotency.scope, Idempotency.key).where(Idempotency.case_id.in_(ids), _old_keys(before))
    rows = tuple_(Idempotency.scope, Idempotency.key).in_(old)
    return session.execute(delete(Idempotency).where(rows), execution_options=_APART).rowcount
