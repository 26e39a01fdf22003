"""Accounts sign in and out; sessions live in the database, so that they can be revoked there.

A session whose account lacks something (`need_of`) opens nothing but what brings it.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from argon2.profiles import RFC_9106_LOW_MEMORY
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import joinedload

from liaison.db import session, told
from liaison.domain.access import AccessRules, Need
from liaison.domain.actors import SYSTEM, Actor, Role
from liaison.domain.errors import NotAllowed, NotFound
from liaison.models.people import Account, Session
from liaison.services import audit
from liaison.services.recognition import IDLE, Known, find_known
from liaison.services.sealing import fingerprint

LIFETIME = timedelta(hours=12)
MAX_FAILURES = 5
LOCKED_FOR = timedelta(minutes=30)
WRONG = "用户名或密码不正确，请重新输入。"
LOCKED = "多次输错密码或验证码，账号已锁定 30 分钟，请稍后再试，或请安全管理员解锁。"
PASSWORD, WECHAT, WECOM = "password", "wechat", "wecom"  # what opened a session
RULES = "access rules"  # the name under which the composition root tells them

_REACH = (joinedload(Account.region), joinedload(Account.department), joinedload(Account.station))
# argon2id with 64 MiB, three passes, four lanes: the second recommended option of RFC 9106, section 4.
_hasher = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


@dataclass(frozen=True)
class Origin:
    """Roughly from where somebody signs in: kind of device, and the network without the machine."""

    device: str = ""
    network: str = ""


NOWHERE = Origin()


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


def rules() -> AccessRules:
    """What this installation asks of those who sign in."""
    return told(RULES)


def lock_account(account_id: UUID, now: datetime) -> Account:
    """The account, its row locked, for counting what was typed right and wrong. Raises NotAllowed while it is shut."""
    account = session.scalars(
        select(Account)
        .where(Account.id == account_id)
        .options(joinedload(Account.region, innerjoin=True))
        .with_for_update(of=Account)
        .execution_options(populate_existing=True)
    ).one()
    if is_locked(account, now):
        raise NotAllowed(LOCKED)
    return account


def is_locked(account: Account, now: datetime) -> bool:
    """Whether too many failures keep the account shut."""
    return account.locked_until is not None and account.locked_until > now


def check_password(username: str, password: str, now: datetime) -> Account | None:
    """The account, when the password fits; None otherwise, counting the failure.

    Raises NotAllowed while the account is locked: five failures lock it for half an hour. A fitting password clears
    the count only where no code is asked for after it: else who knows it could guess codes for ever.
    """
    account_id = session.scalar(select(Account.id).where(Account.username == username))
    account = lock_account(account_id, now) if account_id else None
    if not fits(account.password_hash if account else _decoy(), password) or account is None or not account.active:
        if account:
            count_failure(account, now)
        return None
    if _hasher.check_needs_rehash(account.password_hash):
        account.password_hash = hash_password(password)
    if account.otp_since is None:
        clear_failures(account)
    return account


def count_failure(account: Account, now: datetime) -> None:
    """One more wrong password or code of a locked row; the fifth shuts the account for half an hour."""
    account.failures += 1
    if account.failures >= MAX_FAILURES:
        account.failures, account.locked_until = 0, now + LOCKED_FOR
        audit.note(SYSTEM, "account.lock", now, about=account.username, region_path=account.region.path)


def clear_failures(account: Account) -> None:
    """Begin counting anew."""
    account.failures, account.locked_until = 0, None


def need_of(account: Account | Known, now: datetime, *, proven: bool, by: str = PASSWORD) -> Need | None:
    """What a session of this account lacks first; `proven` says that the second factor was passed in it.

    Who came in by another platform typed no password, so that an old one, or one never changed, hinders nobody there.
    """
    return rules().need(
        Role(account.role),
        has_factor=account.otp_since is not None,
        proven=proven,
        by_password=by == PASSWORD,
        must_change=account.must_change,
        changed_at=account.password_changed_at,
        now=now,
    )


def open_session(
    account: Account, now: datetime, *, proven: bool = False, origin: Origin = NOWHERE, by: str = PASSWORD
) -> SignedIn:
    """Start a session for an account that was shown to be theirs, and with `proven` its second factor as well."""
    token = secrets.token_urlsafe(32)
    session.add(
        Session(
            account_id=account.id,
            token_digest=fingerprint(token),
            created_at=now,
            seen_at=now,
            expires_at=now + LIFETIME,
            proven_at=now if proven else None,
            by=by,
            device=origin.device,
            network=origin.network,
        )
    )
    session.flush()
    return SignedIn(token, now + LIFETIME, find_account(account.username))


def renew(found: Session) -> str:
    """Give a live session a new token, at each change of what it may do; the old one opens nothing from now on."""
    token = secrets.token_urlsafe(32)
    found.token_digest = fingerprint(token)
    session.flush()
    return token


def pass_factor(found: Session, now: datetime) -> str:
    """The second factor was passed in a live session: remember it and give the session a new token."""
    found.proven_at = now
    return renew(found)


def get_session(token: str | None, now: datetime) -> Session:
    """The live session of a token. Raises NotFound."""
    found = find_session(token or "", now)
    if found is None:
        raise NotFound()
    return found


def revoke_sessions(account_id: UUID, now: datetime, *, keep: UUID | None = None) -> int:
    """Revoke the live sessions of an account at once, but the one to keep; says how many."""
    live = [Session.account_id == account_id, Session.revoked_at.is_(None), Session.expires_at > now]
    rows = update(Session).where(*live, Session.id != keep if keep else True).values(revoked_at=now)
    return session.execute(rows).rowcount


def live_sessions(account_id: UUID, now: datetime) -> list[Session]:
    """The sessions of an account that still open something, the newest first."""
    rows = select(Session).where(Session.account_id == account_id, *_alive(now))
    return list(session.scalars(rows.order_by(Session.created_at.desc(), Session.id.desc())))


def find_session(token: str, now: datetime) -> Session | None:
    """The live session of a token, with its account: not expired, revoked or idle for too long, the account active."""
    known = find_known(token, now)
    if known is None:
        return None
    rows = select(Session).where(Session.id == known.session_id)
    return session.scalars(rows.options(joinedload(Session.account).options(*_REACH))).one()


def close_session(token: str, now: datetime) -> None:
    """Revoke a session at once. Raises NotFound for a token that opens nothing."""
    get_session(token, now).revoked_at = now


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


def fits(password_hash: str, password: str) -> bool:
    """Whether the password is the one of the hash."""
    try:
        return _hasher.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def _alive(now: datetime) -> list[ColumnElement[bool]]:
    return [Session.revoked_at.is_(None), Session.expires_at > now, Session.seen_at > now - IDLE]
