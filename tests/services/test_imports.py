"""Registers filled from tables: all or nothing, only as it was shown, and undone as if nothing had been."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from liaison.db import db, session, transaction
from liaison.domain.actors import Role
from liaison.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from liaison.domain.import_lines import Line
from liaison.models.audit import AuditEntry
from liaison.models.departments import RoutingRule
from liaison.models.imports import Import
from liaison.models.people import Deputy
from liaison.models.stations import Station
from liaison.services import imports, registers, rosters
from liaison.services.import_kinds import KINDS
from liaison.services.imports import Upload
from tests.support.life import Life
from tests.support.town import COUNTY, hire

EAST, WEST = "110101001", "110101002"
WRITTEN = ("audit", "imports", "imported_rows", "registers_version")
"""What an import leaves behind in any case: that it was there."""

DEPUTY = {"code": "N1", "name": "王建国", "level": "county", "region": EAST, "groups": ["农业"]}


def table(kind: str, *rows: dict[str, Any]) -> Upload:
    """A table as it comes out of its file."""
    return Upload(kind, "表.xlsx", "00", [Line(number, row) for number, row in enumerate(rows, start=3)], [])


def look_over(life: Life, kind: str, *rows: dict[str, Any], who: str = "administrator") -> Import:
    """Upload a table as the administrator."""
    return life.act(who, imports.preview, table(kind, *rows))


def take_in(life: Life, kind: str, *rows: dict[str, Any]) -> Import:
    """Upload a table and confirm what it would do."""
    row = life.act("administrator", imports.confirm, look_over(life, kind, *rows).id)
    assert row.done_at is not None, row.faults
    return row


def everything() -> dict[str, list]:
    """All rows of all tables, but those that say that there was an import."""
    session.flush()
    tables = [each for each in db.metadata.sorted_tables if each.schema is None and each.name not in WRITTEN]
    return {each.name: sorted(map(repr, session.execute(select(each)).all())) for each in tables}


def acts() -> list[str]:
    """What was written down, in order."""
    return list(session.scalars(select(AuditEntry.act).order_by(AuditEntry.seq)))


def faults(row: Import) -> list[tuple[int, str]]:
    """The places of what is wrong."""
    return [(line, field) for line, field, _ in row.faults]


def test_looking_over_tells_what_would_change_and_writes_nothing(life: Life) -> None:
    before = everything()
    row = look_over(life, "deputy", {"code": "D003", "unit": "第三选区"}, DEPUTY, {"code": "D001", "name": "常在外"})
    assert row.counts == {"new": 1, "changed": 1, "gone": 0, "same": 1, "wrong": 0}
    assert row.changes[0] == {"line": 3, "what": "changed", "cells": {"unit": ["", "第三选区"]}, "name": ["刘在岗"]}
    assert everything() == before and acts() == ["import.preview"]


def test_one_wrong_row_and_nothing_is_imported(life: Life) -> None:
    before = everything()
    wrong = {"code": "N2", "name": "", "level": "king", "region": "110102"}
    row = look_over(life, "deputy", DEPUTY, wrong, {"code": "N1", "name": "再来"})
    assert faults(row) == [(4, "level"), (4, "name"), (4, "region"), (5, "code")]
    assert row.counts["wrong"] == 2 and row.counts["new"] == 1
    with pytest.raises(Conflict, match="错误"):
        life.act("administrator", imports.confirm, row.id)
    assert everything() == before


def test_what_was_shown_is_imported_once_in_one_act(life: Life) -> None:
    row = take_in(life, "deputy", DEPUTY, {"code": "D003", "unit": "第三选区"})
    found = session.scalars(select(Deputy).where(Deputy.code == "N1")).one()
    assert (found.name_pinyin, found.groups, life.town.deputies.present.unit) == ("wang jian guo", ["农业"], "第三选区")
    again = life.act("administrator", imports.confirm, row.id)
    assert again.done_at == row.done_at and acts() == ["import.preview", "import.import"]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_is_there_now_changes_nothing_when_it_comes_back(life: Life, kind: str) -> None:
    rows = life.act("administrator", imports.take_out, kind)
    assert rows
    row = look_over(life, kind, *rows)
    assert (row.changes, row.faults, row.counts["same"]) == ([], [], len(rows))


def test_when_the_register_changed_meanwhile_nothing_is_imported_but_shown_anew(life: Life) -> None:
    row = look_over(life, "deputy", {"code": "D003", "unit": "第三选区"}, DEPUTY)
    life.act("administrator", put, "deputy", {"code": "D003", "unit": "第五选区"})
    row = life.act("administrator", imports.confirm, row.id)
    assert row.done_at is None and row.changes[0]["cells"] == {"unit": ["第五选区", "第三选区"]}
    assert session.scalar(select(Deputy.id).where(Deputy.code == "N1")) is None
    assert life.act("administrator", imports.confirm, row.id).done_at is not None
    assert life.town.deputies.present.unit == "第三选区"


def put(actor: Any, kind: str, told: dict[str, Any], *, now: Any) -> None:
    """A single row, as the console's form writes it."""
    registers.put(actor, kind, told, now)


def test_a_roster_is_as_the_table_says_and_other_stations_keep_theirs(life: Life) -> None:
    places = (("D003", "2"), ("D004", "1"), ("D001", "9"))
    row = take_in(life, "roster", *({"station": "S001", "deputy": code, "position": at} for code, at in places))
    turns = rosters.get_roster(life.town.actor("office"), "S001", life.clock()).turns
    assert [turn.deputy.code for turn in turns] == ["D004", "D003", "D001"]
    assert [each["name"] for each in row.changes if each["what"] == "gone"] == [["S001", "D002"]]
    assert [turn.deputy.code for turn in rosters.get_roster(life.town.actor("office"), "S002", life.clock()).turns] == [
        "D004"
    ]


def test_every_fault_of_a_roster_is_told_at_once(life: Life) -> None:
    rows = [("S001", "D003", "1"), ("S001", "D004", "1"), ("S900", "D001", "1"), ("S002", "D9", "x")]
    row = look_over(life, "roster", *(dict(zip(("station", "deputy", "position"), each, strict=True)) for each in rows))
    assert faults(row) == [(4, "position"), (5, "station"), (6, "deputy"), (6, "position")]
    assert row.changes == []


def test_categories_find_the_parent_that_stands_below_them(life: Life) -> None:
    below = {"code": "lamp", "name": "路灯", "parent": "light", "department": "housing", "complexity": "hard"}
    take_in(life, "category", below, {"code": "light", "name": "照明", "complexity": "ordinary"})
    rows = {row["code"]: row for row in life.act("administrator", imports.take_out, "category")}
    assert rows["lamp"]["parent"] == "light" and rows["lamp"]["department"] == "housing"


def test_undoing_a_category_brings_back_the_rules_that_followed_it(life: Life) -> None:
    town = life.town
    with transaction():
        session.add(
            RoutingRule(
                region_path=town.regions.county.path,
                priority=10,
                category="roads",
                department_id=town.departments.traffic.id,
                reason="职责",
            )
        )
    before = everything()
    row = take_in(life, "category", {"code": "roads", "department": "housing"})
    assert everything()["routing_rules"] != before["routing_rules"]
    life.act("administrator", imports.undo, row.id)
    assert everything() == before


def test_a_retired_row_is_not_brought_back_by_a_table(life: Life) -> None:
    with transaction():
        registers.retire(life.town.actor("administrator"), "department", "water", life.clock())
    assert faults(look_over(life, "department", {"code": "water", "name": "水务局", "region": COUNTY})) == [(3, "code")]


def test_an_import_that_somebody_built_on_is_not_undone_and_says_which_row(life: Life) -> None:
    new = {"name": "北街联络站", "kind": "station", "region": EAST, "screening": True}
    row = take_in(life, "station", {**new, "code": "n1"}, {"code": "S002", "address": "西街1号"})
    life.submit("n1")
    before = everything()
    with pytest.raises(Conflict, match="北街联络站"):
        life.act("administrator", imports.undo, row.id)
    assert everything() == before
    other = take_in(life, "station", {"code": "S001", "address": "东街1号"})
    life.act("administrator", put, "station", {"code": "S001", "address": "东街2号"})
    assert "城东人大代表联络站" in imports.find_obstacle(life.town.actor("administrator"), other)
    with pytest.raises(Conflict, match="城东人大代表联络站"):
        life.act("administrator", imports.undo, other.id)
    with pytest.raises(Conflict, match="最近一次"):
        life.act("administrator", imports.undo, row.id)


def test_a_resident_who_opened_the_page_does_not_keep_an_import_from_being_undone(life: Life) -> None:
    row = take_in(life, "station", {"code": "S001", "address": "东街1号"})
    with transaction():
        session.merge(life.town.stations.east).last_scan_at = life.clock()
    life.act("administrator", imports.undo, row.id)
    east = session.get_one(Station, life.town.stations.east.id, populate_existing=True)
    assert (east.address, east.last_scan_at) == ("", life.clock())


def test_only_its_owner_confirms_and_only_for_a_day(life: Life) -> None:
    hire(life.town, "second", Role.ADMINISTRATOR, life.town.regions.county)
    session.commit()
    row = look_over(life, "deputy", DEPUTY)
    with pytest.raises(NotFound):
        life.act("second", imports.confirm, row.id)
    assert imports.history(life.town.actor("second")) == []
    life.clock.advance(hours=24)
    with pytest.raises(Conflict, match="过期"):
        life.act("administrator", imports.confirm, row.id)
    look_over(life, "deputy", DEPUTY)
    assert len(imports.history(life.town.actor("administrator"))) == 2
    life.clock.advance(days=29)
    look_over(life, "deputy", DEPUTY)
    assert len(imports.history(life.town.actor("administrator"))) == 2, "what nobody confirmed is not kept for good"


def test_nobody_but_the_administrator_imports(life: Life) -> None:
    for who in ("office_lead", "security_administrator", "auditor", "deputy"):
        with pytest.raises(NotAllowed):
            look_over(life, "deputy", DEPUTY, who=who)


def test_an_empty_table_is_refused(life: Life) -> None:
    with pytest.raises(Invalid):
        look_over(life, "deputy")


LONG = [{**DEPUTY, "code": f"L{number}", "name": f"王{number}"} for number in range(imports.AT_ONCE + 1)]


def work_off(life: Life) -> list[int]:
    """Do what waits as the job does, in this process; how far it told meanwhile."""
    told = list[int]()
    with transaction():
        waiting = imports.next_waiting()
    with transaction():
        imports.carry_out(waiting, life.clock(), told.append)
    return told


def test_a_long_table_waits_for_the_job_which_tells_how_far_it_is(life: Life) -> None:
    row = look_over(life, "deputy", *LONG)
    assert (row.stage, row.changes, acts()) == (imports.CHECK, [], [])
    assert work_off(life) == list(range(50, len(LONG), 50))
    assert (row.stage, row.counts["new"], acts()) == ("", len(LONG), ["import.preview"])
    for _ in range(2):
        row = life.act("administrator", imports.confirm, row.id)
        assert (row.stage, row.done_at) == (imports.IMPORT, None)
    work_off(life)
    assert row.done_at == life.clock() and row.stage == "" and acts() == ["import.preview", "import.import"]
    with transaction():
        assert imports.next_waiting() is None


def test_a_long_table_that_would_not_do_what_was_shown_is_shown_anew(life: Life) -> None:
    row = look_over(life, "deputy", *LONG)
    work_off(life)
    life.act("administrator", put, "deputy", LONG[0] | {"unit": "第五选区"})
    assert row.tries == 0 and life.act("administrator", imports.confirm, row.id).stage == imports.IMPORT
    work_off(life)
    assert (row.done_at, row.stage, row.tries, row.counts["new"]) == (None, "", 1, len(LONG) - 1)


def test_a_long_table_of_somebody_who_may_no_longer_import_is_given_up(life: Life) -> None:
    row = look_over(life, "deputy", *LONG)
    session.merge(life.town.accounts["administrator"]).active = False
    session.commit()
    work_off(life)
    assert row.stage == "" and "没有权限" in row.faults[0][2]


def test_a_table_that_kills_the_job_again_and_again_is_given_up(life: Life) -> None:
    row = look_over(life, "deputy", *LONG)
    for _ in range(imports.MOST_TRIES):
        with transaction():
            assert imports.next_waiting() == row.id
    with transaction():
        assert imports.next_waiting() is None
    assert row.stage == "" and row.counts["wrong"] == 1 and "重新上传" in row.faults[0][2]


CODES = st.sampled_from(["D001", "D003", "N1", "N2", ""])
DEPUTIES = st.fixed_dictionaries(
    {"code": CODES, "name": st.text("王李张小明", min_size=1, max_size=4), "region": st.sampled_from([EAST, WEST])},
    optional={
        "level": st.sampled_from(["county", "township"]),
        "unit": st.sampled_from(["", "第一选区"]),
        "groups": st.lists(st.sampled_from(["农业", "教科文卫"]), max_size=2, unique=True),
    },
)
STATIONS = st.fixed_dictionaries(
    {"code": st.sampled_from(["S001", "S002", "n1", ""]), "name": st.text("东西南北", min_size=1, max_size=4)},
    optional={
        "kind": st.sampled_from(["home", "point"]),
        "region": st.sampled_from([EAST, WEST]),
        "screening": st.booleans(),
        "capabilities": st.lists(st.sampled_from(["budget", "legislation"]), max_size=2, unique=True),
    },
)
CATEGORIES = st.fixed_dictionaries(
    {"code": st.sampled_from(["roads", "pipes", "c1", "c2"]), "name": st.text("路水灯", min_size=1, max_size=3)},
    optional={
        "parent": st.sampled_from(["", "c1", "roads"]),
        "department": st.sampled_from(["", "housing"]),
        "position": st.sampled_from(["0", "7"]),
    },
)
TURNS = st.fixed_dictionaries(
    {
        "station": st.sampled_from(["S001", "S002"]),
        "deputy": st.sampled_from(["D001", "D002", "D003", "D004"]),
        "position": st.sampled_from("123456"),
    }
)
TABLES = st.one_of(
    st.tuples(st.just("deputy"), st.lists(DEPUTIES, min_size=1, max_size=5)),
    st.tuples(st.just("station"), st.lists(STATIONS, min_size=1, max_size=4)),
    st.tuples(st.just("category"), st.lists(CATEGORIES, min_size=1, max_size=4)),
    st.tuples(st.just("roster"), st.lists(TURNS, min_size=1, max_size=6)),
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TABLES, min_size=1, max_size=3))
def test_imports_undone_from_the_newest_back_leave_everything_as_it_was(
    life: Life, tables: Sequence[tuple[str, list[dict[str, Any]]]]
) -> None:
    before, done = everything(), []
    for kind, rows in tables:
        life.clock.advance(minutes=1)
        stood = everything()
        row = look_over(life, kind, *rows)
        assert everything() == stood
        if not row.faults:
            done.append(life.act("administrator", imports.confirm, row.id))
            assert done[-1].done_at is not None, "importing found otherwise than looking over"
    for row in reversed(done):
        life.act("administrator", imports.undo, row.id)
    assert everything() == before
