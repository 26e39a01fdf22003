"""What supervision promises: the dead come back, later each time; the end takes grandchildren along."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from liaison.processes import NotReady, Program, spawn, stop, wait_until
from liaison.supervisor import Supervisor

STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""

PARENT = """
import os, sys, time
from pathlib import Path
from liaison.processes import Program, spawn
child = spawn(Program("child", (sys.executable, "-c", "import time; time.sleep(60)"), Path(os.devnull)))
print(child.pid, flush=True)
time.sleep(60)
"""


def python(code: str, log: Path, name: str = "program") -> Program:
    return Program(name, (sys.executable, "-c", code), log)


def soon(holds: Callable[[], bool]) -> None:
    wait_until(holds, 10, "what the test waits for")


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(said: list[str]) -> Iterator[Supervisor]:
    supervisor = Supervisor(said.append)
    yield supervisor
    supervisor.stop()


def test_a_killed_program_is_started_again_and_its_end_is_told(
    supervisor: Supervisor, said: list[str], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    supervisor.start(python("import os, time; print(os.getpid(), flush=True); time.sleep(60)", log))

    def pids() -> list[int]:
        supervisor.tend()
        return [int(line) for line in log.read_text().splitlines()]

    soon(lambda: len(pids()) == 1)
    os.kill(pids()[0], signal.SIGKILL)
    soon(lambda: len(pids()) == 2)
    assert supervisor.deaths("program") == 1
    assert said == ["program ended with status -9; starting it again"]


def test_a_program_that_dies_at_once_is_started_less_often(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(python("raise SystemExit(3)", tmp_path / "log"))
    moments: list[float] = []

    def died(times: int) -> bool:
        supervisor.tend()
        if supervisor.deaths("program") > len(moments):
            moments.append(time.monotonic())
        return len(moments) >= times

    soon(lambda: died(4))
    assert moments[3] - moments[2] >= 0.4


def test_the_end_takes_along_what_ignores_it_and_what_it_started(tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = python(STUBBORN, log)
    child = spawn(program)
    soon(lambda: log.exists() and log.read_text().endswith("\n"))
    grandchild = psutil.Process(int(log.read_text()))
    stop([(program, child)], grace=0.1)
    assert child.returncode == -signal.SIGKILL
    soon(lambda: not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tie a child to its parent")
def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    parent = spawn(python(PARENT, tmp_path / "log"))
    soon(lambda: (tmp_path / "log").read_text().endswith("\n"))
    child = psutil.Process(int((tmp_path / "log").read_text()))
    parent.kill()
    parent.wait()
    soon(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_waiting_ends_at_once_when_the_child_has_ended(tmp_path: Path) -> None:
    child = spawn(python("raise SystemExit(5)", tmp_path / "log"))
    with pytest.raises(NotReady, match="ended with status 5"):
        wait_until(lambda: False, 10, "it", child)


def test_a_program_that_runs_once_is_not_started_again_when_it_is_done(
    supervisor: Supervisor, said: list[str], tmp_path: Path
) -> None:
    program = python("print('told', flush=True)", tmp_path / "log", "demo")
    supervisor.start(replace(program, once=True), python("raise SystemExit(1)", tmp_path / "other"))
    soon(lambda: supervisor.tend() or supervisor.deaths("program") >= 2)
    assert (tmp_path / "log").read_text() == "told\n"
    assert "demo is complete · 已全部就绪" in said
