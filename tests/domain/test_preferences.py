"""Numbers a county sets: whole ones within their bounds, which default and law keep apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liaison.domain.errors import Invalid
from liaison.domain.preferences import CATALOGUE, GROUPS


@given(st.sampled_from(sorted(CATALOGUE)), st.integers(-5, 100_000).map(str) | st.text(max_size=6))
def test_only_whole_numbers_within_the_bounds_are_taken(key, typed):
    each = CATALOGUE[key]
    assert each.read(str(each.default)) == each.default
    try:
        assert each.lowest <= each.read(typed) <= each.highest
        assert typed.strip().isdecimal()
    except Invalid as refused:
        assert key in refused.errors
        assert typed.strip() not in [str(value) for value in range(each.lowest, each.highest + 1)]


@pytest.mark.parametrize("key", sorted(CATALOGUE))
def test_the_bounds_themselves_are_taken_and_the_next_is_refused_with_both_named(key):
    each = CATALOGUE[key]
    assert (each.read(f" {each.lowest} "), each.read(str(each.highest))) == (each.lowest, each.highest)
    for typed in (str(each.lowest - 1), str(each.highest + 1), f"{each.lowest:06}", "", "-1", "1.5", "七"):
        with pytest.raises(Invalid) as refused:
            each.read(typed)
        [sentence] = refused.value.errors[key]
        assert f"{each.lowest} 到 {each.highest}" in sentence


def test_full_width_digits_are_digits():
    assert CATALOGUE["answer_shortest"].read("２０") == 20


def test_groups_stand_in_the_order_of_the_page():
    assert GROUPS == ("answers", "handling", "safety", "figures")
