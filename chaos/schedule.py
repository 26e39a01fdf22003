"""What breaks when, drawn from a seed: the same seed, number and kinds give the same schedule."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

MEAN_GAP = 1.9  # seconds between two faults: 200 of them leave over three of ten minutes to start and come to rest

KINDS: dict[str, tuple[float, float]] = {
    "kill web worker": (0, 0),
    "kill web server": (0, 0),
    "kill worker ticks": (0, 0),
    "kill worker notices": (0, 0),
    "kill scheduler": (0, 0),
    "kill redis": (0, 0),
    "kill postgres": (0, 0),
    "kill backend": (0, 0),
    "flush redis": (0, 0),
    "stop web worker": (1, 5),
    "stop worker ticks": (1, 6),
    "stop worker notices": (1, 25),
    "stop scheduler": (1, 6),
    "stop redis": (1, 4),
    "stop postgres": (1, 3),
    "full disk": (2, 5),
    "clock shift": (2, 8),
    "clock jump": (4, 18),
    "provider errors": (3, 8),
    "provider drops": (2, 6),
    "provider slow": (3, 8),
    "provider silent": (2, 7),
    "provider down": (3, 8),
}
"""Every kind of fault with the seconds it may last; a kill is over at once."""


@dataclass(frozen=True)
class Fault:
    """One fault: when it begins, in seconds from the first moment, its kind, how long it lasts, its own draw 0..1."""

    at: float
    kind: str
    lasts: float
    draw: float


def plan(seed: int, count: int, kinds: Sequence[str]) -> list[Fault]:
    """Draw so many faults of these kinds; every kind comes up before any comes up again."""
    random = Random(seed)
    faults, at = [], 0.0
    for kind in _deal(random, count, kinds):
        at += random.uniform(0.3, 2 * MEAN_GAP - 0.3)
        faults.append(Fault(round(at, 2), kind, round(random.uniform(*KINDS[kind]), 2), random.random()))
    return faults


def clock_offset(kind: str, draw: float) -> int:
    """By how many seconds a clock is off: a shift by a minute at most, which no one is to notice, a jump by 3 to 20."""
    if kind == "clock shift":
        return round(120 * draw - 60)
    return round((180 + 1020 * (2 * draw % 1)) * (-1 if draw < 0.5 else 1))


def _deal(random: Random, count: int, kinds: Sequence[str]) -> Iterator[str]:
    deck: list[str] = []
    for _ in range(count):
        if not deck:
            deck = random.sample(list(kinds), len(kinds))
        yield deck.pop()
