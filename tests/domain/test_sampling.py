"""A lot that anybody can draw again, and how many it draws."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liaison.domain.sampling import draw, size_of

NUMBERS = st.sets(st.text("0123456789", min_size=1, max_size=6), max_size=30)


@given(NUMBERS, st.text(max_size=8), st.integers(1, 100))
def test_the_same_seed_draws_the_same_in_any_order(numbers: set[str], seed: str, percent: int) -> None:
    size = size_of(len(numbers), percent, percent=True)
    drawn = draw(sorted(numbers), seed, size)
    assert drawn == draw(sorted(numbers, reverse=True), seed, size)
    assert len(set(drawn)) == size <= len(numbers) and set(drawn) <= numbers
    assert size_of(len(numbers), 500, percent=False) == len(numbers)


def test_another_seed_draws_others() -> None:
    numbers = [str(number) for number in range(200)]
    assert draw(numbers, "a", 20) != draw(numbers, "b", 20)


@pytest.mark.parametrize(
    ("population", "amount", "percent", "size"),
    [(99, 10, True, 10), (201, 10, True, 21), (1, 1, True, 1), (0, 9, True, 0), (9, 8, False, 8), (9, 10, False, 9)],
)
def test_a_share_is_rounded_up_and_never_more_than_there_are(population, amount, percent, size):
    assert size_of(population, amount, percent=percent) == size


def test_a_lot_is_drawn_again_with_nothing_but_sha256():
    def rank(number: str) -> str:
        return hashlib.sha256(b"2026-03-02 " + number.encode()).hexdigest()

    numbers = [f"M2026-{number:06}" for number in range(50)]
    assert draw([*numbers, *numbers], "2026-03-02", 5) == sorted(numbers, key=rank)[:5]
