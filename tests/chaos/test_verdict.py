"""What the counting promises: an effect repeated for no reason is seen, one with a reason is not held against us."""

import json
from pathlib import Path

import pytest

from chaos.injection import Happened
from chaos.verdict import judge_naive
from chaos.work import Ledger


def call(at: float, *, mood: str = "well", taken: bool = True, key: str = "a") -> dict:
    """A line of the provider's log."""
    return {"at": at, "arm": "naive", "id": key, "taken": taken, "mood": mood}


def log_of(folder: Path, *calls: dict) -> Path:
    """The provider's log with these calls."""
    log = folder / "provider.log"
    log.write_text("".join(json.dumps(each) + "\n" for each in calls))
    return log


def killed(at: float) -> Happened:
    """A worker killed at that moment."""
    return Happened("kill worker notices", at, at, found=True)


@pytest.mark.parametrize(
    ("first", "faults", "repeated"),
    [
        (call(100), [], 1),
        (call(100), [killed(101)], 0),
        (call(100), [killed(90)], 1),
        (call(100), [killed(120)], 1),
        (call(100), [Happened("kill redis", 101, 101, found=True)], 1),
        (call(100, mood="drops"), [], 0),
        (call(100, mood="silent"), [], 0),
        (call(100, taken=False), [], 0),
    ],
)
def test_an_effect_repeated_without_a_reason_counts(
    tmp_path: Path, first: dict, faults: list[Happened], repeated: int
) -> None:
    log = log_of(tmp_path, first, call(130))
    assert judge_naive(Ledger(naive={"a": 99}), set(), log, faults).repeated_effects == repeated


def test_what_nobody_remembers_is_lost_and_the_rest_is_late(tmp_path: Path) -> None:
    log = log_of(tmp_path, call(110), call(90, key="b"), call(95, taken=False, key="c"))
    promised = Ledger(naive={"a": 80, "b": 85, "c": 90, "d": 90})
    verdict = judge_naive(promised, {"c"}, log, [killed(100)])
    assert (verdict.acknowledged, verdict.lost, verdict.undelivered) == (4, 1, 1)
    assert verdict.late_max_s == 10, "counted from the end of the last fault, not from when it was due"
