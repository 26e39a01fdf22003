"""Add, change and close accounts; roles that act for something need that something.

The operator's commands reach every region, a security administrator the own one and below.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import joinedload

from liaison.db import forget, session
from liaison.domain.actors import ADMINISTRATORS, DEPARTMENT_ROLES, Actor, Role
from liaison.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from liaison.models.departments import Department
from liaison.models.people import Account, Deputy
from liaison.models.regions import Region
from liaison.models.stations import Station
from liaison.services import audit, passwords, sign_in
from liaison.services.reach import region_within
from liaison.services.sign_in import find_account, hash_password

ROLES = tuple(role for role in Role if role not in (Role.ANYONE, Role.RESIDENT, Role.SYSTEM))
NEEDS = {Role.DEPUTY: "deputy", Role.LIAISON: "station", **dict.fromkeys(DEPARTMENT_ROLES, "department")}
KINDS = {"department": Department, "station": Station, "deputy": Deputy}
LONGEST_NAME = 64  # characters, of a username
ONE_OF_THREE = "系统管理员、安全管理员和审计员必须由三个人分别担任，不能由同一个人兼任，也不能改任；请另设账号。"


@dataclass(frozen=True)
class Place:
    """What an account is to be: its role, region, and the code of what that role acts for."""

    role: Role
    region: str
    department: str | None = None
    station: str | None = None
    deputy: str | None = None
    head: bool = False


def add_account(
    username: str, name: str, place: Place, *, password: str | None = None, actor: Actor, now: datetime
) -> tuple[Account, str]:
    """Add an account and return it with its first password, made up when none is given.

    Somebody else knows that password, so it must be changed at the first sign-in. A `head` is told when the own
    department is overdue. Raises Conflict for a name that is taken and for a second office of an administrator, Invalid
    for what is missing or unknown.
    """
    if not username.isprintable() or not 0 < len(username) <= LONGEST_NAME or " " in username:
        raise Invalid({"username": [f"用户名不能有空格，最多 {LONGEST_NAME} 个字符。"]})
    if find_account(username):
        raise Conflict(f"用户名“{username}”已经有人使用。")
    if password is not None:
        passwords.check(password, username)
    first = password or passwords.make_initial()
    _refuse_second_office(name, place.role)
    account = Account(
        username=username,
        name=name,
        password_hash=hash_password(first),
        password_changed_at=now,
        must_change=True,
        **_columns(actor, place),
    )
    session.add(account)
    session.flush()
    forget()
    note(actor, "account.add", account, now, _told(place))
    return account, first


def accounts_within(actor: Actor) -> list[Account]:
    """The active accounts of the actor's region and below, by name; deputies are known by what they are."""
    rows = (
        select(Account)
        .join(Account.region)
        .where(Account.active, Account.role != Role.DEPUTY, region_within(actor, Region.path))
        .options(joinedload(Account.department))
        .order_by(Account.name, Account.username)
    )
    return list(session.scalars(rows))


def get_named(username: str) -> Account:
    """The account of that name. Raises NotFound."""
    account = find_account(username)
    if account is None:
        raise NotFound(f"没有用户名“{username}”。")
    return account


def get_within(actor: Actor, account_id: UUID) -> Account:
    """An account of the actor's region or below, with what it acts for. Raises NotFound."""
    rows = select(Account).where(Account.id == account_id, _within(actor)).options(*_WHOLE)
    found = session.scalar(rows)
    if found is None:
        raise NotFound()
    return found


def lock_within(actor: Actor, account_id: UUID) -> Account:
    """The same with its row locked, for those who change it."""
    rows = select(Account).where(Account.id == account_id, _within(actor)).options(*_WHOLE)
    found = session.scalar(rows.with_for_update(of=Account).execution_options(populate_existing=True))
    if found is None:
        raise NotFound()
    return found


def lock_active(account_id: UUID) -> Account | None:
    """An account that is open, its row locked, wherever it is; for who has shown by a secret that it is theirs."""
    rows = select(Account).where(Account.id == account_id, Account.active).options(*_WHOLE)
    return session.scalar(rows.with_for_update(of=Account).execution_options(populate_existing=True))


def list_accounts(actor: Actor, query: str = "", role: str = "", *, after: str = "", limit: int = 20) -> list[Account]:
    """The accounts within reach by username, from the one after `after`; `query` is part of a name or username."""
    rows = select(Account).where(_within(actor), Account.username > after).options(*_WHOLE)
    if query:
        matches = (each.contains(query, autoescape=True) for each in (Account.username, Account.name))
        rows = rows.where(or_(*matches))
    if role:
        rows = rows.where(Account.role == role)
    return list(session.scalars(rows.order_by(Account.username).limit(limit)))


def acts_for(actor: Actor, kind: str) -> list[tuple[str, str]]:
    """The departments, stations or deputies within reach, one of which a role may act for: code and name, by name."""
    model = KINDS[kind]
    rows = select(model.code, model.name).join(Region, Region.id == model.region_id).where(model.active, _below(actor))
    return [tuple(row) for row in session.execute(rows.order_by(model.name, model.code))]


def disable_account(actor: Actor, account_id: UUID, now: datetime) -> None:
    """Close an account and revoke its sessions. Raises NotFound out of reach, NotAllowed for oneself."""
    account = lock_somebody_else(actor, account_id)
    account.active = False
    forget()
    sign_in.revoke_sessions(account.id, now)
    note(actor, "account.disable", account, now, {})


def enable_account(actor: Actor, account_id: UUID, now: datetime) -> None:
    """Open a closed account again. Raises as `disable_account`, and Conflict for another administrator's office."""
    account = lock_somebody_else(actor, account_id)
    _refuse_second_office(account.name, Role(account.role), account.id)
    account.active = True
    forget()
    note(actor, "account.enable", account, now, {})


def unlock_account(actor: Actor, account_id: UUID, now: datetime) -> None:
    """Let an account try again that wrong passwords have shut. Raises as `disable_account`."""
    account = lock_somebody_else(actor, account_id)
    sign_in.clear_failures(account)
    note(actor, "account.unlock", account, now, {})


def revoke_sessions(actor: Actor, account_id: UUID, now: datetime) -> int:
    """Revoke all sessions of an account; says how many. Raises NotFound out of reach."""
    account = lock_within(actor, account_id)
    count = sign_in.revoke_sessions(account.id, now)
    note(actor, "account.revoke", account, now, {"sessions": count})
    return count


def change_place(actor: Actor, account_id: UUID, place: Place, now: datetime) -> None:
    """Give an account another role, region, department, station or deputy, and revoke its sessions.

    Raises as `disable_account`, Invalid for what is missing, Conflict for moves between an administrator's office and
    anything else.
    """
    account = lock_somebody_else(actor, account_id)
    before = Role(account.role)
    if before is not place.role and {before, place.role} & ADMINISTRATORS:
        raise Conflict(ONE_OF_THREE)
    columns = _columns(actor, place, account.id)
    for column, value in columns.items():
        setattr(account, column, value)
    session.flush()
    forget()
    sign_in.revoke_sessions(account.id, now)
    note(actor, "account.change", account, now, _told(place) | {"before": before})


def note_reach(actor: Actor, account: Account, channels: Sequence[str], now: datetime) -> None:
    """Write down that somebody else has changed how an account is reached; the addresses themselves are not told."""
    note(actor, "account.reach", account, now, {"channels": sorted(channels)})


def note(actor: Actor, act: str, account: Account, now: datetime, data: dict) -> None:
    """Write down what was done to an account, where it belongs."""
    region = session.get_one(Region, account.region_id)
    audit.note(actor, act, now, about=account.username, region_path=region.path, data=data)


_ACTS_FOR = {
    "department": "这个角色需要填写承办单位",
    "station": "这个角色需要填写联络站",
    "deputy": "这个角色需要填写是哪位代表",
}
_WHOLE = (
    joinedload(Account.region, innerjoin=True),
    joinedload(Account.department),
    joinedload(Account.station),
    joinedload(Account.deputy),
)


def lock_somebody_else(actor: Actor, account_id: UUID) -> Account:
    """The account, locked as by `lock_within`. Raises NotAllowed for one's own."""
    account = lock_within(actor, account_id)
    if account.id == actor.account_id:
        raise NotAllowed("不能这样处理自己的账号，请由另一位安全管理员办理。")
    return account


def _refuse_second_office(name: str, role: Role, account_id: UUID | None = None) -> None:
    """Nobody is two of the three administrators, as far as the name tells; namesakes add what tells them apart."""
    others = select(Account.id).where(
        Account.active,
        Account.name == name,
        Account.role.in_(ADMINISTRATORS - {role}),
        Account.id != account_id if account_id else True,
    )
    if role in ADMINISTRATORS and session.scalar(others.limit(1)):
        raise Conflict(ONE_OF_THREE)


def _columns(actor: Actor, place: Place, account_id: UUID | None = None) -> dict[str, object]:
    needed = NEEDS.get(place.role)
    if needed and not getattr(place, needed):
        raise Invalid({needed: [f"{_ACTS_FOR[needed]}（{needed}）。"]})
    if place.head and needed != "department":
        raise Invalid({"head": ["只有承办单位的账号可以是单位负责人。"]})
    region = session.scalar(select(Region.id).where(Region.code == place.region, _below(actor)))
    if region is None:
        raise Invalid({"region": [_unknown_region(place.region)]})
    found = {
        f"{kind}_id": _id(actor, model, getattr(place, kind), kind) if needed == kind else None
        for kind, model in KINDS.items()
    }
    taken = select(Account.id).where(Account.deputy_id == found["deputy_id"], Account.id != account_id)
    if found["deputy_id"] and session.scalar(taken):
        raise Invalid({"deputy": ["这位代表已经有账号。"]})
    return {"role": place.role, "region_id": region, "head": place.head} | found


def _id(actor: Actor, model: type, code: str, field: str) -> UUID:
    found = session.scalar(
        select(model.id).join(Region, Region.id == model.region_id).where(model.code == code, _below(actor))
    )
    if found is None:
        raise Invalid({field: [f"没有代号“{code}”，请核对。"]})
    return found


def _unknown_region(code: str) -> str:
    if session.scalar(select(Region.id).limit(1)) is None:
        return "数据库里还没有区划，请先用 flask county import 导入基础资料，再添加账号。"
    return f"没有代号“{code}”，请核对。"


def _told(place: Place) -> dict[str, object]:
    return {"role": place.role, "head": place.head} | {kind: getattr(place, kind) for kind in KINDS}


def _below(actor: Actor) -> ColumnElement[bool]:
    return region_within(actor, Region.path)


def _within(actor: Actor) -> ColumnElement[bool]:
    return Account.region_id.in_(select(Region.id).where(_below(actor)))
