"""Accounts come, change and go by a security administrator within reach, and every step is in the audit log."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from liaison.db import session, transaction
from liaison.domain.actors import ADMINISTRATORS, Actor, Role
from liaison.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from liaison.models.audit import AuditEntry
from liaison.models.people import Account
from liaison.services import accounts, sign_in
from liaison.services.accounts import Place
from tests.support.clock import FakeClock
from tests.support.town import COUNTY, Town

HANDLER = Place(Role.HANDLER, COUNTY, department="housing")


@pytest.fixture
def security(town: Town) -> Actor:
    return town.actor("security_administrator")


@pytest.fixture
def add(security: Actor, clock: FakeClock):
    """`add("limin")`: the security administrator adds an account."""

    def added(username: str, place: Place = HANDLER, name: str = "李敏", **more) -> tuple[Account, str]:
        with transaction():
            return accounts.add_account(username, name, place, actor=security, now=clock(), **more)

    return added


def acts() -> list[tuple[str, str]]:
    """What the audit log says, in order."""
    return [(each.act, each.about) for each in session.scalars(select(AuditEntry).order_by(AuditEntry.seq))]


def test_a_new_account_signs_in_with_a_password_nobody_chose_and_must_change_it(add, clock: FakeClock) -> None:
    account, password = add("limin")
    other = add("zhou")[1]
    assert len(password) >= 12 and password != other
    with transaction():
        assert sign_in.check_password("limin", password, clock()) is not None
    assert account.must_change
    assert acts() == [("account.add", "limin"), ("account.add", "zhou")]


def test_no_entry_of_the_log_holds_the_password(add) -> None:
    _, password = add("limin")
    assert not [entry for entry in session.scalars(select(AuditEntry)) if password in str(entry.data)]


@pytest.mark.parametrize("place", [
    Place(Role.HANDLER, "110102", department="housing"),
    Place(Role.OFFICE, "110100"),
    Place(Role.OFFICE, "nowhere"),
    Place(Role.HANDLER, COUNTY),
    Place(Role.HANDLER, COUNTY, department="nowhere"),
    Place(Role.LIAISON, COUNTY),
    Place(Role.DEPUTY, COUNTY, deputy="D003"),
    Place(Role.OFFICE, COUNTY, head=True),
])  # fmt: skip
def test_a_place_out_of_reach_or_incomplete_is_refused(add, place: Place) -> None:
    with pytest.raises(Invalid):
        add("limin", place)
    assert acts() == []


def test_a_department_of_another_county_is_out_of_reach(add, town: Town) -> None:
    town.departments.water.region_id = town.regions.other_county.id
    session.flush()
    with pytest.raises(Invalid, match="填写的内容有误"):
        add("limin", Place(Role.HANDLER, COUNTY, department="water"))


@pytest.mark.parametrize("username", ["office", "", "li min", "l" * 65, "li\tmin"])
def test_a_username_that_is_taken_or_none_is_refused(add, username: str) -> None:
    with pytest.raises((Conflict, Invalid)):
        add(username)


WORK: dict[str, Callable] = {
    "account.disable": accounts.disable_account,
    "account.enable": accounts.enable_account,
    "account.unlock": accounts.unlock_account,
    "account.revoke": accounts.revoke_sessions,
    "account.change": lambda actor, id_, now: accounts.change_place(actor, id_, HANDLER, now),
}


@pytest.mark.parametrize("act", WORK)
def test_every_change_is_written_down(town: Town, security: Actor, clock: FakeClock, act: str) -> None:
    with transaction():
        WORK[act](security, town.accounts["office"].id, clock())
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.act, entry.about, entry.by_id) == (act, "office", security.account_id)


@pytest.mark.parametrize("act", WORK)
def test_nobody_changes_an_account_out_of_reach(town: Town, security: Actor, clock: FakeClock, act: str) -> None:
    with pytest.raises(NotFound), transaction():
        WORK[act](security, town.accounts["other_office"].id, clock())
    assert acts() == []


@pytest.mark.parametrize("act", sorted(set(WORK) - {"account.revoke"}))
def test_nobody_changes_the_own_account(security: Actor, clock: FakeClock, act: str) -> None:
    with pytest.raises(NotAllowed), transaction():
        WORK[act](security, security.account_id, clock())


@pytest.mark.parametrize("act", ["account.disable", "account.revoke", "account.change"])
def test_closing_revoking_and_another_role_end_every_session(town, security, clock, act: str) -> None:
    office = town.accounts["office"]
    with transaction():
        tokens = [sign_in.open_session(office, clock()).token for _ in range(2)]
    with transaction():
        WORK[act](security, office.id, clock())
    assert [sign_in.find_session(token, clock()) for token in tokens] == [None, None]


def test_unlocking_lets_try_again_at_once(town: Town, security: Actor, clock: FakeClock) -> None:
    office = town.accounts["office"]
    for _ in range(sign_in.MAX_FAILURES):
        with transaction():
            sign_in.check_password("office", "wrong", clock())
    assert sign_in.is_locked(office, clock())
    with transaction():
        accounts.unlock_account(security, office.id, clock())
    with transaction():
        assert sign_in.check_password("office", town.password, clock())
    assert acts() == [("account.lock", "office"), ("account.unlock", "office")]


def test_the_search_finds_by_name_username_and_role_page_by_page(town: Town, security: Actor) -> None:
    seen = [each.username for each in accounts.list_accounts(security, limit=100)]
    assert seen == sorted(seen) and "other_office" not in seen and len(seen) == len(town.accounts) - 1
    page = accounts.list_accounts(security, limit=3)
    following = accounts.list_accounts(security, after=page[-1].username, limit=3)
    assert [each.username for each in page + following] == seen[:6]
    assert [each.username for each in accounts.list_accounts(security, "housing_ha")] == ["housing_handler"]
    assert [each.username for each in accounts.list_accounts(security, "auditor的")] == ["auditor"]
    assert {each.role for each in accounts.list_accounts(security, role="deputy")} == {"deputy"}
    assert accounts.list_accounts(security, "%") == []


# Three administrators are three people


@pytest.mark.parametrize("role", sorted(ADMINISTRATORS))
def test_an_administrator_never_gets_another_office_nor_anybody_theirs(town, security, clock, role: Role) -> None:
    username = "second_security" if role is Role.SECURITY_ADMINISTRATOR else str(role)
    for other in (Role.OFFICE, *ADMINISTRATORS - {role}):
        with pytest.raises(Conflict, match="三个人分别担任"), transaction():
            accounts.change_place(security, town.accounts[username].id, Place(other, COUNTY), clock())
    with pytest.raises(Conflict, match="三个人分别担任"), transaction():
        accounts.change_place(security, town.accounts["office"].id, Place(role, COUNTY), clock())


def test_one_person_is_not_two_of_the_three(add, town: Town, security: Actor, clock: FakeClock) -> None:
    add("sun-1", Place(Role.AUDITOR, COUNTY), name="孙一人")
    with pytest.raises(Conflict, match="三个人分别担任"):
        add("sun-2", Place(Role.ADMINISTRATOR, COUNTY), name="孙一人")
    with transaction():
        accounts.disable_account(security, accounts.get_named("sun-1").id, clock())
    add("sun-2", Place(Role.ADMINISTRATOR, COUNTY), name="孙一人")
    with pytest.raises(Conflict, match="三个人分别担任"), transaction():
        accounts.enable_account(security, accounts.get_named("sun-1").id, clock())
