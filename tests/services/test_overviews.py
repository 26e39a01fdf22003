"""Overviews: the numbers of what was done, no rate of a few, and nothing from beyond the border."""

from datetime import timedelta
from itertools import pairwise

import pytest

from liaison.db import transaction
from liaison.domain.errors import Invalid, NotAllowed
from liaison.services import inboxes, overviews, stations
from liaison.services.overviews import Line, Overview
from liaison.services.wanted import Wanted
from tests.support.life import UNHAPPY, Life


def look(life: Life, period: str = "days90", who: str = "office") -> Overview:
    """The overview as that account sees it now."""
    return life.act(who, overviews.overview, period)


def by_code(lines: list[Line]) -> dict[str, dict[str, int]]:
    """The figures that are not nought, by whose they are."""
    return {line.code: {name: count for name, count in line.counts.items() if count} for line in lines}


def test_the_figures_are_those_of_what_was_done(life: Life) -> None:
    life.matter_in("closed")
    life.matter_in("assigned")
    life.matter_in("withdrawn")
    life.submit("S002")
    found = look(life)
    total = found.total.counts
    assert (total["received"], total["open"], total["overdue"]) == (4, 2, 0)
    assert (total["waits_departments"], total["waits_deputy"], total["waits_office"]) == (1, 1, 0)
    assert (total["answered"], total["within_5"], total["kept"], total["late"], total["satisfied"]) == (1, 1, 1, 0, 1)
    places = by_code(found.stations)
    assert places["S001"]["received"] == 3
    assert places["S002"] == {"received": 1, "open": 1, "waits_deputy": 1, "light_none": 1}
    assert by_code(found.departments) == {
        "housing": {"duty": 2, "duty_open": 1, "duty_answered": 1, "duty_kept": 1, "satisfied": 1}
    }
    assert by_code(found.deputies)["D003"]["received"] == 3 and set(by_code(found.deputies)) == {"D003", "D004"}
    assert sum(found.lights.values()) == total["open"]


def test_what_ran_out_is_overdue_and_late_and_stays_late(life: Life) -> None:
    number = life.matter_in("assigned")
    life.clock.advance(days=40)
    found = look(life)
    assert by_code(found.departments)["housing"] == {"duty": 1, "duty_open": 1, "duty_overdue": 1, "duty_late": 1}
    assert found.total.counts["overdue"] <= found.total.counts["late"] == 1
    life.work(f"{number}.1")
    later = look(life)
    assert later.total.counts["answered"] == later.total.counts["late"] == 1
    assert later.total.counts["within_5"] == later.total.counts["kept"] == 0


def test_of_fewer_than_five_no_rate_is_told(life: Life) -> None:
    for _ in range(4):
        life.matter_in("closed")
    few = look(life)
    assert [few.total.rate(each) for each in ("within_5", "kept", "content")] == [None] * 3
    assert few.total.whole("kept") == 4 and few.departments[0].rate("duty_kept") is None
    number = life.matter_in("rating")
    life.rate(number, UNHAPPY)
    enough = look(life)
    assert (enough.total.rate("kept"), enough.total.rate("content"), enough.total.whole("content")) == (100, 80, 5)
    assert enough.departments[0].rate("duty_kept") == 100


def test_only_what_is_in_reach_counts(life: Life) -> None:
    life.matter_in("assigned")
    other = look(life, who="other_office")
    assert not any(other.total.counts.values()) and not other.stations and not other.departments
    assert not other.deputies and life.act("other_office", overviews.health) == []
    for who in ("deputy", "housing_handler", "liaison", "auditor", "administrator"):
        with pytest.raises(NotAllowed):
            look(life, who=who)
    with pytest.raises(Invalid):
        look(life, "century")
    with pytest.raises(Invalid):
        inboxes.department_box(
            life.town.actor("housing_handler"), "todo", life.clock(), wanted=Wanted(figure="late"), after=None, limit=9
        )


def test_a_matter_of_before_the_period_counts_only_in_what_is_now(life: Life) -> None:
    life.matter_in("with_deputy")
    life.clock.advance(days=1)
    life.submit()
    total = look(life, "today").total.counts
    assert (total["received"], total["open"]) == (1, 2)


def test_the_weeks_add_up(life: Life) -> None:
    life.matter_in("closed")
    life.matter_in("assigned")
    life.clock.advance(days=7)
    life.submit()
    found = look(life)
    weeks = overviews.weeks(life.town.actor("office"), found.period)
    assert [(week.received, week.closed) for week in weeks[-2:]] == [(2, 1), (1, 0)]
    assert sum(week.received for week in weeks) == found.total.counts["received"]
    assert weeks[0].since == found.period.since and weeks[-1].until == found.period.until
    assert {later.since - each.until for each, later in pairwise(weeks)} == {timedelta(days=1)}


def test_a_station_that_fell_silent_is_said_to_have(life: Life) -> None:
    life.matter_in("rating")
    with transaction():
        stations.note_scan(stations.get_station("S002"), life.clock())
    life.clock.advance(days=20)
    [east, west] = life.act("office", overviews.health)
    assert (east.silent, west.silent) == (False, True)
    assert east.told_at == east.answered_at == life.clock() - timedelta(days=20) and west.told_at is None
    assert west.scanned_at == life.clock() - timedelta(days=20)
    life.clock.advance(days=11)
    assert life.act("office", overviews.health)[0].silent
