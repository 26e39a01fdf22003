"""Refusals: each has words a person can read, its own or those of the place that refuses."""

import pytest

from liaison.domain.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound, Unavailable, WrongState


@pytest.mark.parametrize("kind", [DomainError, NotFound, NotAllowed, WrongState, Conflict, Unavailable])
def test_a_refusal_says_its_own_words_unless_it_is_given_others(kind):
    assert kind().detail == str(kind()) == kind.detail and kind.detail.endswith("。")
    assert kind("请稍候。").detail == str(kind("请稍候。")) == "请稍候。"
    assert kind.detail != "请稍候。"


def test_a_wrong_state_says_which_it_is_and_whom_it_waits_for():
    refusal = WrongState(state="replied", waiting_for="deputy")
    assert (refusal.state, refusal.waiting_for, refusal.detail) == ("replied", "deputy", WrongState.detail)
    assert (WrongState().state, WrongState("请稍候。").detail) == ("", "请稍候。")


def test_invalid_fields_have_lists_of_sentences_and_may_have_words_above_them():
    refusal = Invalid({"text": ("太短。", "太空。")}, "表格里有错误。")
    assert (refusal.errors, refusal.detail) == ({"text": ["太短。", "太空。"]}, "表格里有错误。")
    assert Invalid({}).detail == Invalid.detail
