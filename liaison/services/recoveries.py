"""Letting a locked-out person in again, by two people.

Who lost the password or the phone turns to a security administrator, who asks for the recovery and is shown the first
half of a code. A second person confirms it and is shown the other half: another security administrator whose region
the account lies in, or an office lead of that region, since most counties have only one security administrator, and
the lead knows the staff by face. Both halves together, within half an hour, let the person set a new password and
drop the lost second factor. So neither helper can take the account over alone, and neither learns the password.
"""

import hmac
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload

from liaison.db import session
from liaison.domain.actors import Actor
from liaison.domain.errors import Conflict, NotAllowed, NotFound
from liaison.domain.policy import require
from liaison.models.people import Account, Recovery
from liaison.models.regions import Region
from liaison.services import accounts, passwords, second_factors, sign_in
from liaison.services.reach import region_within
from liaison.services.sealing import fingerprint
from liaison.services.second_factors import make_code

WAITS = timedelta(hours=24)  # for the second person
OPEN_FOR = timedelta(minutes=30)  # after the confirmation: the person is on the telephone or at the desk
HALF = 8  # characters of five bits each; with MAX_FAILURES tries one half cannot be guessed by who holds the other
MAX_FAILURES = 5
WRONG = "用户名或找回码不正确，或已经过期。请核对两段找回码；仍不行的，请联系安全管理员重新申请。"


def ask(actor: Actor, account_id: UUID, reason: str, *, now: datetime) -> str:
    """Ask to let a locked-out person in again, in place of an earlier wish; returns the first half of the code.

    Raises NotFound out of reach, NotAllowed for oneself.
    """
    require(actor.role, "recovery.ask")
    account = accounts.lock_within(actor, account_id)
    if account.id == actor.account_id:
        raise NotAllowed("不能为自己申请找回，请由另一位安全管理员申请。")
    if not account.active:
        raise Conflict("这个账号已停用，请先启用。")
    for earlier in session.scalars(select(Recovery).where(Recovery.account_id == account.id, _running(now))):
        earlier.ended_at = now
    half = make_code(HALF)
    session.add(
        Recovery(
            account_id=account.id,
            reason=reason,
            asked_by_id=actor.account_id,
            asked_at=now,
            first_digest=fingerprint(half),
            expires_at=now + WAITS,
        )
    )
    accounts.note(actor, "recovery.ask", account, now, {"reason": reason})
    return half


def waiting(actor: Actor, now: datetime) -> list[Recovery]:
    """The wishes within reach that a second person has not confirmed yet, the oldest first."""
    rows = select(Recovery).where(_running(now), Recovery.confirmed_at.is_(None), _within(actor))
    people = (joinedload(Recovery.account), joinedload(Recovery.asked_by))
    return list(session.scalars(rows.order_by(Recovery.asked_at).options(*people)))


def confirm(actor: Actor, recovery_id: UUID, *, now: datetime) -> tuple[UUID, str]:
    """Confirm a wish as the second person; returns whose account it is and the other half of the code.

    Raises NotFound out of reach or when it is over, NotAllowed to the one who asked and to the person, Conflict when it
    is confirmed already.
    """
    require(actor.role, "recovery.confirm")
    wish = session.scalar(
        select(Recovery).where(Recovery.id == recovery_id, _running(now), _within(actor)).with_for_update()
    )
    if wish is None:
        raise NotFound("没有找到这个申请，可能已经过期。")
    if actor.account_id == wish.asked_by_id:
        raise NotAllowed("申请人不能确认自己的申请，请由另一位安全管理员或人大办负责人确认。")
    if actor.account_id == wish.account_id:
        raise NotAllowed("不能确认找回自己的账号，请由别人确认。")
    if wish.confirmed_at is not None:
        raise Conflict("这个申请已经有人确认过了。")
    half = make_code(HALF)
    wish.confirmed_by_id, wish.confirmed_at, wish.second_digest = actor.account_id, now, fingerprint(half)
    wish.expires_at = now + OPEN_FOR
    accounts.note(actor, "recovery.confirm", session.get_one(Account, wish.account_id), now, {})
    return wish.account_id, half


def use(username: str, halves: tuple[str, str], password: str, now: datetime) -> bool:
    """Let the person who has both halves set a new password; False when they do not fit, which counts.

    Everything of before is gone: the second factor, all sessions, a lock. Raises Invalid for the new password.
    """
    account = session.scalar(select(Account).where(Account.username == username).with_for_update())
    wish = _confirmed(account, now) if account else None
    if wish is None:
        return False
    pairs = zip(map(_typed, halves), (wish.first_digest, wish.second_digest), strict=True)
    if not all(hmac.compare_digest(fingerprint(half), kept) for half, kept in pairs):
        wish.failures += 1
        wish.ended_at = now if wish.failures >= MAX_FAILURES else None
        return False
    passwords.check(password, account.username, account)
    wish.ended_at = now
    passwords.set_password(account, password, now)
    second_factors.forget(account)
    sign_in.clear_failures(account)
    sign_in.revoke_sessions(account.id, now)
    session.refresh(account, ["region"])
    accounts.note(sign_in.actor_of(account), "recovery.use", account, now, {})
    return True


def _confirmed(account: Account, now: datetime) -> Recovery | None:
    rows = select(Recovery).where(Recovery.account_id == account.id, _running(now))
    return session.scalar(rows.where(Recovery.confirmed_at.is_not(None)).with_for_update()) if account.active else None


def _running(now: datetime) -> ColumnElement[bool]:
    return (Recovery.ended_at.is_(None)) & (Recovery.expires_at > now)


def _within(actor: Actor) -> ColumnElement[bool]:
    own = region_within(actor, Region.path)
    return Recovery.account_id.in_(select(Account.id).join(Region, Region.id == Account.region_id).where(own))


def _typed(half: str) -> str:
    """A half as it was made, however it was typed."""
    return "".join(char for char in half.upper() if char.isalnum())
