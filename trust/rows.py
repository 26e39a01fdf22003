"""The table of rows: what is attacked, how often in full, and the module that plays it."""

from collections.abc import Callable
from dataclasses import dataclass

from trust import images, text
from trust.stage import Stage
from trust.tally import Tally


@dataclass(frozen=True)
class Row:
    """A row of the catalogue: the goal, the full count of attacks, and what plays so many of them on a stage."""

    goal: str
    full: int
    play: Callable[[Stage, int], Tally]


ROWS = {
    "images": Row("0 crashes, ≤300 MB a process, 0 metadata left", 500, images.play),
    "text": Row("0 × 5xx, nothing typed is lost", 20_000, text.play),
}
