"""Likeness of matters: the same words count, the same place counts more, another place counts against."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liaison.domain.likeness import SURE, THRESHOLD, Likeness, Told, likeness, pieces, places, telling

HOLE = "北街菜市场门口的路面塌了一个大坑，骑车的老人摔倒了，请尽快修补。"
AGAIN = "菜市场门口路面有个大坑，昨天又有老人骑车摔倒，希望修补路面。"
ELSEWHERE = "南桥小区门口的路面塌了一个大坑，请尽快修补。"
OTHER = "公交车十八路晚上收车太早，学生下晚自习坐不上车。"
texts = st.text(st.sampled_from("北街菜市场南桥小区路灯坏了大坑ABａ1。 "), max_size=24)
told = st.builds(Told, texts, st.none() | st.integers(1, 2), st.none() | st.integers(1, 2))


def test_the_same_event_is_alike_another_place_less_and_another_matter_not():
    hole, again, elsewhere, other = map(Told, (HOLE, AGAIN, ELSEWHERE, OTHER))
    assert likeness(hole, hole).score == 1 and likeness(hole, again).score >= SURE
    assert likeness(hole, other).score < THRESHOLD
    away = likeness(hole, elsewhere)
    assert away.elsewhere and away.score < likeness(Told(HOLE.replace("北街菜市场", "")), elsewhere).score


@given(told, told)
def test_likeness_is_the_same_from_both_sides_and_a_share_of_one(one, other):
    found = likeness(one, other)
    assert found == likeness(other, one) and 0 <= found.score <= 1
    assert not (found.elsewhere and "place" in found.same)
    assert ("station" in found.same) <= (one.station == other.station is not None)


def test_without_a_telling_word_nothing_is_alike():
    hole = Told(HOLE, 1, 1)
    for empty in (Told("", 1, 1), Told("请尽快，解决。", 1, 1), Told("。！", 1, 1)):
        assert likeness(empty, hole) == likeness(hole, empty) == Likeness(0.0, ())


def test_the_score_is_the_share_of_pairs_the_two_have_in_common():
    assert likeness(Told("甲乙丙丁戊"), Told("乙丙丁己辛壬癸子丑寅")).score == pytest.approx(2 / 6)  # of 4 and 9 pairs


@pytest.mark.parametrize(
    ("one", "other", "times", "same"),
    [
        (Told("甲乙丙丁", 1, 2), Told("甲乙戊己", 1, 3), 1.1, ("station",)),
        (Told("甲乙丙丁", 1, 2), Told("甲乙戊己", 3, 2), 1.05, ("category",)),
        (Told("甲乙丙丁", 1, 2), Told("甲乙戊己", 1, 2), 1.1 * 1.05, ("station", "category")),
        (Told("甲乙丙丁", 1, 2), Told("甲乙戊己", 2, 1), 1, ()),
        (Told("甲乙丙丁"), Told("甲乙戊己"), 1, ()),
    ],
)
def test_the_same_station_and_the_same_category_make_it_likelier(one, other, times, same):
    found = likeness(one, other)
    assert found == Likeness(pytest.approx(times / 3), same)


@pytest.mark.parametrize(
    ("one", "other", "times", "elsewhere"),
    [
        ("甲乙，松江路", "甲乙，松江路", 1.3, False),
        ("甲乙，松江路", "甲乙，城东松江路", 1.3, False),
        ("甲乙丙丁戊己，松江路", "辛壬癸子丑寅，松江路", 1.3, False),
        ("甲乙，松江路", "甲乙，石桥村", 0.6, True),
        ("甲乙，松江路", "甲乙，松江的", 1, False),
    ],
)
def test_the_same_place_counts_more_and_another_less(one, other, times, elsewhere):
    found = likeness(Told(one), Told(other))
    plain = len(telling(one) & telling(other)) / (len(telling(one)) * len(telling(other))) ** 0.5
    assert found.score == pytest.approx(min(1, plain * times)) and found.elsewhere is elsewhere
    assert found.same == (("place",) if times == 1.3 else ())


def test_streets_villages_and_estates_are_places_and_full_width_signs_do_not_hide_them():
    assert places("北街菜市场门口，松江路与石桥村的翠湖花园３号") >= {"松江路", "石桥村", "翠湖花园"}
    assert places("路面塌了") == frozenset()


def test_what_stands_in_every_complaint_tells_nothing():
    assert telling("希望有关部门尽快解决路灯") == {"望有", "门尽", "快解", "决路", "路灯"}


def test_what_is_alike_is_marked_and_the_text_stays_whole():
    cut = pieces(AGAIN, telling(HOLE))
    assert "".join(words for words, _ in cut) == AGAIN
    shared = [words for words, marked in cut if marked]
    assert "菜市场门口路面" in shared and "昨天又有" not in "".join(shared)


@pytest.mark.parametrize(
    ("text", "words", "cut"),
    [
        ("", {"甲乙"}, []),
        ("甲", {"甲乙"}, [("甲", False)]),
        ("甲乙", {"甲乙"}, [("甲乙", True)]),
        ("丙甲乙", {"甲乙"}, [("丙", False), ("甲乙", True)]),
        ("甲乙丙", {"甲乙", "乙丙"}, [("甲乙丙", True)]),
        ("甲乙丙甲乙", {"甲乙"}, [("甲乙", True), ("丙", False), ("甲乙", True)]),
        ("ＡＢ路", {"ab"}, [("ＡＢ", True), ("路", False)]),
    ],
)
def test_a_run_is_marked_from_its_first_sign_to_its_last(text, words, cut):
    assert pieces(text, words) == cut


@given(texts, st.sets(st.sampled_from(["路灯", "大坑", "ab", "小区"])))
def test_pieces_joined_are_the_text(text, words):
    cut = pieces(text, words)
    assert "".join(part for part, _ in cut) == text and all(part for part, _ in cut)
