"""Screens on walls: paired once, open to sums alone, closed in time; small figures of one place stay hidden."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liaison.db import transaction
from liaison.domain.errors import Invalid, NotAllowed, NotFound
from liaison.domain.suppression import derivable
from liaison.services import boards
from liaison.services.overviews import Line
from liaison.services.sign_in import Origin
from tests.support.clock import FakeClock
from tests.support.town import COUNTY, Town

HERE = Origin("Chrome · Linux", "10.0.*.*")


def make(town: Town, clock: FakeClock, who: str = "office_lead") -> tuple[boards.Board, str]:
    """A new screen in the county."""
    with transaction():
        return boards.add(town.actor(who), "一楼大厅", COUNTY, clock())


def test_a_code_pairs_once_within_a_day_and_its_key_opens_for_a_quarter(town: Town, clock: FakeClock) -> None:
    board, code = make(town, clock)
    with transaction():
        _, token = boards.pair(code.lower().replace("-", " "), HERE, clock())
    for typed in (code, "0000-0000-0000", "x", ""):
        with pytest.raises(Invalid):
            boards.pair(typed, HERE, clock())
    assert boards.find(token, clock()).id == board.id and boards.find(code, clock()) is None
    _, late = make(town, clock)
    clock.advance(hours=25)
    with pytest.raises(Invalid):
        boards.pair(late, HERE, clock())
    clock.advance(days=90)
    assert boards.find(token, clock()) is None


def test_a_revoked_one_opens_nothing_at_once(town: Town, clock: FakeClock) -> None:
    (board, code), (_, other) = make(town, clock), make(town, clock)
    with transaction():
        _, token = boards.pair(code, HERE, clock())
        boards.revoke(town.actor("office_lead"), board.id, clock())
    assert boards.find(token, clock()) is None
    assert [each.revoked_at is None for each in boards.boards_within(town.actor("office_lead"), clock())].count(
        True
    ) == 1
    boards.pair(other, HERE, clock())


def test_only_a_lead_makes_and_closes_one_and_only_at_home(town: Town, clock: FakeClock) -> None:
    board, _ = make(town, clock)
    for who in ("office", "administrator"):
        with pytest.raises(NotAllowed):
            make(town, clock, who)
        with pytest.raises(NotAllowed):
            boards.revoke(town.actor(who), board.id, clock())
    with pytest.raises(NotFound):
        boards.add(town.actor("office_lead"), "邻县", "110102", clock())


@given(st.lists(st.tuples(*[st.integers(0, 12)] * 3), min_size=1, max_size=8))
def test_no_small_figure_of_a_place_is_shown_or_follows_from_the_others(rows):
    lines = [Line(str(n), str(n), dict(zip(boards.STATIONS, row, strict=True))) for n, row in enumerate(rows)]
    totals = {name: sum(line.counts[name] for line in lines) for name in boards.STATIONS}
    shown = {place.name: place.counts for place in boards._places(lines, boards.STATIONS, 5, totals)}
    for name in boards.STATIONS:
        out = {line.code for line in lines if shown[line.code][name] is None}
        small = {line.code for line in lines if 0 < line.counts[name] < 5}
        assert small <= out
        whole = totals[name]
        if whole >= 5:
            assert not derivable(out, [("whole", [line.code for line in lines])]) & small


def test_seen_is_remembered_every_few_minutes(town: Town, clock: FakeClock) -> None:
    _, code = make(town, clock)
    with transaction():
        _, token = boards.pair(code, HERE, clock())
    first = boards.find(token, clock()).seen_at
    clock.advance(minutes=1)
    assert boards.find(token, clock()).seen_at == first
    clock.advance(minutes=5)
    assert boards.find(token, clock()).seen_at == first + timedelta(minutes=6)
