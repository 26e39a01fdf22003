"""What tells who somebody is is found, covered, and nothing else is changed."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liaison.domain.redaction import find_personal, marked, redact, tells_of

FOUND = {
    "我叫王小明，电话13812345678，住3栋2单元501室。": ["name", "phone", "home"],
    "联系人：李四，身份证320102199003071234": ["name", "identity"],
    "苏A12345 这辆车天天堵门": ["plate"],
    "张女士反映，住12号楼302，座机 025-83211234": ["name", "home", "phone"],
    "家在5-2-301，邮箱 wang@example.com": ["home", "email"],
    "本人赵铁柱，家住幸福小区六栋三单元": ["name", "home"],
}
KEPT = [
    "北街的路灯坏了三盏，请尽快修好。",
    "我是一名老党员，希望政府重视。",
    "三单位联合办公，二楼大厅排队太久，房子漏水，户口办不了。",
    "2026年11月27日已更换，市政科王科长负责。",
]
PERSON = st.sampled_from(["王小明", "李四", "13812345678", "苏A12345", "3栋2单元501室", "张女士", "320102199003071234"])
WORDS = st.text("路灯坏了我叫住先生电话：，。 栋单元室0123456789-A王张某*", max_size=12)
TEXTS = st.lists(st.one_of(PERSON, WORDS), max_size=8).map("".join)


@pytest.mark.parametrize("text", FOUND)
def test_what_tells_who_it_is_is_found(text: str) -> None:
    assert [mark.kind for mark in find_personal(text)] == FOUND[text]


@pytest.mark.parametrize("text", KEPT)
def test_what_tells_nothing_is_kept(text: str) -> None:
    assert redact(text) == text


@given(TEXTS)
def test_nothing_is_found_in_what_was_redacted(text: str) -> None:
    assert find_personal(redact(text)) == []
    assert redact(redact(text)) == redact(text)


@given(TEXTS)
def test_pieces_make_up_the_text_and_marks_do_not_overlap(text: str) -> None:
    assert "".join(words for words, _ in marked(text)) == text
    found = find_personal(text)
    assert all(before.end <= after.start for before, after in pairwise(found))
    if not found:
        assert redact(text) == text


def test_no_number_survives() -> None:
    shown = redact("我叫王小明，电话１３８ １２３４ ５６７８，车牌苏A12345，住3栋2单元501室。")
    assert not [each for each in ("王小明", "5678", "５６７８", "12345", "501") if each in shown]


def test_a_known_name_is_told_of_with_gaps_and_a_single_character_is_not() -> None:
    assert tells_of("是王 小 明说的", ["王小明"]) and tells_of("138-1234-5678", ["13812345678"])
    assert not tells_of("路灯坏了", ["王小明"]) and not tells_of("王", ["王"])


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("我叫王小明，电话13812345678，住3栋2单元501室。", "我叫某某，电话1**********，住***。"),
        ("张女士的车苏A12345，邮箱 wang@example.com", "某女士的车苏*****，邮箱 ***@***"),
        ("李四先生", "某先生"),
        ("13812345678", "1**********"),
    ],
)
def test_what_is_covered_is_told_by_what_stands_there_instead(told: str, shown: str) -> None:
    assert redact(told) == shown


def test_pieces_tell_what_each_is_and_what_is_left_open() -> None:
    told = [("我叫", ""), ("王小明", "name"), ("，住", ""), ("501室", "home"), ("。", "")]
    assert marked("我叫王小明，住501室。") == told
    assert marked("王小明") == [("王小明", "")] and marked("501室") == [("501室", "home")] and marked("") == []


def test_two_that_touch_are_both_found() -> None:
    assert [mark.kind for mark in find_personal("501室13812345678")] == ["home", "phone"]
    assert [mark.kind for mark in find_personal("13812345678张女士")] == ["phone", "name"]
