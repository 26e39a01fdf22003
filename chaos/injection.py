"""Carries out a schedule: begins each fault at its time, ends it at its time, and remembers when it really was."""

import heapq
import signal
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

import psutil
from redis import Redis
from redis.exceptions import RedisError

from chaos.clock import Clock
from chaos.schedule import Fault, clock_offset
from chaos.stack import Stack

PATIENCE = 10.0  # seconds to try again while a part is just being started anew, so that its fault hits something
AGAIN = 0.1


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
    clock: Clock


class Injector:
    """Runs the schedule in a thread of its own; `happened` grows as faults end."""

    def __init__(self, targets: Targets, faults: Iterable[Fault]) -> None:
        self.happened: list[Happened] = []
        self._targets, self._over = targets, threading.Event()
        self._actions: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        for fault in faults:
            self._later(fault.at, partial(self._try, fault, fault.at + PATIENCE))
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

    def _later(self, at: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._actions, (at, next(self._numbers), act))

    def _try(self, fault: Fault, until: float) -> None:
        """Begin the fault, or soon again while there is nothing to hurt; others go on meanwhile."""
        began, at = time.time(), time.monotonic() - self._began
        undo = self._hurt(fault)
        if undo is None and at < until:
            self._later(at + AGAIN, partial(self._try, fault, until))
            return
        number = next(self._numbers)

        def end() -> None:
            self._endings.pop(number, None)
            if undo is not None:
                undo()
            self.happened.append(Happened(fault.kind, began, time.time(), undo is not None))

        self._endings[number] = end
        self._later(at + fault.lasts, end)

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
                _replace(self._targets.mood, what)
                return partial(_replace, self._targets.mood, "well")
            case "clock":
                self._targets.clock.set(clock_offset(fault.kind, fault.draw))
                return partial(self._targets.clock.set, 0)
            case "full":
                return self._fill()
        raise ValueError(fault.kind)

    def _signal(self, name: str, number: signal.Signals) -> Callable[[], None] | None:
        """Send a signal to our part, and then to the naive arm's as well."""
        ours = self._targets.stack.part(name)
        if ours is None:
            return None
        hit = [process for process in (ours, self._targets.naive_part(name)) if process]
        for process in hit:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        return partial(self._continue, hit, number)

    def _continue(self, hit: list[psutil.Process], number: signal.Signals) -> None:
        if number != signal.SIGSTOP:
            return
        for process in hit:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)

    def _flush(self) -> Callable[[], None] | None:
        try:
            self._targets.stack.redis().flushall()
        except RedisError:
            return None
        with suppress(RedisError):
            self._targets.naive_redis.flushall()
        return lambda: None

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
