"""Whoever is in conflict with a case is out of its reach while that stands, by the rule of `domain.conflict`."""

from uuid import UUID

import pytest
from sqlalchemy import select

from liaison.db import session, transaction
from liaison.domain.actors import ANYONE, Role
from liaison.domain.conflict import Parties, Person
from liaison.models.assignments import Assignment
from liaison.models.base import new_id
from liaison.models.cases import Case
from liaison.models.conflicts import Conflict
from liaison.models.people import Account, Leadership
from liaison.services import recipients
from liaison.services.reach import accounts_in_conflict, assignments_within, cases_within
from liaison.services.recipients import Recipient
from tests.support.life import Life

PARTIES = ("housing", "other_deputy", "office", "liaison", "leader of water")


@pytest.fixture
def number(life: Life) -> str:
    """A matter both departments work on; the deputy leads a third."""
    town = life.town
    session.add(Leadership(deputy_id=town.deputies.present.id, department_id=town.departments.water.id))
    number = life.matter_in("handed_over")
    life.dispatch(number, lead="housing", assisting=["traffic"])
    return number


def party(life: Life, name: str) -> tuple[UUID, str]:
    """A party by its name in the town, with its kind."""
    town = life.town
    if name in ("housing", "traffic"):
        return getattr(town.departments, name).id, "department"
    if name == "leader of water":
        return town.departments.water.id, "department"
    if name == "other_deputy":
        return town.deputies.other.id, "deputy"
    return town.accounts[name].id, "account"


def put(life: Life, number: str, name: str, **more: object) -> Conflict:
    """A conflict as a row, without what a use case would do about it."""
    id_, kind = party(life, name)
    row = Conflict(case_id=life.case(number).id, party_id=id_, kind=kind, source="office", at=life.clock(), **more)
    with transaction():
        session.add(row)
    return row


def reaching(life: Life) -> set[str]:
    """The accounts that reach any case."""
    actors = life.town.actors
    return {name for name in actors if session.scalar(select(Case.id).where(cases_within(actors[name])))}


def barred(parties: Parties, account: Account) -> bool:
    """What the pure rule says of an account."""
    led = select(Leadership.department_id).where(Leadership.deputy_id == account.deputy_id)
    leads = frozenset(session.scalars(led)) if account.deputy_id else frozenset()
    return parties.concern(Person(account.id, account.department_id, account.deputy_id, leads))


@pytest.mark.parametrize("name", PARTIES)
def test_reach_and_recipients_follow_the_pure_rule(life: Life, number: str, name: str) -> None:
    before = reaching(life)
    id_, kind = party(life, name)
    put(life, number, name)
    fields = {"department": "departments", "deputy": "deputies", "account": "accounts"}
    parties = Parties(**{fields[kind]: frozenset({id_})})
    out = {username for username, account in life.town.accounts.items() if barred(parties, account)}
    assert out and reaching(life) == before - out
    told = set(session.scalars(accounts_in_conflict(life.case(number).id)))
    assert told == {life.town.accounts[username].id for username in out}


def test_many_are_entitled_to_many_cases_as_each_is_alone(life: Life, number: str) -> None:
    put(life, number, "leader of water")
    put(life, number, "traffic")
    numbers = [number, life.submit().case.number, life.matter_in("with_deputy"), life.submit("S002").case.number]
    put(life, numbers[2], "office")
    put(life, numbers[2], "liaison", lifted_at=life.clock())
    cases, actors = [life.case(each).id for each in numbers], life.town.actors.values()
    asked = [(Recipient(actor.role, actor.account_id), case_id) for actor in actors for case_id in cases]
    alone = {
        (actor.account_id, case_id)
        for actor in actors
        for case_id in session.scalars(select(Case.id).where(Case.id.in_(cases), cases_within(actor)))
    }
    assert recipients.entitled(asked) == alone
    assert len({account_id for account_id, _ in alone}) > len(cases) and len(alone) < len(asked) / 2


def test_a_lifted_conflict_bars_nobody(life: Life, number: str) -> None:
    before = reaching(life)
    put(life, number, "housing", lifted_at=life.clock())
    assert reaching(life) == before


def test_assignments_go_out_of_reach_with_their_case(life: Life, number: str) -> None:
    own = select(Assignment).where(assignments_within(life.town.actor("housing_handler")))
    assert len(session.scalars(own).all()) == 1
    put(life, number, "housing")
    assert session.scalars(own).all() == []


def test_nobody_without_a_tie_reaches_a_case(life: Life, number: str) -> None:
    assert not reaching(life) & {Role.SUPERVISOR, Role.ADMINISTRATOR, Role.AUDITOR}
    assert session.scalar(select(Case.id).where(cases_within(ANYONE))) is None


def test_the_resident_reaches_the_own_case_whoever_it_is_about(life: Life, number: str) -> None:
    put(life, number, "housing")
    assert session.scalar(select(Case.number).where(cases_within(life.resident(number)))) == number


@pytest.mark.parametrize("name", PARTIES)
def test_who_is_in_conflict_is_nobodys_recipient(life: Life, number: str, name: str) -> None:
    put(life, number, name)
    case, departments = life.case(number), life.town.departments
    people = [*recipients.office(case), *recipients.deputy(case)]
    for department in vars(departments).values():
        people += recipients.department(case, department.id, roles=(Role.HANDLER, Role.APPROVER))
        people += recipients.department(case, department.id, head=True)
    barred_ids = set(session.scalars(accounts_in_conflict(case.id)))
    assert people and not {each.id for each in people} & barred_ids


def test_unknown_ids_are_in_conflict_with_nothing(life: Life, number: str) -> None:
    before = reaching(life)
    row = Conflict(case_id=life.case(number).id, party_id=new_id(), kind="account", source="office", at=life.clock())
    with transaction():
        session.add(row)
    assert reaching(life) == before
