"""Stations stand in the tree of their regions, counted from below, and those that exist on the wall only are named."""

from datetime import timedelta

import pytest

from liaison.db import session, transaction
from liaison.models.base import new_id
from liaison.models.stations import Station
from liaison.services import registers, station_tree, stations
from liaison.services.register_lists import Wanted
from liaison.services.station_tree import Branch
from tests.support.clock import FakeClock
from tests.support.town import Town


def told(branches: list[Branch]) -> list:
    """The tree as names: each region with its stations and what is below it."""
    return [(each.region.name, [leaf.station.code for leaf in each.leaves], told(each.branches)) for each in branches]


@pytest.fixture
def more(town: Town) -> None:
    """A home in the eastern town, and a station beyond the border."""
    for code, kind, region in (("S003", "home", town.regions.east), ("S900", "point", town.regions.other_county)):
        row = Station(id=new_id(), code=code, name=f"{code}站", kind=kind, region_id=region.id, capabilities=["budget"])
        session.add(row)
    session.flush()


@pytest.mark.usefixtures("more")
def test_every_station_within_reach_stands_below_its_region_and_is_counted_above(town: Town, clock: FakeClock) -> None:
    found = station_tree.tree(town.actor("office"), Wanted(), clock())
    east, west = ("城东镇", ["S003", "S001"], []), ("城西镇", ["S002"], [])
    assert told(found.branches) == [("示范县", [], [east, west])]
    (county,) = found.branches
    assert (found.total, county.total, dict(county.kinds)) == (3, 3, {"station": 2, "home": 1})


@pytest.mark.usefixtures("more")
@pytest.mark.parametrize(
    ("wanted", "codes"),
    [
        (Wanted(words="城西镇"), ["S002"]),
        (Wanted(words="s001"), ["S001"]),
        (Wanted(kind="home"), ["S003"]),
        (Wanted(capability="budget"), ["S003"]),
        (Wanted(region="110101002"), ["S002"]),
        (Wanted(state="retired"), []),
    ],
)
def test_a_search_leaves_only_the_branches_that_hold_what_was_looked_for(
    town: Town, clock: FakeClock, wanted: Wanted, codes: list
) -> None:
    found = station_tree.tree(town.actor("administrator"), wanted, clock())
    leaves = [leaf.station.code for top in found.branches for branch in top.branches for leaf in branch.leaves]
    assert leaves == codes


def test_a_liaison_sees_the_own_station(town: Town, clock: FakeClock) -> None:
    assert told(station_tree.tree(town.actor("liaison"), Wanted(), clock()).branches) == [("城东镇", ["S001"], [])]


@pytest.mark.usefixtures("more")
def test_a_station_without_deputies_or_scans_is_told_apart(town: Town, clock: FakeClock) -> None:
    town.stations.east.last_scan_at = clock() - station_tree.UNSCANNED
    town.stations.west.last_scan_at = clock() - station_tree.UNSCANNED - timedelta(seconds=1)
    session.flush()
    (county,) = station_tree.tree(town.actor("office"), Wanted(), clock()).branches
    asleep = {leaf.station.code: (leaf.deputies, leaf.unscanned) for each in county.branches for leaf in each.leaves}
    assert asleep == {"S001": (3, False), "S002": (1, True), "S003": (0, True)}
    assert (county.unattended, county.unscanned) == (1, 2)
    with transaction():
        registers.retire(town.actor("office"), "deputy", "D004", clock())
    (county,) = station_tree.tree(town.actor("office"), Wanted(), clock()).branches
    assert county.unattended == 2


def test_too_many_stations_are_opened_branch_by_branch(town: Town, clock: FakeClock, monkeypatch) -> None:
    monkeypatch.setattr(station_tree, "MOST_AT_ONCE", 1)
    actor = town.actor("office")
    assert station_tree.tree(actor, Wanted(), clock()).is_cut
    assert not station_tree.tree(actor, Wanted(region="110101001"), clock()).is_cut


@pytest.mark.usefixtures("more")
def test_instead_of_a_closed_station_those_of_its_town_come_first(town: Town) -> None:
    town.stations.east.active = False
    session.flush()
    closed = stations.get_station("S001", retired=True)
    assert [each.code for each in stations.nearby(closed)] == ["S003", "S002"]
