"""A jump is seen, one that returns is forgiven, drift is none, and across boots only going back can be told."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from liaison.domain.timekeeping import JUMP_SECONDS, Reading, Uptime, read_on

START = Reading(datetime(2026, 3, 2, tzinfo=UTC), Uptime("boot", 1000.0))
WAITS = st.floats(0, 86_400)
SMALL = st.floats(-JUMP_SECONDS + 1, JUMP_SECONDS - 1)
BIG = st.floats(JUMP_SECONDS + 1, 1e8) | st.floats(-1e8, -JUMP_SECONDS - 1)


def after(before: Reading, waited: float, gained: float = 0.0) -> Reading:
    """The reading after so many seconds, in which the clock gained so many."""
    uptime = replace(before.uptime, seconds=before.uptime.seconds + waited)
    return read_on(before, before.at + timedelta(seconds=waited + gained), uptime)


def run(steps: Iterable[tuple[float, float]], start: Reading = START) -> Reading:
    """The last of several readings."""
    for waited, gained in steps:
        start = after(start, waited, gained)
    return start


@given(st.lists(WAITS, max_size=10), BIG, st.lists(WAITS, max_size=10))
def test_a_jump_is_seen_and_stays_seen(before: list[float], jump: float, later: list[float]) -> None:
    reading = after(run((waited, 0.0) for waited in before), 5.0, jump)
    assert reading.is_off
    stays = run(((waited, 0.0) for waited in later), reading)
    assert stays.is_off and abs(stays.jumped - jump) < 1


@given(BIG, st.lists(st.tuples(WAITS, SMALL), max_size=10), WAITS)
def test_a_jump_that_returns_is_forgiven(jump: float, meanwhile: list[tuple[float, float]], waited: float) -> None:
    off = run(((wait, 0.0) for wait, _ in meanwhile), after(START, 5.0, jump))
    back = after(off, waited, -jump)
    assert not back.is_off
    assert after(back, 5.0).jumped == 0.0


@given(st.lists(BIG, min_size=1, max_size=5))
def test_it_may_return_in_several_steps(jumps: list[float]) -> None:
    reading = run((5.0, jump) for jump in jumps)
    for gained in [-jump for jump in jumps]:
        reading = after(reading, 5.0, gained)
    assert abs(reading.jumped) < 1 or not reading.is_off


@given(st.lists(st.tuples(WAITS, SMALL), max_size=50))
def test_being_set_right_by_little_is_no_jump_however_often(steps: list[tuple[float, float]]) -> None:
    reading = run(steps)
    assert not reading.is_off and reading.jumped == 0.0


@given(st.floats(1, 1e8))
def test_a_machine_that_slept_is_no_jump(asleep: float) -> None:
    assert after(START, asleep).jumped == 0.0


@given(st.floats(0, 1e9), st.floats(0, 1e6))
def test_across_boots_going_on_is_no_jump(went: float, seconds: float) -> None:
    reading = read_on(START, START.at + timedelta(seconds=went), Uptime("other", seconds))
    assert not reading.is_off


@given(st.floats(JUMP_SECONDS + 1, 1e9), st.floats(0, 1e6))
def test_across_boots_going_back_is_a_jump(went: float, seconds: float) -> None:
    reading = read_on(START, START.at - timedelta(seconds=went), Uptime("other", seconds))
    assert reading.is_off and reading.jumped < 0


@given(BIG, st.floats(0, JUMP_SECONDS - 1))
def test_a_boot_does_not_forgive(jump: float, went: float) -> None:
    off = after(START, 5.0, jump)
    assert read_on(off, off.at + timedelta(seconds=went), Uptime("other", 1.0)).is_off


def test_the_bound_itself_is_no_jump() -> None:
    assert not after(START, 5.0, JUMP_SECONDS).is_off
    assert after(START, 5.0, JUMP_SECONDS + 0.001).is_off
    assert not after(START, 5.0, -JUMP_SECONDS).is_off
    assert after(START, 5.0, JUMP_SECONDS).jumped == 0.0


def test_a_boot_does_not_add_to_a_jump() -> None:
    off = after(START, 5.0, 2 * JUMP_SECONDS)
    assert read_on(off, off.at + timedelta(seconds=9), Uptime("other", 1.0)).jumped == off.jumped
