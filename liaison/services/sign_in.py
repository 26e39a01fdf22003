"""Accounts sign in and out; sessions live in the database, so that they can be revoked there."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from liaison.db import session
from liaison.domain.actors import Actor, Role
from liaison.domain.errors import NotAllowed, NotFound
from liaison.models.people import Account, Session

LIFETIME = timedelta(hours=12)
IDLE = timedelta(minutes=30)
SEEN_EVERY = timedelta(minutes=1)  # so that reading does not write a row per request
MAX_FAILURES = 5
LOCKED_FOR = timedelta(minutes=30)
WRONG = "用户名或密码不正确，请重新输入。"

_REACH = (joinedload(Account.region), joinedload(Account.department), joinedload(Account.station))
_hasher = PasswordHasher()


@dataclass(frozen=True)
class SignedIn:
    """A new session: the token is shown once and kept only as a digest."""

    token: str
    expires_at: datetime
    account: Account


def hash_password(password: str) -> str:
    """The argon2id hash to keep."""
    return _hasher.hash(password)


def find_account(username: str) -> Account | None:
    """The account of that name, active or not."""
    return session.scalar(select(Account).where(Account.username == username).options(*_REACH))


def get_account(account_id: UUID) -> Account:
    """The account of a signed-in actor, with what it reaches."""
    return session.scalars(select(Account).where(Account.id == account_id).options(*_REACH)).one()


def check_password(username: str, password: str, now: datetime) -> Account | None:
    """The account, when the password fits; None otherwise, counting the failure.

    Raises NotAllowed while the account is locked: five failures lock it for half an hour.
    """
    account = session.scalar(select(Account).where(Account.username == username).with_for_update())
    if account and account.locked_until and account.locked_until > now:
        raise NotAllowed("多次输错密码，账号已锁定 30 分钟，请稍后再试。")
    if not _fits(account.password_hash if account else _decoy(), password) or account is None or not account.active:
        if account:
            _count_failure(account, now)
        return None
    account.failures, account.locked_until = 0, None
    return account


def open_session(account: Account, now: datetime) -> SignedIn:
    """Start a session for an account whose password was checked."""
    token = secrets.token_urlsafe(32)
    session.add(
        Session(
            account_id=account.id, token_digest=_digest(token), created_at=now, seen_at=now, expires_at=now + LIFETIME
        )
    )
    session.flush()
    return SignedIn(token, now + LIFETIME, find_account(account.username))


def find_session(token: str, now: datetime) -> Session | None:
    """The live session of a token: not expired, not idle for half an hour, not revoked, its account active."""
    found = session.scalar(
        select(Session)
        .where(
            Session.token_digest == _digest(token),
            Session.revoked_at.is_(None),
            Session.expires_at > now,
            Session.seen_at > now - IDLE,
        )
        .options(joinedload(Session.account).options(*_REACH))
    )
    return found if found and found.account.active else None


def touch(found: Session, now: datetime) -> None:
    """Remember that a session is in use."""
    if now - found.seen_at >= SEEN_EVERY:
        found.seen_at = now


def close_session(token: str, now: datetime) -> None:
    """Revoke a session at once. Raises NotFound for a token that opens nothing."""
    found = find_session(token, now)
    if found is None:
        raise NotFound()
    found.revoked_at = now


def actor_of(account: Account) -> Actor:
    """The account as the rules see it."""
    return Actor(
        role=Role(account.role),
        name=account.name,
        account_id=account.id,
        region_path=account.region.path,
        department_id=account.department_id,
        station_id=account.station_id,
        deputy_id=account.deputy_id,
        head=account.head,
    )


@cache
def _decoy() -> str:
    """A hash to verify for unknown names, so that they take as long as known ones."""
    return _hasher.hash(secrets.token_hex(16))


def _fits(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def _count_failure(account: Account, now: datetime) -> None:
    account.failures += 1
    if account.failures >= MAX_FAILURES:
        account.failures, account.locked_until = 0, now + LOCKED_FOR


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
