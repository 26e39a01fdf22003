"""Outcomes: an answer says what was found and done, a rating is complete; the refusals name every field."""

import csv
import os
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liaison.domain.errors import Invalid
from liaison.domain.outcomes import (
    MAX_PROMISE,
    OUTCOME_SCHEME,
    Needs,
    Outcome,
    Result,
    check_rating,
    guard_reply,
)
from liaison.domain.substance import is_hollow, weight

TODAY = date(2026, 3, 2)
DONE = "经 3 月 1 日现场查看，幸福路口三盏路灯线路老化，已换新电缆和灯头，当晚恢复照明。"
GROUND = "该路段产权属开发商，尚未移交市政管理，今年没有改造资金，待移交后再改造。"
GOOD = {
    "measures": "更换电缆 60 米、灯头三只",
    "owner": "市政科 陈工",
    "promised_on": TODAY + timedelta(days=30),
    "evidence": True,
    "today": TODAY,
}
HOLLOW = [
    "已转交。",
    "您好，路灯一事已转给县住建局去办，感谢您的支持！",
    "已知悉。",
    "该建议很好，我局将留作工作参考。",
    "正在研究，请耐心等待。",
    "已收悉，我单位高度重视，已安排专人跟进，后续将及时反馈处理结果，祝您生活愉快！",
    "我局已将该事项列入议事日程，正在积极研究，争取早日解决。",
    "关于您反映的幸福路口路灯不亮的问题，已责成相关科室认真研究，尽快拿出解决方案。",
    "我们将以此为契机，进一步提高政治站位，强化责任担当，努力把群众的操心事烦心事揪心事解决好。",
    "经研究，您反映的情况属实，我单位已将其纳入工作计划，将按程序推进。",
    "尊敬的王先生：您好！现将有关情况答复如下：您的诉求已派单至城管局处理。2026年3月2日",
    "您的问题不在我局职责之内，建议您拨打 12345 咨询。",
    "您好，该问题已移交有关部门核实、处理、办复，如有进展将第一时间告知。联系电话：0717-6012345",
    "",
    "谢谢！",
]
SAYING = [
    DONE,
    GROUND,
    "已于 2 月 27 日完成清淤，疏通管道 120 米。",
    "该小区管网改造已列入 2027 年老旧小区改造计划，预计 2027 年 6 月开工。",
    "代表到现场核实后，与物业当天清走了二单元楼道里的旧家具。",
    "按照《物业管理条例》，电梯大修可以动用维修资金，需三分之二以上业主同意。",
    "该企业夜间施工未办许可，已立案并罚款两万元，责令每晚十点后停工。",
]


def refusals(text: str, outcome: str, **changes) -> dict[str, list[str]]:
    """Return what the guard finds missing, by field."""
    try:
        guard_reply(text, outcome, **{**GOOD, **changes})
    except Invalid as refusal:
        return refusal.errors
    return {}


@pytest.mark.parametrize("text", HOLLOW)
@pytest.mark.parametrize("by_deputy", [False, True])
def test_an_answer_that_only_passes_on_or_studies_is_refused(text, by_deputy):
    assert list(refusals(text, "A", by_deputy=by_deputy)) == ["text"]


@pytest.mark.parametrize("text", SAYING)
def test_an_answer_that_says_what_was_found_and_done_passes(text):
    assert not is_hollow(text)
    assert refusals(text, "B") == {}
    assert refusals(text, "B", by_deputy=True) == {}


@given(st.lists(st.sampled_from([text for text in HOLLOW if text]), min_size=1, max_size=6))
def test_hollow_sentences_do_not_add_up_to_an_answer(sentences):
    assert is_hollow("。".join(sentences))


@given(
    st.lists(st.sampled_from(HOLLOW), max_size=3), st.sampled_from(SAYING), st.lists(st.sampled_from(HOLLOW))
)
def test_courtesy_does_not_spoil_an_answer(before, said, after):
    assert weight("。".join([*before, said, *after])) >= weight(said) > 0


@given(st.text())
def test_any_text_can_be_weighed(text):
    assert weight(text) >= 0


def test_a_solved_case_needs_a_measure_and_a_trace_of_the_check():
    assert refusals(DONE, "A", evidence=False) == {}
    vague = "经与物业沟通，占道的摊贩和杂物都清走了，道路畅通。"
    assert list(refusals(vague, "A", evidence=False, measures="清走杂物")) == ["files"]
    assert refusals(vague, "A", evidence=True, measures="清走杂物") == {}
    assert refusals(vague, "A", evidence=False, measures="城管中队清走摊贩四家") == {}
    assert refusals(vague, "A", evidence=False, measures="清走堆放杂物并加装护栏隔离") == {}


@pytest.mark.parametrize("measures", ["", "认真研究处理", "已转交", "继续跟进，及时反馈", "协调、督促、落实"])
def test_a_measure_is_more_than_an_intention(measures):
    assert list(refusals(DONE, "A", measures=measures)) == ["measures"]


@pytest.mark.parametrize("measures", ["清运，限高，处罚", "换灯", "已修复", "组织双方沟通并签订协议"])
def test_a_measure_may_be_terse(measures):
    assert refusals(DONE, "A", measures=measures) == {}


@pytest.mark.parametrize(
    ("promised_on", "passes"),
    [
        (None, False),
        (TODAY - timedelta(days=1), False),
        (TODAY, False),
        (TODAY + timedelta(days=1), True),
        (TODAY + MAX_PROMISE, True),
        (TODAY + MAX_PROMISE + timedelta(days=1), False),
    ],
)
def test_a_promise_has_a_date_ahead_and_within_reach(promised_on, passes):
    assert list(refusals(DONE, "B", promised_on=promised_on)) == ([] if passes else ["promised_on"])
    assert refusals(DONE, "A", promised_on=promised_on) == {}


@pytest.mark.parametrize("outcome", ["C", "D"])
def test_what_is_not_done_needs_a_ground(outcome):
    groundless = "我们没有办法给每栋楼前都装上充电桩，希望大家互相体谅轮流使用。"
    assert refusals(GROUND, outcome, measures="", evidence=False, promised_on=None) == {}
    assert list(refusals(groundless, outcome, measures="")) == ["measures"]
    assert refusals(groundless, outcome, measures="变压器容量不足，增容资金未列入今年预算") == {}


@pytest.mark.parametrize("owner", ["", "  ", "王", "相关部门", "有关单位", "我局", "责任科室"])
def test_the_owner_has_a_name(owner):
    assert list(refusals(DONE, "A", owner=owner)) == ["owner"]


@pytest.mark.parametrize("owner", ["陈工", "市政科", "县住建局市政科", "李明 13 号网格"])
def test_a_section_or_a_person_is_an_owner(owner):
    assert refusals(DONE, "A", owner=owner) == {}


def test_everything_missing_is_said_at_once():
    missing = refusals("已转交。", "B", measures="", owner="", promised_on=None)
    assert list(missing) == ["text", "owner", "measures", "promised_on"]
    assert all(sentence.endswith("。") for sentences in missing.values() for sentence in sentences)


@pytest.mark.parametrize("outcome", ["", "E", "a", "AB"])
def test_an_unknown_class_is_refused(outcome):
    assert list(refusals(DONE, outcome)) == ["outcome"]
    assert list(refusals(DONE, outcome, by_deputy=True)) == ["outcome"]


def test_a_short_answer_is_refused_even_when_it_says_something():
    assert list(refusals("路灯修好，恢复照明。", "A")) == ["text"]


def test_a_deputy_answers_with_text_and_class_alone():
    bare = {"measures": "", "owner": "", "promised_on": None, "evidence": False}
    for outcome in Outcome:
        assert refusals(DONE, outcome, by_deputy=True, **bare) == {}


def test_a_region_may_set_its_own_scheme():
    local = {Outcome.A: Needs(), Outcome.B: OUTCOME_SCHEME[Outcome.B]}
    assert refusals(DONE, "A", measures="", evidence=False, scheme=local) == {}
    assert list(refusals(DONE, "C", scheme=local)) == ["outcome"]


@given(st.sampled_from(list(Result)), st.integers(), st.integers(), st.text() | st.none())
def test_a_rating_is_complete_or_says_what_is_missing(result, attitude, speed, text):
    wrong = {field for field, grade in (("attitude", attitude), ("speed", speed)) if not 1 <= grade <= 5}
    if result == Result.DISSATISFIED and not (text or "").strip():
        wrong.add("text")
    try:
        check_rating(result, attitude, speed, text)
    except Invalid as refusal:
        assert set(refusal.errors) == wrong
    else:
        assert not wrong


@pytest.mark.parametrize("grade", [0, 6, True, None, "5", 3.0])
def test_a_grade_is_a_whole_number_from_one_to_five(grade):
    with pytest.raises(Invalid) as caught:
        check_rating("ok", grade, 5, None)
    assert set(caught.value.errors) == {"result", "attitude"}


def test_real_answers_that_only_hand_on_are_found_and_long_ones_pass():
    file = Path(os.environ.get("LIAISON_DATA", "../shared/data")) / "replies.csv"
    if not file.is_file():
        reason = f"no real replies at {file}: set LIAISON_DATA to the folder that has replies.csv"
        print(reason)
        pytest.skip(reason)
    with file.open(encoding="utf-8-sig", newline="") as rows:
        replies = [(row["reply"], row["forward_only_guess"] == "1") for row in csv.DictReader(rows)]
    handed_on = [is_hollow(text) for text, guess in replies if guess]
    long_ones = [is_hollow(text) for text, guess in replies if not guess and len(text) > 140]
    print(
        f"found {sum(handed_on)} of {len(handed_on)}; refused {sum(long_ones)} of {len(long_ones)} long ones"
    )
    assert sum(handed_on) >= 0.95 * len(handed_on)
    assert sum(long_ones) <= 0.005 * len(long_ones)


def test_as_few_characters_as_are_asked_for_are_enough_and_blanks_are_none():
    words = "已换新电缆和灯头三只恢复照明"
    assert refusals(words, "A", shortest=len(words)) == refusals(f" {words[:5]} {words[5:]}", "A", shortest=1) == {}
    [sentence] = refusals(f"{words[:5]}  {words[5:]}", "A", shortest=len(words) + 1)["text"]
    assert f"至少 {len(words) + 1} 个字" in sentence


def test_how_far_a_promise_may_reach_is_told():
    far = TODAY + MAX_PROMISE + timedelta(days=1)
    assert "不能超过两年；" in refusals(DONE, "B", promised_on=far)["promised_on"][0]
    season = refusals(DONE, "B", promised_on=far, longest_promise=timedelta(days=90))
    assert "不能超过 90 天；" in season["promised_on"][0]


def test_the_classes_there_are_and_the_ground_that_is_missing_are_told():
    assert refusals(DONE, "E")["outcome"] == [f"请选择办理结果类别：{'、'.join(OUTCOME_SCHEME)}。"]
    groundless = "我们没有办法给每栋楼前都装上充电桩，希望大家互相体谅轮流使用。"
    assert "依据" in refusals(groundless, "D", measures="")["measures"][0]


@pytest.mark.parametrize("owner", ["陈 工", "陈　工"])
def test_blanks_within_a_name_do_not_make_it_longer(owner):
    assert refusals(DONE, "A", owner=owner) == {}
    assert list(refusals(DONE, "A", owner="相关 部门")) == ["owner"] == list(refusals(DONE, "A", owner=" 王 "))


@pytest.mark.parametrize(("text", "hollow"), [("路面坑洼已铺平", True), ("路面坑洼全部铺平", False)])
def test_eight_characters_of_its_own_are_an_answer(text, hollow):
    assert (weight(text) < 8) is hollow is is_hollow(text)


def test_blanks_and_signs_within_a_clause_weigh_nothing():
    assert weight("路 面 铺 平") == weight("路面“铺”平") == weight("路面铺平") == 4 and weight("铺平路") == 3
