"""Passwords: what a new one must be like, changing one's own, and the ones an account had before."""

import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select

from liaison.db import session
from liaison.domain import passwords
from liaison.domain.actors import Actor
from liaison.domain.errors import Invalid
from liaison.models.people import Account, PastPassword
from liaison.services import audit, sign_in

INITIAL = 12  # random bytes of a first password; it is copied once and replaced at the first sign-in
NOT_YOURS = "现在的密码不正确，请重新输入。"


def make_initial() -> str:
    """A password nobody chose, for an account somebody else makes."""
    return secrets.token_urlsafe(INITIAL)


def check(password: str, username: str, account: Account | None = None) -> None:
    """Raise Invalid for `password` with a sentence for each rule it breaks; `account` is whose past ones count."""
    rules = sign_in.rules()
    broken = passwords.faults(password, username=username, shortest=rules.shortest)
    if account and rules.remembered and any(sign_in.fits(each, password) for each in _past(account)):
        broken.append(f"这个密码最近用过，不能与最近 {rules.remembered} 个密码相同。")
    if broken:
        raise Invalid({"password": broken})


def change(actor: Actor, current: str, password: str, now: datetime, *, keep: UUID) -> bool:
    """Set the actor's own password and revoke all their other sessions; False when the current one is wrong.

    A wrong one counts as a failure. Raises Invalid for what is wrong with the new one, NotAllowed while locked.
    """
    account = sign_in.lock_account(actor.account_id, now)
    if not sign_in.fits(account.password_hash, current):
        sign_in.count_failure(account, now)
        return False
    check(password, account.username, account)
    set_password(account, password, now)
    sign_in.revoke_sessions(account.id, now, keep=keep)
    audit.note(actor, "account.password", now, about=account.username, region_path=actor.region_path)
    return True


def set_password(account: Account, password: str, now: datetime) -> None:
    """Put a checked password in place of the old one, which is remembered; nobody else knows the new one."""
    session.add(PastPassword(account_id=account.id, password_hash=account.password_hash, replaced_at=now))
    account.password_hash = sign_in.hash_password(password)
    account.password_changed_at, account.must_change = now, False
    session.flush()
    remembered = select(PastPassword.id).where(PastPassword.account_id == account.id)
    newest = remembered.order_by(PastPassword.replaced_at.desc(), PastPassword.id.desc())
    newest = newest.limit(max(sign_in.rules().remembered - 1, 0))
    session.execute(delete(PastPassword).where(PastPassword.account_id == account.id, PastPassword.id.not_in(newest)))


def _past(account: Account) -> list[str]:
    """The hashes of the running password and of those before it that are still remembered."""
    rows = select(PastPassword.password_hash).where(PastPassword.account_id == account.id)
    return [account.password_hash, *session.scalars(rows)]
