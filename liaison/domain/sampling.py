"""Which of many are looked back at: drawn by a seed that is written down, so that anybody can draw them again."""

import hashlib
from collections.abc import Iterable


def size_of(population: int, amount: int, *, percent: bool) -> int:
    """Return how many are drawn: so many per cent, rounded up, or so many; never more than there are."""
    wanted = -(-population * amount // 100) if percent else amount
    return min(population, wanted)


def draw(numbers: Iterable[str], seed: str, size: int) -> list[str]:
    """Return `size` of the numbers, each as likely as any other; the same ones for the same seed."""
    return sorted(set(numbers), key=lambda number: hashlib.sha256(f"{seed} {number}".encode()).digest())[:size]
