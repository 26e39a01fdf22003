"""A code of the authenticator opens once, a wrong one never, and wrong ones shut the account like wrong passwords."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pyotp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from liaison.db import session, transaction
from liaison.domain.errors import Conflict, NotAllowed
from liaison.models.people import Account, RecoveryCode
from liaison.models.vault import Seed
from liaison.services import second_factors, sign_in
from liaison.services.sealing import Keys
from liaison.services.second_factors import STEP, find_step
from tests.support.authenticator import Authenticator, bind
from tests.support.clock import MONDAY, FakeClock
from tests.support.matrix import undone
from tests.support.town import PASSWORD, Town

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def phone(town: Town, keys: Keys, clock: FakeClock) -> Authenticator:
    """The office's authenticator, bound a minute ago."""
    return bind(town.actor("office"), keys, clock)


@pytest.fixture
def prove(town: Town, keys: Keys, clock: FakeClock):
    """`prove("123456")`: the office types a code, as the edge takes it."""

    def typed(code: str) -> bool:
        with transaction():
            return second_factors.prove(town.accounts["office"].id, code, keys, clock())

    return typed


def test_the_digits_of_now_open_and_no_others(phone: Authenticator, prove) -> None:
    assert not prove(phone.other())
    assert prove(phone.shows())


def test_the_same_digits_never_open_twice(phone: Authenticator, prove, clock: FakeClock) -> None:
    digits = phone.shows()
    assert prove(digits)
    assert not prove(digits)
    clock.advance(seconds=STEP)
    assert not prove(digits)


def test_a_clock_one_step_off_is_forgiven_two_are_not(phone: Authenticator, prove, clock: FakeClock) -> None:
    for steps, opens in ((-2, False), (2, False), (-1, True), (1, True)):
        assert prove(phone.shows(steps)) is opens, steps


def test_after_a_later_code_an_earlier_one_is_worthless(phone: Authenticator, prove) -> None:
    assert prove(phone.shows(1))
    assert not prove(phone.shows())


def test_digits_that_confirmed_the_phone_do_not_sign_in(town: Town, keys: Keys, clock: FakeClock, prove) -> None:
    phone = bind(town.actor("office"), keys, clock)
    clock.advance(seconds=-2 * STEP)
    assert not prove(phone.shows())


def test_a_recovery_code_opens_once_however_it_is_typed(phone: Authenticator, prove) -> None:
    first, second, *rest = phone.codes
    assert len({first, second, *rest}) == second_factors.CODES
    assert prove(first.lower().replace("-", " ")) and not prove(first)
    assert prove(second)
    assert len(session.scalars(select(RecoveryCode)).all()) == len(rest)


def test_neither_seed_nor_recovery_codes_lie_open_in_the_database(phone: Authenticator) -> None:
    assert phone.seed.encode() not in session.scalars(select(Seed.sealed)).one()
    kept = session.scalars(select(RecoveryCode.digest)).all()
    assert not [code for code in phone.codes for each in kept if code.replace("-", "").encode() in each]


def test_five_wrong_codes_shut_the_account_for_half_an_hour(phone: Authenticator, prove, clock: FakeClock) -> None:
    for _ in range(sign_in.MAX_FAILURES):
        assert not prove(phone.other())
    for code in (phone.shows(), phone.codes[0]):
        with pytest.raises(NotAllowed, match="锁定"):
            prove(code)
    with pytest.raises(NotAllowed, match="锁定"), transaction():
        sign_in.check_password("office", PASSWORD, clock())
    clock.advance(minutes=30)
    assert prove(phone.shows())


def test_who_knows_the_password_cannot_guess_codes_for_ever(phone: Authenticator, prove, clock: FakeClock) -> None:
    """A fitting password between the guesses does not set the count back."""
    for _ in range(sign_in.MAX_FAILURES):
        with transaction():
            assert sign_in.check_password("office", PASSWORD, clock()) is not None
        assert not prove(phone.other())
    with pytest.raises(NotAllowed), transaction():
        sign_in.check_password("office", PASSWORD, clock())


def test_a_new_phone_takes_over_only_when_it_shows_its_code(
    phone: Authenticator, prove, town: Town, keys: Keys, clock: FakeClock
) -> None:
    actor = town.actor("office")
    with transaction():
        second_factors.offer(actor, keys)
    with transaction():
        assert second_factors.confirm(actor, phone.shows(), keys, clock()) is None  # the old one's digits
    assert prove(phone.shows())
    new = bind(actor, keys, clock)
    assert not prove(phone.shows())
    assert not prove(phone.codes[0])
    assert prove(new.shows())


def test_nothing_is_confirmed_that_was_not_offered(town: Town, keys: Keys, clock: FakeClock) -> None:
    with pytest.raises(Conflict), transaction():
        second_factors.confirm(town.actor("office"), "000000", keys, clock())


def test_who_must_have_a_second_factor_cannot_drop_it_and_others_can(
    phone: Authenticator, town: Town, clock: FakeClock
) -> None:
    with pytest.raises(NotAllowed), transaction():
        second_factors.drop(town.actor("office_lead"), clock())
    with transaction():
        second_factors.drop(town.actor("office"), clock())
    assert sign_in.need_of(session.get(Account, town.accounts["office"].id), clock(), proven=False) is None
    assert session.scalars(select(Seed)).all() == session.scalars(select(RecoveryCode)).all() == []


# No sequence of tries lets a wrong code in

START = datetime(2026, 3, 2, tzinfo=UTC)
moments = st.integers(0, 40 * STEP).map(lambda seconds: START + timedelta(seconds=seconds))
codes = st.one_of(
    st.integers(-3, 43).map(lambda step: pyotp.TOTP(SEED).at(int(START.timestamp()) + step * STEP)),
    st.text("0123456789", min_size=0, max_size=8),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)


@given(st.lists(st.tuples(moments, codes), max_size=60))
def test_no_sequence_of_tries_opens_to_a_code_of_another_time_or_twice_to_one_step(tries) -> None:
    last, taken = 0, []
    for now, code in tries:  # in any order: a clock may even run back
        step = find_step(SEED, code, now, last)
        if step is not None:
            assert code == pyotp.TOTP(SEED).at(step * STEP)
            assert abs(step - int(now.timestamp()) // STEP) <= 1
            last = step
            taken.append(step)
    assert taken == sorted(set(taken))


TRIES = st.sampled_from(["right", "again", "old", "wrong", "recovery", "password"])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(TRIES, st.integers(0, 2000)), max_size=16))
def test_no_sequence_of_tries_at_the_account_opens_wrongly(town: Town, keys: Keys, clock: FakeClock, tries) -> None:
    actor, accepted, wrong, shut = town.actor("office"), set(), 0, MONDAY
    with undone():
        clock.set(MONDAY)
        phone = bind(actor, keys, clock)
        for what, seconds in tries:
            clock.advance(seconds=seconds)
            code = typed(what, phone, accepted)
            opened = attempt(actor.account_id, what, code, keys, clock())
            assert (opened is None) is (clock() < shut)
            if opened and what != "password":
                assert what in ("right", "recovery") and code not in accepted
                accepted.add(code)
                wrong = 0
            elif opened is False:
                wrong += 1
                if wrong == sign_in.MAX_FAILURES:
                    wrong, shut = 0, clock() + sign_in.LOCKED_FOR


def attempt(account_id: UUID, what: str, code: str, keys: Keys, now: datetime) -> bool | None:
    """Whether it opens; None when the account is shut."""
    try:
        with transaction():
            if what == "password":
                return sign_in.check_password("office", PASSWORD, now) is not None
            return second_factors.prove(account_id, code, keys, now)
    except NotAllowed:
        return None


def typed(what: str, phone: Authenticator, accepted: set[str]) -> str:
    """What somebody types."""
    if what == "again":
        return next(iter(accepted), phone.other())
    if what == "recovery":
        return phone.codes[0]
    return {"right": phone.shows(), "old": phone.shows(-5), "wrong": phone.other()}.get(what, "")
