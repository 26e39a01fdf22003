"""The short chaos: ten faults on a real installation, in about a minute. `make chaos` runs the long one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from chaos.schedule import KINDS, plan
from liaison.config import ROOT

SEED = 690  # ten faults that matter most: web and notices worker, PostgreSQL, FLUSHALL, lost answers, 14 min ahead
PATIENCE = 400  # the machine may be busy with the rest of the suite


def test_the_same_seed_breaks_the_same_things_at_the_same_time() -> None:
    kinds = list(KINDS)
    assert plan(3, 50, kinds) == plan(3, 50, kinds) != plan(4, 50, kinds)
    first = [fault.kind for fault in plan(3, len(kinds), kinds)]
    assert sorted(first) == sorted(kinds), "every kind comes up before any comes up again"


@pytest.mark.xdist_group("standalone")
def test_nothing_acknowledged_is_lost_and_nothing_due_is_missed_while_things_break(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    run = subprocess.run(
        [sys.executable, "-m", "chaos", "--seed", str(SEED), "--faults", "10", "--json", str(figures)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    print(run.stdout, run.stderr)
    assert figures.exists(), run.stderr
    told = json.loads(figures.read_text())
    wanted = ("lost", "duplicated", "undelivered", "repeated_effects", "refused")
    assert {name: told[name] for name in wanted} == dict.fromkeys(wanted, 0), run.stdout
    assert told["acknowledged"] > 0 and told["faults"] == 10
    assert set(told["answers"]) <= {"none", "200", "201", "503"}, "an outage is no error of ours"
    assert told["ready"] and told["left_over"] == []
    assert told["naive"]["lost"] + told["naive"]["undelivered"] > 0, "the naive arm must fail the same test"
