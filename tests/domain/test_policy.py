"""What the table of permissions says, read back as sentences."""

from itertools import combinations
from uuid import UUID

import pytest

from liaison.domain.actors import ADMINISTRATORS, DEPARTMENT_ROLES, OFFICE_ROLES, Actor, Role, resident_of
from liaison.domain.errors import NotAllowed
from liaison.domain.policy import POLICY, Relation, may, require

LOOKERS = (Role.SUPERVISOR, *ADMINISTRATORS)


def open_to(role: Role) -> set[str]:
    """The actions the table opens to a role."""
    return {action for action in POLICY if may(role, action)}


def relations(action: str) -> set[Relation]:
    """By what the roles of an action are tied to what they touch."""
    return set(POLICY[action].relations.values())


def test_the_clock_has_no_door_of_its_own() -> None:
    assert open_to(Role.SYSTEM) == set()


def test_a_visitor_gets_no_further_than_the_front_room() -> None:
    rooms = {action.partition(".")[0] for action in open_to(Role.ANYONE)}
    opened_by_a_key = {"callback", "file", "board", "duty"}
    assert rooms <= {"operations", "public", "station", "asset", "matter", "session"} | opened_by_a_key
    assert {action for action in open_to(Role.ANYONE) if action.startswith("station.")} == {"station.read"}


def test_the_three_administrators_have_nothing_in_common_but_what_every_account_has() -> None:
    everybodys = open_to(Role.SUPERVISOR)  # who has no work in the console yet
    own = {role: open_to(role) - everybodys for role in ADMINISTRATORS}
    assert len(own) == 3 and all(own.values())
    for one, other in combinations(own, 2):
        assert own[one] & own[other] == set(), (one, other)
    assert own[Role.AUDITOR] == {"audit.read"}
    rooms = {action.partition(".")[0] for action in own[Role.SECURITY_ADMINISTRATOR]}
    assert rooms == {"accounts", "recovery", "binding"}


@pytest.mark.parametrize("role", sorted(LOOKERS))
def test_administrators_auditor_and_supervisor_read_no_matter(role: Role) -> None:
    rooms = ("office.", "deputy.", "assignment.", "case.", "console.case", "console.move")
    assert not any(action.startswith(rooms) for action in open_to(role))


@pytest.mark.parametrize("action", [action for action in POLICY if action.startswith("assignment.")])
def test_a_departments_work_is_open_to_departments_alone(action: str) -> None:
    assert POLICY[action].roles <= DEPARTMENT_ROLES and relations(action) == {Relation.DEPARTMENT}


@pytest.mark.parametrize("action", [action for action in POLICY if action.startswith("office.")])
def test_the_offices_work_is_open_to_the_office_alone_within_its_region(action: str) -> None:
    assert POLICY[action].roles <= OFFICE_ROLES and relations(action) == {Relation.REGION}


@pytest.mark.parametrize("action", [action for action in POLICY if action.startswith("deputy.")])
def test_a_deputys_work_is_open_to_deputies_alone(action: str) -> None:
    assert POLICY[action].roles == {Role.DEPUTY} and relations(action) == {Relation.DEPUTY}


def test_only_the_lead_of_the_office_grants_a_reveal() -> None:
    assert POLICY["office.reveal_decision"].roles == {Role.OFFICE_LEAD}


def test_only_an_approver_signs() -> None:
    assert POLICY["assignment.approval"].roles == {Role.APPROVER}


def test_an_action_without_a_line_is_refused_loudly() -> None:
    with pytest.raises(KeyError):
        may(Role.OFFICE, "office.everything")


def test_what_the_table_does_not_open_is_refused() -> None:
    require(Role.OFFICE_LEAD, "office.hold")
    with pytest.raises(NotAllowed):
        require(Role.OFFICE, "office.hold")


def test_a_resident_reaches_the_own_case_and_nothing_else() -> None:
    assert resident_of(UUID(int=7)) == Actor(Role.RESIDENT, case_id=UUID(int=7))


@pytest.mark.parametrize(
    ("action", "role", "relation"),
    [
        ("matter.photo", Role.DEPUTY, Relation.DEPUTY),
        ("matter.photo", Role.ADMINISTRATOR, Relation.CODE),
        ("inbox.read", Role.HANDLER, Relation.DEPARTMENT),
        ("inbox.read", Role.AUDITOR, Relation.ACCOUNT),
        ("roster.read", Role.LIAISON, Relation.STATION),
        ("roster.read", Role.ADMINISTRATOR, Relation.REGION),
        ("console.case", Role.LIAISON, Relation.STATION),
        ("matter.rate", Role.RESIDENT, Relation.CODE),
    ],
)
def test_what_touches_a_case_is_open_by_what_ties_the_role_to_it(action: str, role: Role, relation: Relation) -> None:
    assert POLICY[action].relations[role] == relation
