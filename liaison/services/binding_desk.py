"""The office's and the administrators' side of bindings: invite, confirm, refuse, end; and what they enter by hand.

Nobody hands an account to a phone alone: a deputy's number is entered by a security administrator and confirmed by the
office, a WeCom user id by one administrator and confirmed by a second, or by the lead, as recoveries are.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import joinedload

from liaison.db import session
from liaison.domain import addresses
from liaison.domain.actors import Actor, Role
from liaison.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from liaison.domain.policy import may, require
from liaison.models.bindings import Binding, Invitation
from liaison.models.people import Account
from liaison.models.regions import Region
from liaison.services import accounts, bindings, second_factors, sign_in, vault
from liaison.services.channels import SMS, WECOM
from liaison.services.reach import region_within
from liaison.services.sealing import Keys, fingerprint
from liaison.services.vault import ASKED, OPENID, PHONE, USERID

INVITED_FOR = timedelta(days=7)
CODE_LENGTH = 12  # characters of five bits each, within limits by phone and by address
GONE = "没有找到这个申请，可能已经处理过或已过期。"


@dataclass(frozen=True)
class Bound:
    """A deputy's account: whether a phone is bound, whether a number is on file, until when an invitation is good."""

    account: Account
    is_bound: bool
    has_phone: bool
    invited_until: datetime | None


def waiting(actor: Actor, now: datetime) -> list[Binding]:
    """The bindings within reach that this role may confirm, the oldest first."""
    rows = select(Binding).where(*_open_to(actor, now))
    people = (joinedload(Binding.account), joinedload(Binding.asked_by))
    return list(session.scalars(rows.order_by(Binding.asked_at, Binding.id).options(*people)))


def replaced(waiting: Iterable[Binding]) -> set[tuple[UUID, str]]:
    """Of these, the accounts and kinds where confirming ends another binding."""
    wanted = [(each.account_id, each.kind) for each in waiting]
    found = {kind: vault.marked(kind, [account for account, _ in wanted]) for kind in {kind for _, kind in wanted}}
    return {(account, kind) for account, kind in wanted if account in found[kind]}


def confirm(actor: Actor, binding_id: UUID, keys: Keys, *, now: datetime) -> Account:
    """Let an account be known by what waits for it, from now on; returns the account.

    Raises NotFound out of reach or when it is over, NotAllowed to who asked for it and to the person.
    """
    binding, account = _lock(actor, binding_id, now)
    if actor.account_id in (binding.asked_by_id, account.id):
        raise NotAllowed("须由另一个人确认：登记的人和本人都不能自己确认。")
    if not account.active:
        raise Conflict("这个账号已停用，请先启用。")
    mark, kind, device = vault.find_mark(binding.id, ASKED, keys), binding.kind, binding.device
    bindings.drop([binding.id])
    bindings.bind(account, kind, mark, keys, now)
    accounts.note(actor, "binding.confirm", account, now, {"kind": kind, "device": device})
    return account


def refuse(actor: Actor, binding_id: UUID, *, now: datetime) -> Account:
    """Drop what waits for an account; returns the account. Raises NotFound as `confirm`."""
    binding, account = _lock(actor, binding_id, now)
    kind = binding.kind
    bindings.drop([binding.id])
    accounts.note(actor, "binding.refuse", account, now, {"kind": kind})
    return account


def deputies(actor: Actor, query: str = "", *, after: str = "", limit: int = 20, now: datetime) -> list[Bound]:
    """The deputies' accounts within reach by username, from the one after `after`, and how they stand."""
    found = accounts.list_accounts(actor, query, Role.DEPUTY, after=after, limit=limit)
    ids = [each.id for each in found]
    bound, phones = vault.marked(OPENID, ids), vault.marked(PHONE, ids)
    rows = select(Invitation.account_id, Invitation.expires_at).where(Invitation.account_id.in_(ids))
    invited = dict(session.execute(rows.where(Invitation.expires_at > now)).all())
    return [Bound(each, each.id in bound, each.id in phones, invited.get(each.id)) for each in found]


def invite(actor: Actor, account_id: UUID, *, now: datetime) -> tuple[Account, str]:
    """Make a code for one deputy, in place of an earlier one; returns it, to be shown this once.

    Raises NotFound for what is no deputy's account within reach.
    """
    require(actor.role, "binding.write")
    account = _lock_deputy(actor, account_id)
    if not account.active:
        raise Conflict("这个账号已停用，请先启用。")
    code = second_factors.make_code(CODE_LENGTH)
    session.execute(delete(Invitation).where(Invitation.account_id == account.id))
    session.add(
        Invitation(
            account_id=account.id,
            digest=fingerprint(code),
            made_by_id=actor.account_id,
            made_at=now,
            expires_at=now + INVITED_FOR,
        )
    )
    session.flush()
    accounts.note(actor, "binding.invite", account, now, {})
    return account, code


def end(actor: Actor, account_id: UUID, *, now: datetime) -> Account:
    """Unbind a deputy's phone at once, with its sessions and an invitation not used; returns the account.

    Raises NotFound as `invite`.
    """
    require(actor.role, "binding.write")
    account = _lock_deputy(actor, account_id)
    session.execute(delete(Invitation).where(Invitation.account_id == account.id))
    bindings.release(account, OPENID, now)
    accounts.note(actor, "binding.end", account, now, {"kind": OPENID})
    return account


def end_own(actor: Actor, kind: str, *, now: datetime) -> None:
    """Unbind one's own phone or WeCom, with all one's sessions; nothing happens when none is bound."""
    account = sign_in.lock_account(actor.account_id, now)
    if bindings.release(account, kind, now):
        accounts.note(actor, "binding.end", account, now, {"kind": kind})


def bind_own(actor: Actor, userid: str, keys: Keys, *, now: datetime) -> None:
    """Bind WeCom to one's own account, as WeCom has told whose it is; all other sessions end with an earlier one.

    Raises Conflict when somebody else is known by it.
    """
    account = sign_in.lock_account(actor.account_id, now)
    bindings.bind(account, USERID, userid, keys, now)
    accounts.note(actor, "binding.own", account, now, {"kind": USERID})


def name_userid(actor: Actor, account_id: UUID, userid: str, keys: Keys, *, now: datetime) -> None:
    """Say by which WeCom user id an account is to be known; a second person confirms it before it opens anything.

    An empty one ends what is bound. Raises NotFound out of reach, NotAllowed for oneself, Invalid for `userid`.
    """
    require(actor.role, "accounts.write")
    account = accounts.lock_somebody_else(actor, account_id)
    earlier = select(Binding.id).where(Binding.account_id == account.id, Binding.kind == USERID)
    bindings.drop(session.scalars(earlier).all())
    if userid:
        tidied = _checked(WECOM, "userid", userid)
        asked = {"asked_at": now, "asked_by_id": actor.account_id, "expires_at": now + bindings.WAITS}
        binding = Binding(kind=USERID, account_id=account.id, **asked)
        session.add(binding)
        session.flush()
        vault.keep_mark(binding.id, ASKED, tidied, keys)
    else:
        bindings.release(account, USERID, now)
    accounts.note(actor, "account.userid", account, now, {"set": bool(userid)})


def set_phone(actor: Actor, account_id: UUID, phone: str, keys: Keys, *, now: datetime) -> None:
    """Keep the number an account's owner can be bound by, or none; what was asked by the earlier one is dropped.

    Raises NotFound out of reach, NotAllowed for oneself, Invalid for `phone`.
    """
    require(actor.role, "accounts.write")
    account = accounts.lock_somebody_else(actor, account_id)
    tidied = _checked(SMS, "phone", phone) if phone else ""
    asked = select(Binding.id).where(Binding.account_id == account.id, Binding.kind == OPENID)
    bindings.drop(session.scalars(asked).all())
    if tidied:
        vault.keep_mark(account.id, PHONE, tidied, keys)
    else:
        vault.drop_marks([account.id], PHONE)
    accounts.note(actor, "account.phone", account, now, {"set": bool(tidied)})


def known(account_id: UUID, keys: Keys) -> dict[str, str]:
    """By what an account is known, each with its middle hidden; the openid only as being there."""
    shown = {PHONE: vault.find_mark(account_id, PHONE, keys), USERID: vault.find_mark(account_id, USERID, keys)}
    told = {kind: addresses.masked(_SHAPES[kind], mark) for kind, mark in shown.items() if mark}
    return told | ({OPENID: "已绑定"} if vault.marked(OPENID, [account_id]) else {})


_CONFIRMS = {OPENID: "binding.write", USERID: "recovery.confirm"}
_SHAPES = {PHONE: SMS, USERID: WECOM}


def _lock(actor: Actor, binding_id: UUID, now: datetime) -> tuple[Binding, Account]:
    require(actor.role, "binding.confirm")
    wanted = (Binding.id == binding_id, *_open_to(actor, now))
    account_id = session.scalar(select(Binding.account_id).where(*wanted))
    account = accounts.lock_within(actor, account_id) if account_id else None
    binding = session.scalar(select(Binding).where(*wanted).with_for_update()) if account else None
    if binding is None or binding.account_id != account.id:
        raise NotFound(GONE)
    return binding, account


def _lock_deputy(actor: Actor, account_id: UUID) -> Account:
    account = accounts.lock_within(actor, account_id)
    if account.role != Role.DEPUTY:
        raise NotFound()
    return account


def _checked(channel: str, name: str, typed: str) -> str:
    try:
        return addresses.check_address(channel, typed)
    except Invalid as error:
        raise Invalid({name: error.errors["address"]}) from None


def _open_to(actor: Actor, now: datetime) -> list[ColumnElement[bool]]:
    """What waits, of the kinds this role may confirm, for accounts within its reach."""
    kinds = [kind for kind, action in _CONFIRMS.items() if may(actor.role, action)]
    own = region_within(actor, Region.path)
    within = select(Account.id).join(Region, Region.id == Account.region_id).where(own)
    waits = (Binding.asked_at.is_not(None), Binding.expires_at > now)
    return [*waits, Binding.kind.in_(kinds), Binding.account_id.in_(within)]
