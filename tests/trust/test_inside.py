"""The rows that attack from within, in short; and that each can fail."""

import pytest

from liaison.services.tables_out import Sheet, as_csv
from trust import inside
from trust.stage import Stage


@pytest.mark.parametrize(
    ("row", "count", "least"),
    [
        (inside.wall, 3, 200),
        (inside.four_eyes, 100, 40),
        (inside.rotation, 60, 30),
        (inside.erasure, 2, 2),
        (inside.exports, 200, 200),
    ],
)
def test_attacks_from_within_are_withstood(stage: Stage, row, count: int, least: int) -> None:
    tally = row(stage, count)
    assert tally.failures == []
    assert tally.tried >= least


def test_a_cell_that_begins_like_a_formula_is_seen() -> None:
    plain = as_csv([Sheet("表", ["项目"], [["正常"]])], "谁")
    assert list(inside._beginnings(plain)) == []
    assert list(inside._beginnings(plain.replace("正常".encode(), b"=1+1"))) == ["a cell begins with '='"]
