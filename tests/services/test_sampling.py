"""Look-back sampling: a lot that can be drawn again, of one's own closed cases alone, worked off by the usual move."""

from datetime import date

import pytest

from liaison.domain.errors import Invalid, NotFound
from liaison.domain.sampling import draw
from liaison.services import matters, sampling
from liaison.services.sampling import Wish
from tests.support.life import Life

ALL = Wish(date(2026, 1, 1), date(2026, 12, 31), 100, percent=True)


def test_closed_cases_within_reach_are_drawn_and_the_look_back_counts(life: Life) -> None:
    first, second = life.matter_in("closed"), life.matter_in("closed")
    life.matter_in("rating")
    sample = life.act("office", sampling.draw_sample, ALL)
    life.clock.advance(minutes=5)
    office = life.town.actor("office")
    _, rows = sampling.get_sample(office, sample.id)
    assert [row.number for row in rows] == draw([first, second], sample.seed, 2)
    life.act("office", matters.look_back, first, False, "灯又不亮了。")
    life.act("office", matters.look_back, second, True, "灯亮着。")
    [progress] = sampling.samples(office)
    assert (progress.drawn, progress.done, progress.undone) == (2, 2, 1)
    found = {row.number: (row.done, row.text) for row in sampling.get_sample(office, sample.id)[1]}
    assert found == {first: (False, "灯又不亮了。"), second: (True, "灯亮着。")}


def test_a_look_back_from_before_the_lot_does_not_count(life: Life) -> None:
    number = life.matter_in("closed")
    life.act("office", matters.look_back, number, True, "灯亮着。")
    life.clock.advance(minutes=5)
    sample = life.act("office", sampling.draw_sample, ALL)
    assert [row.done for row in sampling.get_sample(life.town.actor("office"), sample.id)[1]] == [None]


@pytest.mark.parametrize(
    ("narrowed", "drawn"),
    [({"department": "water"}, 0), ({"station": "S002"}, 0), ({"department": "housing", "station": "S001"}, 1)],
)
def test_it_is_narrowed_by_department_and_station(life: Life, narrowed: dict, drawn: int) -> None:
    life.matter_in("closed")
    wish = Wish(ALL.since, ALL.until, 5, percent=False, **narrowed)
    if drawn:
        assert life.act("office", sampling.draw_sample, wish).population == drawn
    else:
        with pytest.raises(Invalid):
            life.act("office", sampling.draw_sample, wish)


def test_another_regions_office_draws_and_sees_nothing_of_it(life: Life) -> None:
    life.matter_in("closed")
    sample = life.act("office", sampling.draw_sample, ALL)
    with pytest.raises(Invalid):
        life.act("other_office", sampling.draw_sample, ALL)
    with pytest.raises(NotFound):
        sampling.get_sample(life.town.actor("other_office"), sample.id)
    assert sampling.samples(life.town.actor("other_office")) == []
