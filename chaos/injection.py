"""Carries out a schedule: begins each fault at its time, ends it at its time, and remembers when it really was."""

import heapq
import signal
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from redis import Redis
from redis.exceptions import RedisError

from chaos.schedule import Fault
from chaos.stack import Stack

PATIENCE = 10.0  # seconds to wait for a part that is just being started anew, so that its fault hits something


@dataclass(frozen=True)
class Happened:
    """A fault as it really was; `found` says whether it met a living part."""

    kind: str
    began: float
    ended: float
    found: bool


@dataclass(frozen=True)
class Targets:
    """Everything that can be hurt: the installation, the naive arm, the provider's mood, the disk, the clock."""

    stack: Stack
    naive_redis: Redis
    naive_part: Callable[[str], psutil.Process | None]
    mood: Path
    disk: Path | None
    clock: Path | None


class Injector:
    """Runs the schedule in a thread of its own; `happened` grows as faults end."""

    def __init__(self, targets: Targets, faults: Iterable[Fault]) -> None:
        self.happened: list[Happened] = []
        self._targets, self._over = targets, threading.Event()
        self._actions: list[tuple[float, int, Callable[[], None]]] = []
        for number, fault in enumerate(faults):
            self._actions.append((fault.at, number, lambda fault=fault: self._begin(fault)))
        heapq.heapify(self._actions)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._endings: dict[int, Callable[[], None]] = {}

    def start(self) -> None:
        """Begin the schedule now."""
        self._began = time.monotonic()
        self._thread.start()

    def is_done(self) -> bool:
        """Whether the last fault is over."""
        return not self._thread.is_alive()

    def stop(self) -> None:
        """Begin no more faults and end those that last."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(PATIENCE + 5)
        for end in list(self._endings.values()):
            end()

    def _run(self) -> None:
        while self._actions and not self._over.is_set():
            at, _, act = self._actions[0]
            wait = self._began + at - time.monotonic()
            if wait > 0:
                self._over.wait(min(wait, 0.2))
                continue
            heapq.heappop(self._actions)
            act()

    def _begin(self, fault: Fault) -> None:
        began = time.time()
        undo = self._hurt(fault)
        number = len(self._endings) + len(self.happened)

        def end() -> None:
            self._endings.pop(number, None)
            if undo is not None:
                undo()
            self.happened.append(Happened(fault.kind, began, time.time(), undo is not None))

        self._endings[number] = end
        heapq.heappush(self._actions, (time.monotonic() - self._began + fault.lasts, 100_000 + id(end), end))

    def _hurt(self, fault: Fault) -> Callable[[], None] | None:
        """Do harm and return what ends it; None when there was nothing to harm."""
        verb, _, what = fault.kind.partition(" ")
        match verb:
            case "kill":
                return self._signal(what, signal.SIGKILL)
            case "stop":
                return self._signal(what, signal.SIGSTOP)
            case "flush":
                return self._flush()
            case "provider":
                return self._write(self._targets.mood, what, "well")
            case "clock":
                seconds = round(90 * fault.draw - 45)
                return self._write(self._targets.clock, f"{seconds:+d}", "+0")
            case "full":
                return self._fill()
        raise ValueError(fault.kind)

    def _signal(self, name: str, number: signal.Signals) -> Callable[[], None] | None:
        ours, theirs = self._wait_for(name), self._targets.naive_part(name)
        hit = [process for process in (ours, theirs) if process]
        for process in hit:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        return (lambda: self._continue(hit, number)) if ours else None

    def _wait_for(self, name: str) -> psutil.Process | None:
        deadline = time.monotonic() + PATIENCE
        while (found := self._targets.stack.part(name)) is None and time.monotonic() < deadline:
            if self._over.wait(0.05):
                break
        return found

    def _continue(self, hit: list[psutil.Process], number: signal.Signals) -> None:
        if number != signal.SIGSTOP:
            return
        for process in hit:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)

    def _flush(self) -> Callable[[], None] | None:
        met = False
        for redis in (self._targets.stack.redis(), self._targets.naive_redis):
            with suppress(RedisError):
                redis.flushall()
                met = met or redis is not self._targets.naive_redis
        return (lambda: None) if met else None

    def _write(self, file: Path, word: str, usual: str) -> Callable[[], None]:
        _replace(file, word)
        return lambda: _replace(file, usual)

    def _fill(self) -> Callable[[], None]:
        ballast = self._targets.disk / "ballast"
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            while file.write(bytes(65536)):
                pass
        return lambda: ballast.unlink(missing_ok=True)


def _replace(file: Path, text: str) -> None:
    draft = file.with_suffix(".new")
    draft.write_text(text)
    draft.replace(file)
