"""Who is to be told: the people behind a party of a case. Nobody outside the case's own reach is ever returned."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from sqlalchemy import ColumnElement, literal, select
from sqlalchemy.orm import joinedload

from liaison.db import once, session
from liaison.domain.actors import OFFICE_ROLES, Role
from liaison.models.cases import Case
from liaison.models.people import Account
from liaison.models.regions import Region
from liaison.services.reach import cases_within
from liaison.services.sign_in import actor_of


@dataclass(frozen=True)
class Recipient:
    """One who gets notices: an account, or for a resident the case itself."""

    role: Role
    id: UUID


def resident(case: Case) -> list[Recipient]:
    """The resident, reached through the case's own page."""
    return [Recipient(Role.RESIDENT, case.id)]


def deputy(case: Case) -> list[Recipient]:
    """The responsible deputy's account, if there is one."""
    return _accounts(f"deputy {case.deputy_id}", Account.deputy_id == case.deputy_id) if case.deputy_id else []


def office(case: Case) -> list[Recipient]:
    """Office staff whose region holds the case."""
    within = literal(case.region_path).like(Region.path + "%")
    regions = select(Region.id).where(within)
    return _accounts(f"office {case.region_path}", Account.role.in_(OFFICE_ROLES), Account.region_id.in_(regions))


def department(department_id: UUID, *, roles: Iterable[Role] = (Role.HANDLER,), head: bool = False) -> list[Recipient]:
    """A department's handlers, approvers or head."""
    wanted = sorted(roles)
    people = Account.head if head else Account.role.in_(wanted)
    name = f"department {department_id} {'head' if head else wanted}"
    return _accounts(name, Account.department_id == department_id, people)


def every_office() -> list[Recipient]:
    """All office staff, wherever they are."""
    return _accounts("every office", Account.role.in_(OFFICE_ROLES))


def is_entitled(recipient: Recipient, case_id: UUID | None) -> bool:
    """Whether a recipient may still know of a case: its resident, one merged into it, an active account in reach.

    What is about no case is the office's.
    """
    if recipient.role is Role.RESIDENT:
        merged = select(Case.id).where(Case.id == recipient.id, Case.merged_into_id == case_id)
        return recipient.id == case_id or session.scalar(merged) is not None
    account = session.scalar(
        select(Account).where(Account.id == recipient.id, Account.active).options(joinedload(Account.region))
    )
    if account is None:
        return False
    if case_id is None:
        return account.role in OFFICE_ROLES
    return session.scalar(select(Case.id).where(Case.id == case_id, cases_within(actor_of(account)))) is not None


def _accounts(name: str, *conditions: ColumnElement[bool]) -> list[Recipient]:
    """The active accounts that fit, read once per transaction under `name`."""
    return list(once(f"recipients of {name}", partial(_read, conditions)))


def _read(conditions: Iterable[ColumnElement[bool]]) -> list[Recipient]:
    rows = session.execute(select(Account.role, Account.id).where(Account.active, *conditions).order_by(Account.id))
    return [Recipient(Role(role), id_) for role, id_ in rows]
