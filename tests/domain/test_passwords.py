"""A password that is easy to guess is refused, and each refusal says which rule it breaks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liaison.domain.passwords import COMMON, LONGEST, faults

GOOD = "三月里的小雨 filed 42 kites"


def broken(password: str, username: str = "limin", shortest: int = 10) -> list[str]:
    """The sentences for the rules it breaks."""
    return faults(password, username=username, shortest=shortest)


@pytest.mark.parametrize(
    "password", [GOOD, "correct horse battery", "Tx9-wendeng-kaole", "中文密码也可以用的呀一", "x7!mQ2#vLp"]
)
def test_what_is_long_and_unusual_will_do(password: str) -> None:
    assert broken(password) == []


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("short#9x", "至少要 10 位，这个只有 8 位"),
        (GOOD * 8, f"不能超过 {LONGEST} 位"),
        ("my-LIMIN-2026x", "不能包含用户名"),
        ("woaini1314", "太常见"),
        ("Aa123456789", "太常见"),
        ("1qaz2wsx3edc!!", "太常见"),
        ("Renda123@2026", "太常见"),
        ("1234567890", "太常见"),
        ("qwertyuiop", "太常见"),
        ("9876543210!", "太常见"),
        ("aaaaaaaaaaaa", "不同的字符太少"),
        ("abababababab", "不同的字符太少"),
    ],
)
def test_what_is_easy_to_guess_is_refused_by_the_rule_it_breaks(password: str, said: str) -> None:
    (sentence,) = broken(password)
    assert said in sentence


def test_every_broken_rule_is_named_at_once() -> None:
    assert len(broken("admin", "admin")) == 3


@given(st.text(min_size=1, max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_no_password_holds_the_username(username: str, before: str, after: str) -> None:
    sentences = broken(before + username.upper() + after, username.upper())
    assert any("用户名" in sentence for sentence in sentences)


@given(st.sampled_from(sorted(COMMON)), st.sampled_from(["", "!", "@@", "2025", "1998!", "。"]), st.booleans())
def test_a_common_one_stays_common_in_capitals_and_with_a_tail(password: str, tail: str, capitals: bool) -> None:
    typed = (password.upper() if capitals else password) + tail
    assert any("太常见" in sentence for sentence in broken(typed, shortest=1))


@given(st.text(max_size=9))
def test_nothing_shorter_than_the_rule_passes(password: str) -> None:
    assert broken(password, "")


def test_the_longest_that_is_taken_and_the_fewest_characters() -> None:
    longest = (GOOD * 8)[:LONGEST]
    assert broken(longest) == [] and len(broken(longest + "x")) == 1
    assert broken("abcd" * 4) == [] and len(broken("abca" * 4)) == 1
    assert broken("x7!mQ2#vLp", shortest=10) == [] and len(broken("x7!mQ2#vLp", shortest=11)) == 1
