"""Departments, deputies, stations and categories: kept row by row, within reach, retired and never deleted."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from pypinyin import lazy_pinyin
from sqlalchemy import select

from liaison.db import session, transaction
from liaison.domain.actors import Actor
from liaison.domain.duty import Change
from liaison.domain.errors import Conflict, Invalid, NotFound
from liaison.models.audit import AuditEntry
from liaison.models.people import Leadership
from liaison.models.stations import DutyChange, DutyTurn, Station
from liaison.services import registers, stations
from liaison.services.departments import departments_for
from liaison.services.register_lists import Wanted, cursor_of, list_rows
from tests.support.clock import FakeClock
from tests.support.life import Life
from tests.support.town import COUNTY, Town

EAST = "110101001"
NEW: Mapping[str, Mapping[str, Any]] = {
    "department": {"code": "forest", "name": "林业局", "region": COUNTY},
    "deputy": {"code": "D010", "name": "林立新", "level": "county", "region": EAST, "stations": "S001"},
    "station": {"name": "东湖社区联络站", "kind": "station", "region": EAST, "capabilities": ["budget"]},
    "category": {"code": "lamps", "name": "路灯", "parent": "roads", "department": "housing"},
}
KEPT = {"department": "housing", "deputy": "D003", "station": "S001", "category": "roads"}

Put = Callable[..., tuple[Any, bool]]


@pytest.fixture
def admin(town: Town) -> Actor:
    return town.actor("administrator")


@pytest.fixture
def put(admin: Actor, clock: FakeClock) -> Put:
    """`put("department", {...})`: the administrator adds or changes a row."""

    def done(kind: str, told: Mapping[str, Any], actor: Actor = admin, **more: Any) -> tuple[Any, bool]:
        with transaction():
            return registers.put(actor, kind, told, clock(), **more)

    return done


@pytest.fixture
def retire(admin: Actor, clock: FakeClock) -> Put:
    def done(kind: str, code: str, actor: Actor = admin) -> tuple[Any, bool]:
        with transaction():
            return registers.retire(actor, kind, code, clock())

    return done


def notes() -> list[AuditEntry]:
    return list(session.scalars(select(AuditEntry).order_by(AuditEntry.seq)))


@pytest.mark.parametrize("kind", sorted(registers.KINDS))
def test_a_row_is_added_once_and_told_again_changes_nothing(put: Put, kind: str) -> None:
    row, changed = put(kind, NEW[kind])
    again = put(kind, NEW[kind] | {"code": row.code})
    assert changed and row.code
    assert again == (row, False)
    assert [(each.act, each.about) for each in notes()] == [("register.add", row.code)]


@pytest.mark.parametrize("kind", sorted(registers.KINDS))
def test_a_change_is_written_down_as_what_was_and_what_is(put: Put, kind: str, admin: Actor) -> None:
    was = registers.told_of(kind, registers.get_row(admin, kind, KEPT[kind]))
    put(kind, {"code": KEPT[kind], "name": "新名称"})
    now_at = registers.told_of(kind, registers.get_row(admin, kind, KEPT[kind]))
    assert now_at == was | {"name": "新名称"}
    (entry,) = notes()
    told = {"kind": kind, "name": "新名称", "before": {"name": was["name"]}, "after": {"name": "新名称"}}
    assert (entry.act, entry.by_name, entry.data) == ("register.change", admin.name, told)


@pytest.mark.parametrize("kind", sorted(registers.KINDS))
def test_an_office_of_another_county_can_neither_change_nor_retire(
    town: Town, put: Put, retire: Put, kind: str
) -> None:
    stranger = town.actor("other_office")
    with pytest.raises(Invalid):
        put(kind, {"code": KEPT[kind], "name": "改了"}, stranger)
    with pytest.raises((NotFound, Conflict)):
        retire(kind, KEPT[kind], stranger)
    with pytest.raises(Invalid):
        put(kind, NEW[kind], stranger)
    assert notes() == []


FAULTY: Mapping[str, tuple[dict[str, Any], set[str]]] = {
    "department": ({"code": "不行", "name": "", "region": "nowhere"}, {"code", "name", "region"}),
    "deputy": (
        {"name": "", "level": "village", "region": "", "stations": "S001 S999", "leads": "nobody"},
        {"name", "level", "region", "stations", "leads"},
    ),
    "station": (
        {"name": "城东人大代表联络站", "kind": "kiosk", "region": EAST, "capabilities": "fun"},
        {"name", "kind", "capabilities"},
    ),
    "category": (
        {"name": "道路交通", "parent": "none", "department": "none", "complexity": "odd", "position": -1},
        {"parent", "department", "complexity", "position", "name"},
    ),
}


@pytest.mark.parametrize("kind", sorted(FAULTY))
def test_every_fault_is_told_at_once_and_nothing_is_written(put: Put, admin: Actor, kind: str) -> None:
    told, parts = FAULTY[kind]
    with pytest.raises(Invalid) as refused:
        put(kind, told)
    assert set(refused.value.errors) == parts
    assert registers.faults(admin, kind, told) == refused.value.errors
    assert notes() == []


def test_who_saves_what_somebody_changed_meanwhile_is_told(put: Put, admin: Actor) -> None:
    seen = registers.stamp("station", registers.get_row(admin, "station", "S001"))
    put("station", {"code": "S001", "address": "东街 1 号"}, seen=seen)
    with pytest.raises(Conflict):
        put("station", {"code": "S001", "address": "东街 2 号"}, seen=seen)
    assert registers.get_row(admin, "station", "S001").address == "东街 1 号"


def test_a_code_in_use_is_not_taken_for_a_new_row(put: Put) -> None:
    with pytest.raises(Invalid) as refused:
        put("department", {"code": "housing", "name": "林业局", "region": COUNTY}, add=True)
    assert set(refused.value.errors) == {"code"}


def test_codes_are_made_up_and_never_given_twice(put: Put) -> None:
    first, _ = put("department", {"name": "林业局", "region": COUNTY})
    second, _ = put("department", {"name": "林业局", "region": EAST})
    assert (first.code, second.code) == ("lyj", "lyj2")
    station, _ = put("station", NEW["station"])
    assert len(station.code) == 6


def test_a_department_with_open_matters_is_not_retired_and_one_without_is_no_longer_chosen(
    life: Life, town: Town, retire: Put, admin: Actor
) -> None:
    number = life.matter_in("assigned")
    with pytest.raises(Conflict, match="还有 1 件"):
        retire("department", "housing")
    life.work(f"{number}.1")
    retire("department", "housing")
    assert "housing" not in [each.code for each in departments_for(admin)]
    suggested = stations.suggest_departments(town.regions.county.path, "路灯坏了", None)
    assert suggested == []


def test_a_retired_departments_category_suggests_nothing(town: Town, retire: Put) -> None:
    roads = stations.find_category("roads")
    path = town.regions.county.path
    assert [each.department_code for each in stations.suggest_departments(path, "", roads)] == ["traffic"]
    retire("department", "traffic")
    session.expire_all()
    assert stations.suggest_departments(path, "", stations.find_category("roads")) == []


def test_a_deputy_with_open_matters_is_not_retired_and_one_without_leaves_the_rosters(
    life: Life, town: Town, retire: Put
) -> None:
    life.matter_in("with_deputy")
    with pytest.raises(Conflict, match="还有 1 件"):
        retire("deputy", "D003")
    west, other = town.stations.west.id, town.deputies.other.id
    days = [life.today + timedelta(days=number) for number in (-1, 0, 1)]
    session.add_all(DutyChange(station_id=west, day=day, kind=Change.STANDS_IN, deputy_id=other) for day in days)
    session.flush()
    retire("deputy", "D004")
    assert session.scalars(select(DutyTurn).where(DutyTurn.deputy_id == other)).all() == []
    assert session.scalars(select(DutyChange.day)).all() == days[:1]
    assert stations.on_duty(town.stations.west, life.clock()) is None
    assert notes()[-1].data["stations"] == ["S002"]


def test_a_retired_station_takes_its_page_away_and_comes_back(town: Town, retire: Put, admin: Actor, clock) -> None:
    retire("station", "S001")
    with pytest.raises(NotFound):
        stations.get_station("S001")
    with transaction():
        registers.restore(admin, "station", "S001", clock())
    assert stations.get_station("S001").name == "城东人大代表联络站"


def test_a_name_taken_meanwhile_keeps_a_row_from_coming_back(put: Put, retire: Put, admin: Actor, clock) -> None:
    retire("department", "water")
    put("department", {"name": "水务局", "region": COUNTY})
    with pytest.raises(Conflict, match="已经有“水务局”"), transaction():
        registers.restore(admin, "department", "water", clock())


def test_a_retired_category_is_no_longer_offered_and_what_is_under_way_keeps_it(life: Life, retire: Put) -> None:
    retire("category", "roads")
    assert "roads" not in [each.code for each in stations.top_categories()]
    case = life.submit(category="roads").case
    assert case.category_id == stations.find_category("roads").id


def test_categories_are_changed_by_who_looks_after_every_station(town: Town, put: Put, clock: FakeClock) -> None:
    session.add(Station(code="S900", name="邻县联络站", kind="station", region_id=town.regions.other_county.id))
    session.flush()
    with pytest.raises(Invalid):
        put("category", {"code": "roads", "name": "道路"})


def test_the_rule_that_repeats_a_categorys_department_follows_it(town: Town, put: Put) -> None:
    rule = town.rules[0]
    rule.category, rule.keywords, rule.department_id = "roads", [], town.departments.traffic.id
    session.flush()
    put("category", {"code": "roads", "department": "housing"})
    assert rule.department_id == town.departments.housing.id
    assert notes()[-1].data["rules"] == [str(rule.id)]


@pytest.mark.parametrize(
    ("words", "found"), [("刘", ["D003"]), ("liuzai", ["D003"]), ("lzg", ["D003"]), ("d004", ["D004"])]
)
def test_deputies_are_found_by_name_code_and_pinyin(
    town: Town, put: Put, admin: Actor, words: str, found: list
) -> None:
    for code in ("D003", "D004"):
        row = registers.get_row(admin, "deputy", code)
        row.name_pinyin = " ".join(lazy_pinyin(row.name))
    session.flush()
    assert [row.code for row in list_rows(admin, "deputy", Wanted(words=words))] == found


def test_a_list_goes_on_where_it_stopped_and_keeps_to_its_filters(
    town: Town, put: Put, retire: Put, admin: Actor
) -> None:
    put("department", {"code": "east", "name": "城东镇政府", "region": EAST})
    retire("department", "water")
    first = list_rows(admin, "department", limit=2)
    rest = list_rows(admin, "department", after=cursor_of("department", first[-1]), limit=9)
    assert [row.code for row in first + rest] == ["housing", "traffic", "east"]
    assert [row.code for row in list_rows(admin, "department", Wanted(state="retired"))] == ["water"]
    assert [row.code for row in list_rows(admin, "department", Wanted(region=EAST))] == ["east"]
    assert list_rows(town.actor("other_office"), "department", Wanted(state="all")) == []


def test_a_deputys_stations_and_departments_are_kept_on_the_deputy(town: Town, put: Put) -> None:
    put("deputy", {"code": "D004", "stations": ["S001", "S002"], "leads": "water"})
    roster = select(DutyTurn.deputy_id).where(DutyTurn.station_id == town.stations.east.id).order_by(DutyTurn.position)
    other = town.deputies.other.id
    assert session.scalars(roster).all()[-1] == other
    assert session.scalars(select(Leadership.department_id)).all() == [town.departments.water.id]
    put("deputy", {"code": "D004", "stations": [], "leads": []})
    assert other not in session.scalars(roster).all()
    assert session.scalars(select(Leadership)).all() == []
