"""A deputy's phone becomes known to the house: by a number the office knows and confirms, or by an invitation.

Whoever opens the mini-program shows an openid, which only WeChat can vouch for. Until an account is bound to it the
phone holds nothing but a ticket, good for ten minutes and for this: to say whose phone it is. The office confirms
(`binding_desk`), or the code it gave to that very deputy does. Where a number is on file it must be shown as well, so
that a code that was overheard opens nothing.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import joinedload

from liaison.db import forget, session, told
from liaison.domain.actors import Role
from liaison.domain.addresses import plain_phone
from liaison.domain.errors import Conflict, Invalid, NotAllowed
from liaison.models.bindings import Binding, Invitation
from liaison.models.people import Account
from liaison.services import accounts, addresses, channels, sign_in, vault
from liaison.services.channels import CHANNELS, SUBSCRIBE, WECOM
from liaison.services.sealing import Keys, fingerprint
from liaison.services.sign_in import NOWHERE, Origin, SignedIn
from liaison.services.vault import ASKED, OPENID, PHONE, USERID

TICKET_FOR = timedelta(minutes=10)  # long enough to type a code that is read out on the telephone
WAITS = timedelta(days=7)  # for somebody to confirm
OPENS_BY = {OPENID: sign_in.WECHAT, USERID: sign_in.WECOM}
CHANNEL_OF = {OPENID: SUBSCRIBE, USERID: WECOM}
"""Being known by this also means to be reached there."""

CLOSED = "这个账号已停用，请联系安全管理员。"
ENDED = "这一步等得太久了，请重新打开小程序再试。"
SHUT = "多次输错邀请码，已锁定 30 分钟，请稍后再试，或请人大办重新发给您。"
UNKNOWN_PHONE = "这个手机号没有登记在代表名下，请联系人大办核对，或使用人大办给您的邀请码。"
SHOW_PHONE = "请同时授权手机号：须与人大办登记的号码一致。"
TAKEN = "这个微信或企业微信已经绑定了另一个账号，请先在那里解除绑定。"


@dataclass(frozen=True)
class Ticket:
    """What an unknown phone holds: a token shown once, until when it is good, whether the office has been asked."""

    token: str = field(repr=False)
    until: datetime
    waits: bool


def find_bound(kind: str, mark: str, keys: Keys) -> Account | None:
    """The active account that is known by this."""
    found = vault.find_marked(kind, mark, keys)
    rows = select(Account).where(Account.id.in_(found), Account.active).options(joinedload(Account.region))
    if kind == OPENID:
        rows = rows.where(Account.role == Role.DEPUTY)  # who became something else signs in as that
    return session.scalar(rows) if found else None


def enter(account_id: UUID, kind: str, now: datetime, *, proven: bool = False, origin: Origin = NOWHERE) -> SignedIn:
    """Open a session for whoever a platform has shown to be known by this; into the console that is written down.

    Raises NotAllowed for an account that is closed or shut.
    """
    account = sign_in.lock_account(account_id, now)
    if not account.active:
        raise NotAllowed(CLOSED)
    signed = sign_in.open_session(account, now, proven=proven, origin=origin, by=OPENS_BY[kind])
    if kind == USERID:
        accounts.note(sign_in.actor_of(account), "session.wecom", account, now, {})
    return signed


def offer(openid: str, device: str, keys: Keys, now: datetime) -> Ticket:
    """Give a ticket to a phone no account is bound to, in place of one it had; what it asked and typed wrong stays."""
    _forget_stale(now)
    token = secrets.token_urlsafe(32)
    known = vault.find_marked(ASKED, openid, keys)
    binding = session.scalar(select(Binding).where(Binding.id.in_(known)).with_for_update()) if known else None
    if binding is None:
        binding = Binding(kind=OPENID, expires_at=now)
        session.add(binding)
        session.flush()
        vault.keep_mark(binding.id, ASKED, openid, keys)
    binding.ticket_digest, binding.ticket_until, binding.device = fingerprint(token), now + TICKET_FOR, device
    binding.expires_at = max(binding.expires_at, binding.ticket_until)
    session.flush()
    return Ticket(token, binding.ticket_until, binding.asked_at is not None)


def ask(token: str, phone: str, keys: Keys, now: datetime) -> None:
    """Say whose phone it is by the number WeChat vouches for; the office is to confirm it.

    Raises Conflict for a ticket that is over, Invalid for a number that is not just one deputy's.
    """
    binding = _lock(token, now)
    found = [each for each in _known_by(phone, keys) if each.role == Role.DEPUTY]
    if len(found) != 1:
        raise Invalid({"phone_code": [UNKNOWN_PHONE]})
    binding.account_id, binding.asked_at, binding.expires_at = found[0].id, now, now + WAITS
    session.flush()
    accounts.note(sign_in.actor_of(found[0]), "binding.ask", found[0], now, {"device": binding.device})


def accept(token: str, code: str, phone: str | None, keys: Keys, now: datetime) -> Account | None:
    """Bind the phone at once to the deputy whose invitation this is, used up by that; None for a wrong one.

    Five wrong ones shut the phone out for half an hour. `phone` is the number shown with it. Raises Conflict for a
    ticket that is over or a phone that is another's, NotAllowed while shut out, Invalid where a number is on file and
    was not shown.
    """
    account, invitation = _invited(code, now)
    binding = _lock(token, now)
    if binding.locked_until and binding.locked_until > now:
        raise NotAllowed(SHUT)
    on_file = vault.find_mark(account.id, PHONE, keys) if account else None
    if on_file and phone is None:
        raise Invalid({"phone_code": [SHOW_PHONE]})
    if account is None or (on_file and on_file != plain_phone(phone)):
        _count_failure(binding, now)
        return None
    openid, invited_by = vault.find_mark(binding.id, ASKED, keys), invitation.made_by_id
    drop([binding.id])
    session.delete(invitation)
    session.flush()
    bind(account, OPENID, openid, keys, now)
    session.refresh(account, ["region"])
    accounts.note(sign_in.actor_of(account), "binding.accept", account, now, {"invited_by": str(invited_by)})
    return account


def bind(account: Account, kind: str, mark: str, keys: Keys, now: datetime) -> None:
    """Let an account be known by this, and reached there; what it was known by before ends, with all sessions.

    Raises Conflict when somebody else is known by it.
    """
    if set(vault.find_marked(kind, mark, keys)) - {account.id}:
        raise Conflict(TAKEN)
    if vault.find_mark(account.id, kind, keys) not in (None, mark):
        release(account, kind, now)
    vault.keep_mark(account.id, kind, mark, keys)
    if CHANNEL_OF[kind] in told(CHANNELS):
        addresses.set_address(account.id, CHANNEL_OF[kind], mark, keys, now)


def release(account: Account, kind: str, now: datetime) -> bool:
    """Know an account by this no more: no sign-in, no message, no session that runs. False when it was not known."""
    if not vault.drop_marks([account.id], kind):
        return False
    addresses.forget_address(account.id, CHANNEL_OF[kind])
    if kind == OPENID:
        channels.forget_consents(account.id)
    sign_in.revoke_sessions(account.id, now)
    forget()
    return True


def drop(ids: Sequence[UUID]) -> int:
    """Forget bindings that are not made, with what is in the vault of them; returns how many that were."""
    vault.drop_marks(ids, ASKED)
    return session.execute(delete(Binding).where(Binding.id.in_(ids))).rowcount


def _invited(code: str, now: datetime) -> tuple[Account | None, Invitation | None]:
    """The active account this code was made for, its row locked before any other as everywhere, and the invitation."""
    typed = "".join(char for char in code.upper() if char.isalnum())
    wanted = (Invitation.digest == fingerprint(typed), Invitation.expires_at > now)
    account_id = session.scalar(select(Invitation.account_id).where(*wanted))
    account = accounts.lock_active(account_id) if account_id else None
    invitation = session.scalar(select(Invitation).where(*wanted).with_for_update()) if account else None
    return (account, invitation) if invitation else (None, None)


def _lock(token: str, now: datetime) -> Binding:
    good = (Binding.ticket_digest == fingerprint(token), Binding.ticket_until > now)
    binding = session.scalar(select(Binding).where(*good).with_for_update())
    if binding is None:
        raise Conflict(ENDED)
    return binding


def _count_failure(binding: Binding, now: datetime) -> None:
    """One more wrong invitation of this phone; a new ticket does not begin the count anew."""
    binding.failures += 1
    if binding.failures >= sign_in.MAX_FAILURES:
        binding.failures, binding.locked_until = 0, now + sign_in.LOCKED_FOR
    binding.expires_at = max(binding.expires_at, now + sign_in.LOCKED_FOR)
    session.flush()


def _known_by(phone: str, keys: Keys) -> Sequence[Account]:
    found = vault.find_marked(PHONE, plain_phone(phone), keys)
    rows = select(Account).where(Account.id.in_(found), Account.active).options(joinedload(Account.region))
    return session.scalars(rows).all() if found else []


def _forget_stale(now: datetime) -> None:
    over = or_(Binding.locked_until.is_(None), Binding.locked_until <= now)
    stale = select(Binding.id).where(Binding.expires_at <= now, over).with_for_update(skip_locked=True)
    if ids := session.scalars(stale).all():
        drop(ids)
