"""Routing: the right deputy or the office, never nobody; departments with a reason."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liaison.domain.routing import (
    Choice,
    DutyTurn,
    Ground,
    Pass,
    PassedOver,
    Reason,
    Rule,
    Suggestion,
    choose_deputy,
    suggest,
)


def deputy(n: int) -> UUID:
    """Return the id of the n-th deputy."""
    return UUID(int=n)


def turn(n: int, *, on_duty: bool = False, present: bool = True, has_account: bool = True) -> DutyTurn:
    """Return the n-th deputy's turn, at position n."""
    return DutyTurn(deputy(n), n, on_duty, present, has_account)


rosters = st.lists(
    st.builds(
        DutyTurn,
        st.integers(1, 8).map(deputy),
        st.integers(1, 5),
        st.booleans(),
        st.booleans(),
        st.booleans(),
    ),
    max_size=8,
    unique_by=lambda one: one.deputy_id,
)


def able(roster: list[DutyTurn], excluded: set[UUID]) -> set[UUID]:
    """Return who could take a matter."""
    return {one.deputy_id for one in roster if one.present and one.has_account} - excluded


@given(rosters, st.sets(st.integers(1, 8).map(deputy), max_size=3))
def test_only_the_able_are_chosen_and_nobody_only_when_nobody_is(roster, excluded):
    choice = choose_deputy(roster, excluded=excluded)
    if able(roster, excluded):
        assert choice.deputy_id in able(roster, excluded)
    else:
        assert choice.deputy_id is None
        assert choice.reason == (Reason.NOBODY_AVAILABLE if roster else Reason.ROSTER_EMPTY)
        assert {one.deputy_id for one in choice.passed} == {one.deputy_id for one in roster}


@given(rosters)
def test_somebody_able_on_duty_comes_before_all_others(roster):
    on_duty = [one for one in roster if one.on_duty]
    choice = choose_deputy(roster)
    assert (choice.reason == Reason.ON_DUTY) == bool(able(on_duty, set()))
    assert not {one.deputy_id for one in choice.passed} & able(roster, set())


@given(rosters, st.randoms())
def test_the_choice_does_not_depend_on_the_order_of_rows(roster, random):
    shuffled = random.sample(roster, len(roster))
    assert choose_deputy(shuffled) == choose_deputy(roster)


def test_the_one_on_duty_takes_it():
    assert choose_deputy([turn(1), turn(2, on_duty=True), turn(3)]) == Choice(deputy(2), Reason.ON_DUTY)


def test_the_next_in_rotation_stands_in_and_the_facts_say_why():
    roster = [
        turn(1),
        turn(2, has_account=False),
        turn(3, on_duty=True, present=False),
        turn(4, present=False),
    ]
    choice = choose_deputy(roster)
    assert choice.deputy_id == deputy(1) and choice.reason == Reason.NEXT_IN_ROSTER
    assert choice.passed == (Pass(deputy(3), PassedOver.ABSENT), Pass(deputy(4), PassedOver.ABSENT))


def test_a_second_deputy_on_duty_comes_before_the_rest():
    roster = [turn(1), turn(2, on_duty=True, has_account=False), turn(3), turn(4, on_duty=True)]
    passed = (Pass(deputy(2), PassedOver.NO_ACCOUNT),)
    assert choose_deputy(roster) == Choice(deputy(4), Reason.ON_DUTY, passed)


def test_nobody_on_duty_starts_the_roster_at_its_beginning():
    assert choose_deputy([turn(2), turn(1)]) == Choice(deputy(1), Reason.FIRST_IN_ROSTER)


def test_who_passed_it_on_does_not_get_it_back():
    choice = choose_deputy([turn(1, on_duty=True), turn(2)], excluded=[deputy(1)])
    assert choice == Choice(deputy(2), Reason.NEXT_IN_ROSTER, (Pass(deputy(1), PassedOver.EXCLUDED),))


def test_the_office_takes_what_no_deputy_can():
    assert choose_deputy([]) == Choice(None, Reason.ROSTER_EMPTY)
    assert choose_deputy([turn(1, present=False)]).reason == Reason.NOBODY_AVAILABLE


def rule(n: int, department: str, **parts) -> Rule:
    """Return the n-th rule; what is not set matches everything."""
    unset = {"priority": 10, "category": None, "keywords": (), "region_path": None, "reason": f"规则{n}"}
    return Rule(id=UUID(int=n), department_code=department, **{**unset, **parts})


def codes(rules: list[Rule], text: str = "路灯坏了", **facts) -> list[str]:
    """Return the departments suggested, in order."""
    known = {"category": "LIGHT", "category_department": None, "region_path": "42/4205/", **facts}
    return [one.department_code for one in suggest(rules, text=text, **known)]


def test_a_suggestion_carries_its_reason_and_the_words_found():
    found = suggest(
        [rule(1, "CITY", keywords=("路灯", "井盖", "坏"))],
        text="路灯坏了",
        category="LIGHT",
        category_department="ROAD",
        region_path="42/",
    )
    assert found == [
        Suggestion("CITY", 10, "规则1", ("路灯", "坏"), Ground.RULE),
        Suggestion("ROAD", 0, "", (), Ground.CATEGORY),
    ]


@pytest.mark.parametrize(
    ("parts", "matches"),
    [
        ({}, True),
        ({"keywords": ("井盖",)}, False),
        ({"keywords": ("井盖", "路灯")}, True),
        ({"category": "LIGHT"}, True),
        ({"category": "WATER"}, False),
        ({"category": "WATER", "keywords": ("路灯",)}, False),
        ({"region_path": "42/"}, True),
        ({"region_path": "42/4205/"}, True),
        ({"region_path": "42/42"}, False),
        ({"region_path": "42/4205/01/"}, False),
        ({"region_path": ""}, True),
    ],
)
def test_a_rule_holds_when_every_part_that_is_set_does(parts, matches):
    assert codes([rule(1, "CITY", **parts)]) == (["CITY"] if matches else [])


def test_keywords_are_found_in_any_case_and_width():
    assert codes([rule(1, "TELECOM", keywords=("5G基站",))], "小区的５ｇ 基站太近") == ["TELECOM"]


def test_the_greater_priority_comes_first_then_more_words_then_the_older_rule():
    rules = [
        rule(4, "D", keywords=("路灯",)),
        rule(3, "C", keywords=("路灯",)),
        rule(2, "B", keywords=("路灯", "坏")),
        rule(1, "A", priority=20),
    ]
    assert codes(rules) == ["A", "B", "C", "D"]


def test_a_department_appears_once_with_its_best_reason():
    rules = [rule(1, "A", priority=5), rule(2, "B", priority=7), rule(3, "A", priority=9)]
    found = suggest(rules, text="", category=None, category_department="B", region_path="42/")
    assert [(one.department_code, one.reason) for one in found] == [("A", "规则3"), ("B", "规则2")]


@given(st.lists(st.tuples(st.sampled_from("ABCD"), st.integers(0, 5), st.sampled_from(["路灯", "井盖"]))))
def test_suggestions_are_distinct_ordered_and_keep_the_category_last(drawn):
    rules = [rule(n, code, priority=rank, keywords=(word,)) for n, (code, rank, word) in enumerate(drawn)]
    found = suggest(rules, text="路灯坏了", category=None, category_department="Z", region_path="42/")
    assert found[-1].department_code == "Z"
    assert len({one.department_code for one in found}) == len(found)
    assert [one.priority for one in found] == sorted((one.priority for one in found), reverse=True)
