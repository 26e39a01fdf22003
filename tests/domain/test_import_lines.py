"""What an uploaded table would change: row by row, what goes away, and rows that name the same thing twice."""

from liaison.domain.import_lines import Fault, Found, Line, compare, naming, repeated

WATER, ROADS = ("water",), ("roads",)


def test_a_row_that_names_what_one_above_names_is_told_with_that_ones_number():
    lines = [
        Line(2, {"code": "a", "name": "甲"}),
        Line(3, {"code": "b"}),
        Line(4, {"code": "a"}),
        Line(5, {"code": "a"}),
    ]
    assert repeated(lines, ("code",)) == [Fault(line, "code", "与第 2 行重复，请只保留一行。") for line in (4, 5)]


def test_rows_are_the_same_by_all_parts_of_their_key_and_rows_without_a_name_are_new():
    lines = [Line(number, {"station": "s", "day": day}) for number, day in ((2, 1), (3, 2), (4, "1"))]
    assert [(fault.line, fault.field) for fault in repeated(lines, ("station", "day"))] == [(4, "day")]
    assert repeated([Line(2, {"code": ""}), Line(3, {"code": ""}), Line(4, {}), Line(5, {})], ("code",)) == []


def test_new_changed_same_and_gone_rows_are_told_apart():
    new, old, roads = ("new",), ("old",), {"name": "路政局"}
    before = {WATER: {"name": "水务局", "head": "甲", "phone": None}, ROADS: roads, old: {"name": ""}}
    after = {WATER: {"name": "水务局", "head": "乙", "phone": None}, ROADS: roads, new: {"name": "新局", "head": ""}}
    lines = [Line(number, {"code": code}) for number, code in enumerate(["new", "water", "roads", "wrong"], start=2)]
    changes, counts = compare(lines, {2: new, 3: WATER, 4: ROADS}, before, after)
    assert changes == [
        {"line": 2, "what": "new", "cells": {"name": [None, "新局"]}, "name": ["新局"]},
        {"line": 3, "what": "changed", "cells": {"head": ["甲", "乙"]}, "name": ["水务局"]},
        {"line": 0, "what": "gone", "cells": {}, "name": ["old"]},
    ]
    assert counts == {"new": 1, "changed": 1, "gone": 1, "same": 1}


def test_every_row_counts_and_what_goes_is_told_in_order():
    before = {("b",): {}, ("a",): {"name": "甲"}, WATER: {"x": 1}}
    changes, counts = compare(
        [Line(2, {}), Line(3, {}), Line(4, {})], {3: WATER, 4: WATER}, before, {WATER: {"x": 1}}
    )
    assert [change["name"] for change in changes] == [["甲"], ["b"]]
    assert counts == {"new": 0, "changed": 0, "gone": 2, "same": 2}


def test_a_code_made_at_random_is_no_change_but_one_that_was_written_is():
    after = {("x7",): {"code": "x7", "name": "城东站"}}
    keys = {2: ("x7",)}
    [change], _ = compare([Line(2, {"code": ""})], keys, {}, after)
    assert change["cells"] == {"name": [None, "城东站"]}
    for values in ({"code": "x7"}, {}):
        [change], _ = compare([Line(2, values)], keys, {}, after)
        assert change["cells"] == {"code": [None, "x7"], "name": [None, "城东站"]}


def test_a_row_for_what_is_not_there_any_more_changes_nothing():
    changes, counts = compare([Line(2, {"code": ""})], {2: ("x7",)}, {("x7",): {"name": ""}}, {})
    assert [(change["what"], change["name"]) for change in changes] == [("gone", ["x7"])]
    assert counts == {"new": 0, "changed": 0, "gone": 1, "same": 1}
    [change], _ = compare([Line(2, {})], {2: ("s1", "d2")}, {}, {("s1", "d2"): {"order": 1}})
    assert change["name"] == ["s1", "d2"]


def test_a_row_is_called_by_its_name_or_by_what_it_ties_together():
    assert naming({"name": "水务局"}, WATER) == ["水务局"]
    assert naming({"name": ""}, ("s1", "d2")) == naming({}, ("s1", "d2")) == ["s1", "d2"]


def test_faults_are_kept_as_lists():
    assert Found([], [Fault(3, "code", "重复")], {}).told_faults == [[3, "code", "重复"]]
