"""What the counting promises: an effect repeated for no reason is seen, one with a reason is not held against us."""

import json
from pathlib import Path

import pytest

from chaos.injection import Happened
from chaos.repeats import UNEXPLAINED, causes
from chaos.schedule import clock_offset
from chaos.verdict import judge_naive
from chaos.work import Ledger


def call(at: float, *, mood: str = "well", taken: bool = True, key: str = "a", waits: float = 0) -> dict:
    """A line of the provider's log."""
    return {"at": at, "until": at + waits, "arm": "naive", "id": key, "taken": taken, "mood": mood}


def log_of(folder: Path, *calls: dict) -> Path:
    """The provider's log with these calls."""
    log = folder / "provider.log"
    log.write_text("".join(json.dumps(each) + "\n" for each in calls))
    return log


def killed(at: float, kind: str = "kill worker notices", *, found: bool = True) -> Happened:
    """A part killed at that moment."""
    return Happened(kind, at, at, found)


@pytest.mark.parametrize(
    ("first", "faults", "repeated"),
    [
        (call(100), [], 1),
        (call(100), [killed(101)], 0),
        (call(100), [killed(101, found=False)], 1),
        (call(100), [killed(98.5)], 1),
        (call(100), [killed(104)], 1),
        (call(100, waits=2), [killed(104)], 0),
        (call(100), [Happened("stop worker notices", 90, 101, found=True)], 0),
        (call(100), [killed(101, "kill postgres")], 0),
        (call(100), [killed(101, "kill redis")], 1),
        (call(100), [killed(101, "kill worker ticks")], 1),
        (call(100), [killed(101, "clock jump")], 1),
        (call(100, mood="drops"), [], 0),
        (call(100, mood="silent"), [], 0),
        (call(100, mood="slow"), [], 1),
        (call(100, taken=False), [], 0),
    ],
)
def test_an_effect_repeated_without_a_reason_counts(
    tmp_path: Path, first: dict, faults: list[Happened], repeated: int
) -> None:
    log = log_of(tmp_path, first, call(130))
    assert judge_naive(Ledger(naive={"a": 99}), set(), log, faults).repeated_effects == repeated


def test_each_repetition_has_one_cause_and_all_are_counted() -> None:
    calls = {
        "a": [call(100), call(110, mood="drops"), call(130)],
        "b": [call(100), call(101, taken=False), call(140)],
        "c": [call(300), call(400), call(500)],
    }
    worst = [killed(100.5), killed(100.5, "kill postgres"), killed(400.5, "kill backend")]
    found = [("a", "kill worker notices"), ("a", "provider drops"), ("b", "kill worker notices")]
    assert causes(calls, worst) == [*found, ("c", UNEXPLAINED), ("c", "kill backend")]


def test_a_clock_that_shifts_stays_within_a_minute_and_one_that_jumps_goes_far() -> None:
    shifts = [clock_offset("clock shift", draw / 100) for draw in range(100)]
    jumps = [clock_offset("clock jump", draw / 100) for draw in range(100)]
    assert min(shifts) < -50 and max(shifts) > 50 and all(abs(each) <= 60 for each in shifts)
    assert min(jumps) < -1000 and max(jumps) > 1000 and all(180 <= abs(each) <= 1200 for each in jumps)


def test_what_nobody_remembers_is_lost_and_the_rest_is_late(tmp_path: Path) -> None:
    log = log_of(tmp_path, call(110), call(90, key="b"), call(95, taken=False, key="c"))
    promised = Ledger(naive={"a": 80, "b": 85, "c": 90, "d": 90})
    verdict = judge_naive(promised, {"c"}, log, [killed(100)])
    assert (verdict.acknowledged, verdict.lost, verdict.undelivered) == (4, 1, 1)
    assert verdict.late_max_s == 10, "counted from the end of the last fault, not from when it was due"
