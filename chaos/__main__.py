"""`python -m chaos [--seed N] [--faults N] [--json FILE]`: one run from an empty folder to a table of what was lost."""

import argparse
import ctypes
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil
import psycopg

from chaos import naive, schedule
from chaos.clock import Clock
from chaos.injection import Injector, Targets
from chaos.report import is_good, table
from chaos.stack import NotOurs, Stack, free_port, left_over, remove
from chaos.verdict import Verdict, judge, judge_naive, unsettled
from chaos.work import Crowd, patient_redis
from liaison.config import ROOT
from liaison.embedded import redis_program, redis_ready, redis_url
from liaison.processes import Program, stop
from liaison.supervisor import Supervisor

STEP = 0.05
START, QUIET = 120.0, 150.0  # seconds to come up, and to come to rest after the last fault
NAIVE_QUIET = 60.0  # at least so long for the naive arm, too, after many faults
DISK = "64m"  # 200 faults see about 200 photos of 80 KB told; only a fault is to fill it
NEW_MOUNTS = 0x00020000  # CLONE_NEWNS (sched.h)


class Run:
    """One run in one folder: both arms, the provider, the crowd and the faults."""

    def __init__(self, folder: Path, seed: int, faults: int) -> None:
        self.folder, self.skipped = folder, dict[str, str]()
        self.provider_port = free_port()
        self.stack = Stack(folder, self.provider_port)
        self.supervisor = Supervisor(lambda sentence: None)
        self.disk, self.clock = self._disk(), Clock(folder)
        if self.clock.missing:
            self.skipped |= dict.fromkeys(("clock shift", "clock jump"), self.clock.missing)
        kinds = [kind for kind in schedule.KINDS if kind not in self.skipped]
        self.faults = schedule.plan(seed, faults, kinds)
        self.naive_redis = patient_redis(redis_url(folder / "naive"))
        self.crowd = Crowd(self.stack.port, self.stack.database, self._submit_naively)
        self.injector = Injector(self._targets(), self.faults)

    def play(self) -> tuple[Verdict, Verdict]:
        """Start, work and break, come to rest, count."""
        self._start()
        self.crowd.start()
        self.injector.start()
        last = self.faults[-1].at + self.faults[-1].lasts if self.faults else 0
        self._until(self.injector.is_done, 2 * last + 60, "the faults")
        self.crowd.stop()
        ended = time.monotonic()
        self._until(lambda: self.crowd.is_done() and self._is_quiet(), QUIET, None)
        self.crowd.give_up()
        rest = max(0.0, ended + min(NAIVE_QUIET, 10 + len(self.faults)) - time.monotonic())
        self._until(lambda: not self._naive_waits(), rest, None)
        ledger, log, happened = self.crowd.ledger, self.folder / "provider.log", self.injector.happened
        (self.folder / "faults.log").write_text("".join(f"{json.dumps(vars(each))}\n" for each in happened))
        ours = judge(self.stack, self.clock.behind, ledger, log, happened)
        ours.more |= {"missed_targets": sum(not each.found for each in happened), "ready": self.stack.answers()}
        if self.disk:
            ours.more["disk_free_mb"] = shutil.disk_usage(self.disk).free // 2**20
        return ours, judge_naive(ledger, self._naive_waits(), log, happened)

    def end(self) -> list[str]:
        """End everything, whatever state it is in; returns what would not go by itself."""
        self.crowd.give_up()
        self.injector.stop()
        if self.stack.child:
            stop([(Program("liaison", (), None), self.stack.child)], grace=40)
        self.supervisor.stop()
        left = left_over(self.folder)
        names = [f"{process.pid} {' '.join(process.cmdline())[:80]}" for process in left]
        for process in left:
            process.kill()
        if self.disk:
            subprocess.run(["umount", "-l", str(self.disk)], check=False)
        return names

    def _start(self) -> None:
        python, folder = sys.executable, self.folder
        self.supervisor.start(
            Program(
                "provider",
                (python, "-m", "chaos.provider", str(self.provider_port), str(folder)),
                folder / "provider.out",
                folder=ROOT,
            ),
            redis_program(folder / "naive"),
        )
        self._until(partial(redis_ready, folder / "naive"), START, "the naive arm's Redis")
        argv = (python, "-m", "chaos.naive", redis_url(folder / "naive"))
        self.supervisor.start(Program("naive", argv, folder / "naive.log", folder=ROOT))
        self.stack.start(self.clock.environ())
        self._until(self.stack.is_ready, START, "the installation")
        self.stack.found()
        self.stack.prove()
        self._until(self.stack.answers, START, "signs of life")

    def _until(self, holds: Callable[[], bool], seconds: float, what: str | None) -> None:
        """Tend our own processes until something holds; raises TimeoutError naming `what`, or goes on without it."""
        deadline = time.monotonic() + seconds
        while not holds():
            self.supervisor.tend()
            if time.monotonic() > deadline:
                if what:
                    raise TimeoutError(f"{what}: not within {seconds:g} s, see {self.folder}")
                return
            time.sleep(STEP)

    def _is_quiet(self) -> bool:
        time.sleep(0.3)
        try:
            return unsettled(self.stack.database) == 0
        except psycopg.Error:
            return False

    def _submit_naively(self, key: str) -> None:
        naive.submit(self.naive_redis, key, self.provider_port)

    def _naive_waits(self) -> set[str]:
        return {key for key in self.crowd.ledger.naive if naive.remembers(self.naive_redis, key)}

    def _naive_part(self, name: str) -> psutil.Process | None:
        """The part of the naive arm that a fault of this name hits as well; every one is a child of ours."""
        words = {"redis": "redis-server", "worker notices": "chaos.naive", "scheduler": "chaos.naive"}
        if name not in words:
            return None
        for child in psutil.Process().children():
            if words[name] in " ".join(child.cmdline()):
                below = child.children() if name == "scheduler" else [child]
                return below[0] if below else None
        return None

    def _targets(self) -> Targets:
        mood = self.folder / "mood"
        return Targets(self.stack, self.naive_redis, self._naive_part, mood, self.disk, self.clock)

    def _disk(self) -> Path | None:
        """A small disk of its own for the file store, in a mount space nobody else sees."""
        files = self.stack.files
        files.mkdir(parents=True)
        if ctypes.CDLL(None).unshare(NEW_MOUNTS) == 0:
            mount = ("mount", "-t", "tmpfs", "-o", f"size={DISK}", "chaos", str(files))
            steps = (("mount", "--make-rprivate", "/"), mount)
            if all(subprocess.run(argv, check=False, capture_output=True).returncode == 0 for argv in steps):
                return files
        self.skipped["full disk"] = "mounting a small disk is not allowed here"
        return None


def main(arguments: list[str]) -> int:
    """Run once; 0 when every goal is met, 1 when one is missed, 2 when the run itself failed."""
    wanted = _parse(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(2))
    began, folder = time.monotonic(), Path(tempfile.mkdtemp(prefix="chaos-", dir="/tmp"))
    run = Run(folder, wanted.seed, wanted.faults)
    for kind, reason in run.skipped.items():
        print(f"skipped: {kind}: {reason}", flush=True)
    try:
        ours, theirs = run.play()
    except (NotOurs, TimeoutError, psycopg.Error, subprocess.CalledProcessError) as error:
        print(f"chaos could not run: {error}", file=sys.stderr)
        return 2
    finally:
        left = run.end()
    ours.more |= {"seed": wanted.seed, "seconds": round(time.monotonic() - began), "left_over": left}
    print(table(ours, theirs), flush=True)
    if wanted.json:
        wanted.json.write_text(json.dumps(ours.told() | {"naive": theirs.told()}, ensure_ascii=False, indent=1) + "\n")
    if good := is_good(ours):
        remove(folder)
    else:
        print(f"missed; everything is kept in {folder}")
    return 0 if good else 1


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chaos", description="Break a real installation and count what was lost.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--json", type=Path)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
