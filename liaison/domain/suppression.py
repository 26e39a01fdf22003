"""Which counts of a published table must be hidden, so that nobody can be told from it; standard library only.

A count from 1 to 4 may point at people, so it is hidden (k ≥ 5). It must not follow from the rest either: tables come
with totals, and what is missing in a sum is found by subtraction. So more cells are hidden until no hidden one follows
from what is shown. Zeros are always shown, since they tell of nobody; so every hidden count is at least 1, which leaves
room up and down, and that counts are whole and not negative gives nothing away.

A hidden cell follows from what is shown exactly when the sums, with all that is shown put in, have one solution for it:
when the unit vector of the cell is a combination of their rows. Gauss finds that, modulo a large prime so that numbers
stay small.
"""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

K = 5
"""Fewer than so many are hidden: as usual for official statistics, and as issue 4 asks."""

_PRIME = 2**61 - 1
Cell = TypeVar("Cell", bound=Hashable)
Sum = tuple[Cell, Sequence[Cell]]
"""A total and the parts it is the sum of."""


def hidden(counts: Mapping[Cell, int], sums: Sequence[Sum], k: int = K) -> set[Cell]:
    """Return the cells to hide: those under `k`, and as many more as keep them from being recomputed by the `sums`.

    The same counts give the same cells. Every sum must hold, and every cell of one be counted.
    """
    sieve = _Sieve(counts, sums)
    for cell, count in counts.items():
        if 0 < count < k:
            sieve.hide(cell)
    while True:
        while alone := sieve.alone():
            sieve.hide(sieve.best(alone))
        if not (found := derivable(sieve.hidden, sums)):
            return sieve.hidden
        near = [place for place, group in enumerate(sieve.groups) if found & set(group)]
        sieve.hide(sieve.best(near) or sieve.best(range(len(sieve.groups))))


class _Sieve(Generic[Cell]):
    """What is hidden so far, and of each sum how many of its cells are."""

    def __init__(self, counts: Mapping[Cell, int], sums: Sequence[Sum]) -> None:
        self.hidden: set[Cell] = set()
        self.groups = [(total, *parts) for total, parts in sums]
        self._counts, self._places = counts, {cell: place for place, cell in enumerate(counts)}
        self._filled = [0] * len(sums)
        self._of: dict[Cell, list[int]] = defaultdict(list)
        for place, group in enumerate(self.groups):
            for cell in group:
                self._of[cell].append(place)

    def hide(self, cell: Cell) -> None:
        """Hide one more."""
        self.hidden.add(cell)
        for place in self._of[cell]:
            self._filled[place] += 1

    def alone(self) -> list[int]:
        """The sums that hide one cell alone, which therefore follows."""
        return [place for place, filled in enumerate(self._filled) if filled == 1]

    def best(self, groups: Iterable[int]) -> Cell | None:
        """The shown cell of these sums that leaves the fewest sums with one hidden cell; of those the smallest."""
        shown = {each for place in groups for each in self.groups[place] if self._counts[each]} - self.hidden
        return min(shown, key=lambda cell: (self._leaves(cell), self._counts[cell], self._places[cell]), default=None)

    def _leaves(self, cell: Cell) -> int:
        filled = [self._filled[place] for place in self._of[cell]]
        return filled.count(0) - filled.count(1)


def derivable(hide: Collection[Cell], sums: Sequence[Sum]) -> set[Cell]:
    """Return those of the hidden cells that follow from the sums and all other cells."""
    pivots: dict[Cell, dict[Cell, int]] = {}
    for total, parts in sums:
        row = {cell: 1 for cell in parts if cell in hide} | ({total: _PRIME - 1} if total in hide else {})
        row = _reduced(row, pivots)
        if not row:
            continue
        pivot = next(iter(row))
        row = _times(row, pow(row[pivot], -1, _PRIME))
        for other, known in pivots.items():
            if pivot in known:
                pivots[other] = _minus(known, row, known[pivot])
        pivots[pivot] = row
    return {pivot for pivot, row in pivots.items() if len(row) == 1}


def _reduced(row: dict[Cell, int], pivots: Mapping[Cell, dict[Cell, int]]) -> dict[Cell, int]:
    for cell in [cell for cell in row if cell in pivots]:
        row = _minus(row, pivots[cell], row[cell])
    return row


def _minus(row: Mapping[Cell, int], other: Mapping[Cell, int], factor: int) -> dict[Cell, int]:
    left = dict(row)
    for cell, value in other.items():
        if rest := (left.get(cell, 0) - factor * value) % _PRIME:
            left[cell] = rest
        else:
            left.pop(cell, None)
    return left


def _times(row: Mapping[Cell, int], factor: int) -> dict[Cell, int]:
    return {cell: value * factor % _PRIME for cell, value in row.items()}
