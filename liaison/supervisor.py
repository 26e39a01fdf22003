"""Keeps processes running, or sees them to their end: starts again what dies, the later the younger it died."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from liaison.processes import Child, Program, spawn, stop, sweep

FIRST_DELAY = 0.1
LONGEST_DELAY = 5.0
GROWN_UP = 10.0


@dataclass
class Charge:
    """One program under care: its process, since when, and how long to wait before the next start."""

    program: Program
    child: Child
    started_at: float
    delay: float = FIRST_DELAY
    due_at: float | None = None
    deaths: int = 0
    done: bool = False


class Supervisor:
    """Runs groups of programs; `say` is told of each death in one English line."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._groups: list[list[Charge]] = []

    def start(self, *programs: Program) -> None:
        """Start a group of programs at once; groups started earlier are ended later."""
        group: list[Charge] = []
        self._groups.append(group)
        for program in programs:
            group.append(Charge(program, spawn(program), time.monotonic()))

    def tend(self) -> None:
        """Notice who has died, and start again those whose delay is over; returns at once."""
        now = time.monotonic()
        for charge in (charge for group in self._groups for charge in group):
            if charge.due_at is None and not charge.done and charge.child.poll() is not None:
                self._mourn(charge, now)
            if charge.due_at is not None and charge.due_at <= now:
                charge.child = spawn(charge.program)
                charge.started_at, charge.due_at = now, None

    def deaths(self, name: str) -> int:
        """How often the program of this name has died so far."""
        return sum(charge.deaths for group in self._groups for charge in group if charge.program.name == name)

    def stop(self) -> None:
        """End everything, the newest group first, and wait until nothing is left."""
        while self._groups:
            group = self._groups[-1]
            stop([(charge.program, charge.child) for charge in group])
            self._groups.remove(group)

    def _mourn(self, charge: Charge, now: float) -> None:
        sweep(charge.child)
        if charge.program.once and charge.child.returncode == 0:
            charge.done = True
            self._say(f"{charge.program.name} is complete · 已全部就绪")
            return
        young = now - charge.started_at < GROWN_UP
        charge.delay = min(charge.delay * 2, LONGEST_DELAY) if young and charge.deaths else FIRST_DELAY
        charge.deaths += 1
        charge.due_at = now + charge.delay
        self._say(f"{charge.program.name} ended with status {charge.child.returncode}; starting it again")
