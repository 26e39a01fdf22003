"""What a session lacks, and that it opens nothing else until then."""

from datetime import UTC, datetime, timedelta

import pytest

from liaison.domain.access import FACTOR_ROLES, FINISHING, AccessRules, Need
from liaison.domain.actors import Role
from liaison.domain.policy import POLICY

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
RULES = AccessRules()


def need(role: Role = Role.OFFICE, rules: AccessRules = RULES, **told: object) -> Need | None:
    """What a session of such an account lacks; by default nothing."""
    usual = {"has_factor": False, "proven": False, "must_change": False, "changed_at": NOW}
    return rules.need(role, **(usual | told), now=NOW)


def test_an_account_in_order_lacks_nothing() -> None:
    assert need() is None
    assert need(has_factor=True, proven=True) is None


@pytest.mark.parametrize("role", sorted(FACTOR_ROLES))
def test_whoever_decides_about_others_must_have_a_second_factor(role: Role) -> None:
    assert need(role) is Need.FACTOR
    assert need(role, AccessRules(factor_roles=frozenset())) is None


def test_the_code_comes_first_then_the_password_then_the_factor() -> None:
    assert need(Role.AUDITOR, has_factor=True, must_change=True) is Need.CODE
    assert need(Role.AUDITOR, must_change=True) is Need.PASSWORD
    assert need(Role.AUDITOR) is Need.FACTOR


def test_a_password_grows_too_old_to_the_second_or_never() -> None:
    assert need(changed_at=NOW - RULES.oldest + timedelta(seconds=1)) is None
    assert need(changed_at=NOW - RULES.oldest) is Need.PASSWORD
    assert need(rules=AccessRules(oldest=timedelta(0)), changed_at=NOW - timedelta(days=9999)) is None


def test_what_an_unfinished_session_may_do_finishes_it_and_touches_no_matter() -> None:
    assert set(FINISHING) == set(Need)
    for actions in FINISHING.values():
        assert actions <= set(POLICY)
        assert {action.partition(".")[0] for action in actions} <= {"session", "password", "factor"}
