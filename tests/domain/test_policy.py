"""What the table of permissions says, read back as sentences."""

import pytest

from liaison.domain.actors import DEPARTMENT_ROLES, OFFICE_ROLES, Role
from liaison.domain.policy import POLICY, Relation, may

LOOKERS = (Role.SUPERVISOR, Role.ADMINISTRATOR, Role.AUDITOR)


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
    assert rooms <= {"operations", "public", "station", "asset", "matter", "session", "callback"}
    assert {action for action in open_to(Role.ANYONE) if action.startswith("station.")} == {"station.read"}


@pytest.mark.parametrize("role", LOOKERS)
def test_administrator_auditor_and_supervisor_read_no_matter(role: Role) -> None:
    assert not any(action.startswith(("office.", "deputy.", "assignment.", "case.")) for action in open_to(role))


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
