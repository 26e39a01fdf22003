"""No hidden count can be recomputed from what is shown: neither by the sums, nor because counts are whole."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from liaison.domain.suppression import K, derivable, hidden

Counts = dict[tuple[int, int], int]
Sums = list[tuple[tuple[int, int], list[tuple[int, int]]]]
TOTAL = -1


def table(rows: list[list[int]]) -> tuple[Counts, Sums]:
    """Counts with the totals of rows, of columns and of all, and the sums they make."""
    wide, high = range(len(rows[0])), range(len(rows))
    counts = {(r, c): rows[r][c] for r, c in product(high, wide)}
    counts |= {(r, TOTAL): sum(rows[r]) for r in high} | {(TOTAL, c): sum(row[c] for row in rows) for c in wide}
    counts[TOTAL, TOTAL] = sum(map(sum, rows))
    sums: Sums = [((r, TOTAL), [(r, c) for c in wide]) for r in (*high, TOTAL)]
    sums += [((TOTAL, c), [(r, c) for r in high]) for c in (*wide, TOTAL)]
    return counts, sums


tables = st.integers(1, 4).flatmap(
    lambda wide: st.lists(
        st.lists(st.one_of(st.integers(0, 6), st.integers(0, 60)), min_size=wide, max_size=wide), min_size=1, max_size=5
    )
)


def other_solution(counts: Counts, sums: Sums, hide: set[tuple[int, int]], cell: tuple[int, int]) -> bool:
    """Whether other whole counts, none negative, fit all that is shown and differ in the cell, by closed walks.

    Hidden counts are raised and lowered by one along the sums until every sum holds again. Each cell is in two sums at
    most, so a walk from the cell back to where it began changes nothing that is shown.
    """
    return any(_closes(counts, sums, hide, {cell: start}) for start in (1, -1))


def _closes(counts: Counts, sums: Sums, hide: set, change: dict) -> bool:
    """Whether a search, depth first, finds a change that keeps every sum."""
    stack, seen = [change], 0
    while stack and seen < 20_000:
        seen += 1
        change = stack.pop()
        off = next(((t, p, d) for t, p in sums if (d := _gap(t, p, change))), None)
        if off is None:
            return True
        total, parts, gap = off
        for each in (total, *parts):
            step = (1 if gap > 0 else -1) if each == total else (-1 if gap > 0 else 1)
            if each in hide and each not in change and counts[each] + step >= 0:
                stack.append(change | {each: step})
    return False


def _gap(total: tuple, parts: list, change: dict) -> int:
    return sum(change.get(each, 0) for each in parts) - change.get(total, 0)


@given(tables)
@settings(max_examples=300, deadline=None)
def test_no_hidden_count_can_be_recomputed(rows: list[list[int]]) -> None:
    counts, sums = table(rows)
    hide = hidden(counts, sums)
    assert {cell for cell, count in counts.items() if 0 < count < K} <= hide
    assert not [cell for cell in hide if not counts[cell]]
    assert derivable(hide, sums) == set()
    assert [cell for cell in sorted(hide) if not other_solution(counts, sums, hide, cell)] == []


def test_a_single_small_count_takes_others_with_it() -> None:
    counts, sums = table([[20, 3, 30], [40, 50, 60], [70, 80, 90]])
    hide = hidden(counts, sums)
    assert (0, 1) in hide and len(hide) == 4  # its row, its column, and the corner that ties the two
    assert derivable({(0, 1)}, sums) == {(0, 1)}
    assert derivable({(0, 1), (0, 0)}, sums) == {(0, 1), (0, 0)}


def test_two_pairs_joined_by_one_count_do_not_hide_it() -> None:
    _, sums = table([[9] * 5 for _ in range(4)])
    square = {(0, 0), (0, 1), (1, 0), (1, 1)} | {(2, 2), (2, 3), (3, 2), (3, 3)}
    assert derivable(square, sums) == set()
    assert derivable(square | {(1, 2)}, sums) == {(1, 2)}  # every row and column has two, and yet it follows


def test_large_tables_hide_nothing_and_zeros_are_shown() -> None:
    counts, sums = table([[10, 0], [12, 30]])
    assert hidden(counts, sums) == set()


def test_a_table_of_small_counts_is_hidden_to_its_total() -> None:
    counts, sums = table([[1, 0], [2, 1]])
    assert hidden(counts, sums) == {cell for cell, count in counts.items() if count}


def test_five_are_shown_and_four_are_not() -> None:
    counts, sums = table([[5, 9], [8, 7]])
    assert hidden(counts, sums) == set()
    assert (0, 0) in hidden(*table([[4, 9], [8, 7]]))
    assert hidden(counts, sums, k=6) >= {(0, 0)}


def test_the_smallest_other_count_of_a_sum_is_hidden_with_a_lonely_one() -> None:
    assert hidden({"a": 3, "b": 30, "c": 20, "t": 53}, [("t", ["a", "b", "c"])]) == {"a", "c"}
    assert hidden({"a": 3, "b": 20, "c": 20, "d": 0, "t": 43}, [("t", ["d", "a", "c", "b"])]) == {"a", "b"}


def test_one_that_ties_two_lonely_ones_is_taken_before_smaller_ones() -> None:
    counts, sums = table([[3, 50, 6], [60, 3, 6], [7, 7, 70]])
    assert hidden(counts, sums) == {(0, 0), (1, 1), (0, 1), (1, 0)}


def test_where_every_sum_hides_two_and_one_follows_all_the_same_more_is_hidden_near_it() -> None:
    rows = [[9] * 5 for _ in range(4)]
    small = {(0, 0), (0, 1), (1, 0), (1, 1), (2, 2), (2, 3), (3, 2), (3, 3), (1, 2)}
    for r, c in small:
        rows[r][c] = 1
    rows[0][4] = 6  # the smallest of all, but in no sum of the one that follows
    counts, sums = table(rows)
    hide = hidden(counts, sums)
    assert derivable(small, sums) == {(1, 2)} and derivable(hide, sums) == set()
    assert small < hide and (0, 4) not in hide
    assert all(r == 1 or c == 2 or TOTAL in (r, c) or (r, c) in small or len(hide) > len(small) + 1 for r, c in hide)


def test_sums_that_overlap_are_solved_as_a_person_would_solve_them() -> None:
    three = [("x", ["a", "b"]), ("y", ["b", "c"]), ("z", ["a", "c"])]
    assert derivable({"a", "b", "c"}, three) == {"a", "b", "c"}  # a = (x - y + z) / 2
    assert derivable({"a", "b", "c", "z"}, three) == set()
    ring = [("t", ["a", "b"]), ("s", ["a", "c"]), ("s", ["t", "d"])]
    assert derivable({"a", "t", "s"}, ring) == set()  # a - t, a - s, t - s: the third says nothing new
