"""Who is to be told: the people behind a party of a case. Nobody outside the case's own reach is ever returned,
and nobody in conflict with it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, partial
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, Uuid, any_, bindparam, literal, select

from liaison.db import lasting, once, session
from liaison.domain.actors import OFFICE_ROLES, Role
from liaison.models.cases import Case
from liaison.models.people import Account
from liaison.models.regions import Region
from liaison.services.reach import accounts_in_conflict, cases_within, in_row


@dataclass(frozen=True)
class Recipient:
    """One who gets notices, an account or for a resident the case itself, and the channels it has addresses in."""

    role: Role
    id: UUID
    channels: tuple[str, ...] = ()


def resident(case: Case) -> list[Recipient]:
    """The resident, reached through the case's own page."""
    return [Recipient(Role.RESIDENT, case.id, tuple(case.channels))]


def deputy(case: Case) -> list[Recipient]:
    """The responsible deputy's account, if there is one."""
    if case.deputy_id is None:
        return []
    return _accounts(case, f"deputy {case.deputy_id}", Account.deputy_id == case.deputy_id)


def office(case: Case) -> list[Recipient]:
    """Office staff whose region holds the case."""
    within = literal(case.region_path).like(Region.path + "%")
    regions = select(Region.id).where(within)
    return _accounts(case, f"office {case.region_path}", Account.role.in_(OFFICE_ROLES), Account.region_id.in_(regions))


def department(
    case: Case, department_id: UUID, *, roles: Iterable[Role] = (Role.HANDLER,), head: bool = False
) -> list[Recipient]:
    """A department's handlers, approvers or head, as far as they may know of the case."""
    wanted = sorted(roles)
    people = Account.head if head else Account.role.in_(wanted)
    name = f"department {department_id} {'head' if head else wanted}"
    return _accounts(case, name, Account.department_id == department_id, people)


def nobody_barred(case: Case) -> None:
    """Take it as known that nobody is in conflict with a case, until the transaction ends."""
    once(f"barred from {case.id}", set)


def every_office() -> list[Recipient]:
    """All office staff, wherever they are."""
    return _read([Account.role.in_(OFFICE_ROLES)])


def entitled(wanted: Iterable[tuple[Recipient, UUID | None]]) -> set[tuple[UUID, UUID | None]]:
    """Of those recipients and cases the pairs of ids where the one may still know of the other.

    That is a case's resident, one merged into it, an active account in reach; what is about no case concerns every
    active account.
    """
    residents: dict[UUID, set[UUID | None]] = defaultdict(set)
    others: dict[UUID, set[UUID | None]] = defaultdict(set)
    for recipient, case_id in wanted:
        (residents if recipient.role is Role.RESIDENT else others)[recipient.id].add(case_id)
    found = _residents_entitled(residents)
    known = select(Account.id, Account.role).where(Account.id.in_(others), Account.active)
    accounts = session.execute(known).all() if others else ()
    found |= {(account.id, None) for account in accounts if None in others[account.id]}
    for role in {account.role for account in accounts}:
        own = [account.id for account in accounts if account.role == role]
        asked = {"accounts": own, "cases": list(set().union(*(others[id_] for id_ in own)) - {None})}
        reached = session.execute(_reached(Role(role)), asked) if asked["cases"] else ()
        found |= {(account_id, case_id) for account_id, case_id in reached if case_id in others[account_id]}
    return found


@cache
def _reached(role: Role) -> Select:
    """Which of some accounts of a role reach which of some cases: one statement, made once."""
    cases = Case.id == any_(bindparam("cases", type_=ARRAY(Uuid)))
    accounts = Account.id == any_(bindparam("accounts", type_=ARRAY(Uuid)))
    pairs = select(Account.id, Case.id).join(Account.region).join(Case, cases_within(in_row(role)))
    return pairs.where(accounts, cases)


def _residents_entitled(cases_of: dict[UUID, set[UUID | None]]) -> set[tuple[UUID, UUID | None]]:
    own = {(id_, case_id) for id_, ids in cases_of.items() for case_id in ids & {id_, None}}
    others = [id_ for id_, ids in cases_of.items() if ids - {id_, None}]
    merged = select(Case.id, Case.merged_into_id).where(Case.id.in_(others), Case.merged_into_id.is_not(None))
    rows = session.execute(merged) if others else ()
    return own | {(row.id, row.merged_into_id) for row in rows if row.merged_into_id in cases_of[row.id]}


def _accounts(case: Case, name: str, *conditions: ColumnElement[bool]) -> list[Recipient]:
    """The active accounts that fit and are not in conflict with the case."""
    fit = lasting(f"recipients of {name}", partial(_read, conditions))
    barred = once(f"barred from {case.id}", partial(_barred, case.id))
    return [each for each in fit if each.id not in barred]


def _barred(case_id: UUID) -> set[UUID]:
    return set(session.scalars(accounts_in_conflict(case_id)))


def _read(conditions: Iterable[ColumnElement[bool]]) -> list[Recipient]:
    columns = select(Account.role, Account.id, Account.channels).where(Account.active, *conditions)
    return [Recipient(Role(role), id_, tuple(own)) for role, id_, own in session.execute(columns.order_by(Account.id))]
