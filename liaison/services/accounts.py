"""Add and close accounts; roles that act for something need that something."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update

from liaison.db import forget, session
from liaison.domain.actors import DEPARTMENT_ROLES, Actor, Role
from liaison.domain.errors import Conflict, Invalid, NotFound
from liaison.models.departments import Department
from liaison.models.people import Account, Deputy, Session
from liaison.models.regions import Region
from liaison.models.stations import Station
from liaison.services import audit
from liaison.services.sign_in import find_account, hash_password

ROLES = tuple(role for role in Role if role not in (Role.ANYONE, Role.RESIDENT, Role.SYSTEM))
SHORTEST_PASSWORD = 10  # characters; NIST SP 800-63B asks for eight, staff accounts reach more
NEEDS = {Role.DEPUTY: "deputy", Role.LIAISON: "station", **dict.fromkeys(DEPARTMENT_ROLES, "department")}


def add_account(
    *,
    username: str,
    password: str,
    name: str,
    role: Role,
    region: str,
    department: str | None = None,
    station: str | None = None,
    deputy: str | None = None,
    head: bool = False,
    actor: Actor,
    now: datetime,
) -> Account:
    """Add an account; a `head` is told when the own department is overdue, and has a box for it.

    Raises Conflict for a name that is taken, Invalid for what is missing or unknown.
    """
    if find_account(username):
        raise Conflict(f"用户名“{username}”已经有人使用。")
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid({"password": [f"密码至少 {SHORTEST_PASSWORD} 位。"]})
    told = {"department": department, "station": station, "deputy": deputy}
    needed = NEEDS.get(role)
    if needed and not told[needed]:
        raise Invalid({needed: [f"角色 {role} 需要填写 {needed}。"]})
    if head and needed != "department":
        raise Invalid({"head": ["只有承办单位的账号可以是单位负责人。"]})
    account = Account(
        username=username,
        password_hash=hash_password(password),
        name=name,
        role=role,
        region_id=_id(Region, region, "region"),
        department_id=_id(Department, department, "department") if needed == "department" else None,
        station_id=_id(Station, station, "station") if needed == "station" else None,
        deputy_id=_id(Deputy, deputy, "deputy") if needed == "deputy" else None,
        head=head,
    )
    session.add(account)
    session.flush()
    forget()
    _note(actor, "account.add", account, now, {"role": role, "head": head} | told)
    return account


def get_named(username: str) -> Account:
    """The account of that name. Raises NotFound."""
    account = find_account(username)
    if account is None:
        raise NotFound(f"没有用户名“{username}”。")
    return account


def disable_account(actor: Actor, username: str, now: datetime) -> None:
    """Close an account and revoke its sessions. Raises NotFound."""
    account = get_named(username)
    account.active = False
    forget()
    session.execute(
        update(Session).where(Session.account_id == account.id, Session.revoked_at.is_(None)).values(revoked_at=now)
    )
    _note(actor, "account.disable", account, now, {})


def note_reach(actor: Actor, account: Account, channels: Sequence[str], now: datetime) -> None:
    """Write down that somebody else has changed how an account is reached; the addresses themselves are not told."""
    _note(actor, "account.reach", account, now, {"channels": sorted(channels)})


def _note(actor: Actor, act: str, account: Account, now: datetime, data: dict) -> None:
    region = session.get_one(Region, account.region_id)
    audit.note(actor, act, now, about=account.username, region_path=region.path, data=data)


def _id(model, code: str | None, field: str):
    found = session.scalar(select(model.id).where(model.code == code))
    if found is None:
        raise Invalid({field: [f"没有代号“{code}”，请核对。"]})
    return found
