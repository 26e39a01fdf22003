"""Codes of registers: they stand on posters and in addresses, are read out, and never taken twice."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liaison.domain.registers import LONGEST_CODE, STATION_LETTERS, is_code, make_code, make_station_code


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("zjj", True), ("9", True), ("A-b_1", True), ("a" * LONGEST_CODE, True), ("news", True),
        ("", False), ("-a", False), ("_a", False), ("a b", False), ("住建局", False), ("a" * 33, False), ("a\n", False),
        ("new", False), ("NEW", False),
    ],
)  # fmt: skip
def test_a_code_is_plain_short_and_no_address_of_ours(text, fits):
    assert is_code(text) is fits


def test_a_station_is_called_by_six_letters_that_are_not_mistaken():
    made = {make_station_code(()) for _ in range(200)}
    assert len(made) == 200 and all(re.fullmatch(f"[{STATION_LETTERS}]{{6}}", code) for code in made)


def test_no_two_stations_are_called_the_same():
    class Busy:
        """All codes but those that begin with a."""

        def __contains__(self, code: str) -> bool:
            return code[0] != "a"

    assert make_station_code(Busy())[0] == "a"


@pytest.mark.parametrize(
    ("initials", "taken", "code"),
    [
        ("zfhcxjsj", (), "zfhcxjsj"),
        ("Z F-局J 2", (), "zfj2"),
        ("abcdefghijklmnop", (), "abcdefghijkl"),
        ("局", (), "x"),
        ("", {"x"}, "x2"),
        ("NEW", (), "new2"),
        ("zjj", {"zjj", "zjj2", "zjj4"}, "zjj3"),
    ],
)
def test_a_code_is_made_of_initials_with_a_number_when_it_is_taken(initials, taken, code):
    assert make_code(initials, taken) == code


@given(st.text(max_size=20), st.sets(st.sampled_from(["x", "a", "a2", "a3", "x2"])))
def test_what_is_made_is_a_code_and_free(initials, taken):
    made = make_code(initials, taken)
    assert made not in taken and is_code(made)
