"""Duty of single days: who stands in takes what is told, nobody is lost by it, rest days stay what they are."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liaison.domain.duty import Change, Standing, has_duty, turns_on
from liaison.domain.routing import Reason, choose_deputy

DAYS = st.dates(date(2025, 1, 1), date(2030, 12, 31))


@st.composite
def rosters(draw) -> list[Standing]:
    """Some deputies on a roster, and perhaps one more who is not."""
    count = draw(st.integers(1, 6))
    away = st.none() | DAYS
    return [
        Standing(UUID(int=n), draw(away), draw(st.booleans()), draw(st.booleans()), is_listed=n < count)
        for n in range(count + draw(st.integers(0, 1)))
    ]


@given(rosters(), DAYS, st.data())
def test_who_stands_in_takes_the_day_and_the_one_stood_in_for_comes_last(roster, day, data):
    stand_in = data.draw(st.sampled_from(roster))
    listed = [each for each in roster if each.is_listed]
    replaced = listed[day.isocalendar().week % len(listed)]
    choice = choose_deputy(turns_on(day, roster, stand_in.deputy_id))
    concerned = [each for each in roster if each.is_listed or each is stand_in]
    able = [each for each in concerned if each.is_present(day) and each.has_account]
    if stand_in in able:
        assert (choice.deputy_id, choice.reason) == (stand_in.deputy_id, Reason.STANDS_IN)
    elif able:
        others = [each for each in able if each is not replaced] or [replaced]
        assert choice.deputy_id in [each.deputy_id for each in others]
    else:
        assert choice.deputy_id is None


@given(rosters(), DAYS)
def test_without_a_change_the_week_says_whose_turn_it_is_and_guests_have_none(roster, day):
    listed = [each.deputy_id for each in roster if each.is_listed]
    turns = turns_on(day, roster)
    assert [turn.deputy_id for turn in turns] == listed
    assert [turn.deputy_id for turn in turns if turn.on_duty] == [listed[day.isocalendar().week % len(listed)]]


@pytest.mark.parametrize(
    ("working", "change", "attended"),
    [
        (True, None, True),
        (True, Change.OFF, False),
        (True, Change.STANDS_IN, True),
        (False, None, False),
        (False, Change.EXTRA, True),
        (False, Change.STANDS_IN, True),
        (False, Change.OFF, False),
    ],
)
def test_a_station_is_attended_on_working_days_unless_changed(working, change, attended):
    assert has_duty(working, change) is attended


@pytest.mark.parametrize(
    ("away", "active", "present"),
    [
        (None, True, True),
        (None, False, False),
        (date(2026, 3, 1), True, True),
        (date(2026, 3, 2), True, False),  # away that day included
        (date(2026, 3, 3), True, False),
        (date(2026, 3, 1), False, False),
    ],
)
def test_who_is_away_or_no_longer_a_deputy_is_not_there(away, active, present):
    assert Standing(UUID(int=1), away, active, True).is_present(date(2026, 3, 2)) is present


def test_an_empty_roster_has_no_turns_but_the_one_who_stands_in_has():
    guest = Standing(UUID(int=1), None, True, True, is_listed=False)
    assert turns_on(date(2026, 3, 2), []) == [] == turns_on(date(2026, 3, 2), [guest])
    [turn] = turns_on(date(2026, 3, 2), [guest], guest.deputy_id)
    assert (turn.stands_in, turn.on_duty, turn.position) == (True, False, 0)
    listed = [Standing(UUID(int=n), None, True, True) for n in (2, 3)]
    assert [turn.position for turn in turns_on(date(2026, 3, 2), [*listed, guest], guest.deputy_id)] == [0, 1, 2]
