"""Accounts sign in with a password; sessions end by time, by idleness, and at a word."""


import pytest
from sqlalchemy import func, select

from liaison import wall
from liaison.db import session, transaction
from liaison.domain.actors import ANYONE
from liaison.domain.errors import NotAllowed, NotFound
from liaison.models.people import Account, Session
from liaison.services import recognition, sign_in
from tests.support.clock import FakeClock
from tests.support.standing import standing
from tests.support.town import PASSWORD, Town

TOLD = select(*(func.current_setting(f"liaison.{fact}") for fact in wall.FACTS))


@pytest.fixture
def token(town: Town, clock: FakeClock) -> str:
    """The token of a session the office has just opened."""
    with transaction():
        return sign_in.open_session(town.accounts["office"], clock()).token


def check(password: str, clock: FakeClock, username: str = "office") -> Account | None:
    """Check a password as the edge does."""
    with transaction():
        return sign_in.check_password(username, password, clock())


def test_the_right_password_fits_and_no_other(town: Town, clock: FakeClock) -> None:
    assert check(PASSWORD, clock).username == "office"
    assert check("wrong", clock) is None and check("", clock) is None
    assert check(PASSWORD, clock, "nobody") is None


def test_five_failures_lock_the_account_for_half_an_hour(town: Town, clock: FakeClock) -> None:
    for _ in range(sign_in.MAX_FAILURES):
        assert check("wrong", clock) is None
    with pytest.raises(NotAllowed, match="30 分钟"):
        check(PASSWORD, clock)
    clock.advance(minutes=30)
    assert check(PASSWORD, clock) is not None


def test_a_success_forgets_the_failures_before_it(town: Town, clock: FakeClock) -> None:
    for password in ["wrong"] * 4 + [PASSWORD] + ["wrong"] * 4:
        check(password, clock)
    assert check(PASSWORD, clock) is not None


def test_a_closed_account_does_not_sign_in_and_its_sessions_end(town: Town, clock: FakeClock, token: str) -> None:
    town.accounts["office"].active = False
    assert check(PASSWORD, clock) is None
    assert sign_in.find_session(token, clock()) is None


def test_the_token_itself_is_not_kept(token: str) -> None:
    assert token.encode() not in session.scalars(select(Session.token_digest)).one()


def test_a_session_opens_to_its_account_with_its_reach(town: Town, clock: FakeClock, token: str) -> None:
    found = sign_in.find_session(token, clock())
    assert sign_in.actor_of(found.account) == town.actor("office")
    assert sign_in.find_session(token + "x", clock()) is None


def test_a_session_in_use_lasts_twelve_hours_and_an_idle_one_half_an_hour(clock: FakeClock, token: str) -> None:
    for _ in range(12 * 60 // 25):
        clock.advance(minutes=25)
        recognition.touch(recognition.find_known(token, clock()).session_id, clock())
    clock.advance(minutes=25)
    assert sign_in.find_session(token, clock()) is None


def test_an_idle_session_ends(clock: FakeClock, token: str) -> None:
    clock.advance(minutes=30)
    assert sign_in.find_session(token, clock()) is None


def test_signing_out_is_at_once_and_once(clock: FakeClock, token: str) -> None:
    with transaction():
        sign_in.close_session(token, clock())
    assert sign_in.find_session(token, clock()) is None
    with pytest.raises(NotFound), transaction():
        sign_in.close_session(token, clock())


def test_using_a_session_writes_at_most_once_a_minute(clock: FakeClock, token: str) -> None:
    clock.advance(seconds=59)
    assert not recognition.is_to_touch(recognition.find_known(token, clock()), clock())
    clock.advance(seconds=1)
    found = recognition.find_known(token, clock())
    assert recognition.is_to_touch(found, clock())
    recognition.touch(found.session_id, clock())
    assert not recognition.is_to_touch(recognition.find_known(token, clock()), clock())


def test_the_wall_is_told_of_a_session_what_it_is_told_of_its_account(town: Town, clock: FakeClock) -> None:
    for username, account in sorted(town.accounts.items()):
        token = sign_in.open_session(account, clock(), proven=True).token
        with standing(ANYONE):
            known = recognition.recognise(token, clock())
            told = tuple(session.execute(TOLD).one())
            session.commit()
            wall.stand(town.actor(username))
            assert (known.actor, told) == (town.actor(username), tuple(session.execute(TOLD).one()))
            assert recognition.recognise(token + "x", clock()) is None
            assert set(session.execute(TOLD).one()) == {""}
