"""Passwords are hashed as the rules of today have it, changed by their owner alone, and not taken again soon."""

from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select

from liaison.db import session, transaction
from liaison.domain.access import Need
from liaison.domain.errors import Invalid, NotAllowed
from liaison.models.audit import AuditEntry
from liaison.models.people import Account, PastPassword
from liaison.services import passwords, sign_in
from tests.support.clock import FakeClock
from tests.support.town import PASSWORD, Town

NEW = "窗外 seven quiet herons"


@pytest.fixture
def office(town: Town) -> Account:
    return town.accounts["office"]


def change(town: Town, clock: FakeClock, password: str, current: str = PASSWORD, keep=None) -> bool:
    """The office changes its password, from a session it keeps."""
    with transaction():
        return passwords.change(town.actor("office"), current, password, clock(), keep=keep)


def test_a_hash_of_other_parameters_is_renewed_at_the_next_sign_in(office: Account, clock: FakeClock) -> None:
    office.password_hash = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    session.flush()
    with transaction():
        sign_in.check_password("office", "wrong", clock())
    assert "m=8192" in office.password_hash
    with transaction():
        assert sign_in.check_password("office", PASSWORD, clock())
    assert office.password_hash.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    with transaction():
        assert sign_in.check_password("office", PASSWORD, clock())


def test_a_new_password_signs_in_and_the_old_one_no_more(town: Town, clock: FakeClock) -> None:
    assert change(town, clock, NEW)
    with transaction():
        assert sign_in.check_password("office", PASSWORD, clock()) is None
        assert sign_in.check_password("office", NEW, clock())


def test_changing_it_ends_every_other_session_and_is_written_down(town: Town, clock: FakeClock, office) -> None:
    with transaction():
        here, there = (sign_in.open_session(office, clock()).token for _ in range(2))
    assert change(town, clock, NEW, keep=sign_in.get_session(here, clock()).id)
    assert sign_in.find_session(here, clock()) and not sign_in.find_session(there, clock())
    entry = session.scalars(select(AuditEntry).where(AuditEntry.act == "account.password")).one()
    assert (entry.about, entry.by_id, entry.data) == ("office", office.id, {})


def test_a_wrong_current_password_changes_nothing_and_counts(town: Town, clock: FakeClock) -> None:
    for _ in range(sign_in.MAX_FAILURES):
        assert not change(town, clock, NEW, current="wrong")
    with pytest.raises(NotAllowed, match="锁定"):
        change(town, clock, NEW)


def test_none_of_the_last_five_is_taken_again_and_the_sixth_is(town: Town, clock: FakeClock, office) -> None:
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)  # only its new ones need to be dear
    *past, running = used = [f"{NEW} {number}" for number in range(5)]
    with transaction():  # or the first refusal would take them back
        office.password_hash = cheap.hash(running)
        for minutes, each in enumerate(past):
            at = clock() + timedelta(minutes=minutes)
            session.add(PastPassword(account_id=office.id, password_hash=cheap.hash(each), replaced_at=at))
    clock.advance(hours=1)
    for recent in used:
        with pytest.raises(Invalid) as refused:
            change(town, clock, recent, current=running)
        assert "最近 5 个" in refused.value.errors["password"][0]
    assert change(town, clock, NEW, current=running)
    assert session.scalar(select(func.count()).select_from(PastPassword)) == 4
    assert change(town, clock, used[0], current=NEW)


def test_a_password_that_breaks_rules_is_refused_with_all_of_them(town: Town, clock: FakeClock) -> None:
    with pytest.raises(Invalid) as refused:
        change(town, clock, "office")
    assert len(refused.value.errors["password"]) == 2


def test_a_password_of_somebody_else_and_an_old_one_must_be_changed(town: Town, clock: FakeClock, office) -> None:
    assert sign_in.need_of(office, clock(), proven=False) is None
    office.must_change = True
    assert sign_in.need_of(office, clock(), proven=False) is Need.PASSWORD
    assert change(town, clock, NEW)
    assert sign_in.need_of(office, clock(), proven=False) is None
    assert sign_in.need_of(office, clock() + timedelta(days=90), proven=False) is Need.PASSWORD
