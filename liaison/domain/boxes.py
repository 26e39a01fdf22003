"""Where a photo is covered before it is published: boxes in per cent of its width and height. Pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from liaison.domain.errors import Invalid

MOST_BOXES = 20
SMALLEST = 0.1
"""Per cent; what is smaller was a click and no box."""

_WRONG = "遮盖的位置要用 0 到 100 之间的数字（百分比），并且不能超出照片。"


@dataclass(frozen=True)
class Box:
    """From the left, from the top, width and height, each in per cent of the photo."""

    x: float
    y: float
    w: float
    h: float

    @property
    def shares(self) -> tuple[float, float, float, float]:
        """The same as shares of one."""
        return self.x / 100, self.y / 100, self.w / 100, self.h / 100


def read_box(values: Sequence[str]) -> Box | None:
    """Read four numbers as people type them; None when all are empty. Raises Invalid for `boxes`."""
    if not any(value.strip() for value in values):
        return None
    try:
        x, y, w, h = (float(value) for value in values)
    except ValueError:
        raise Invalid({"boxes": [_WRONG]}) from None
    sound = all(map(math.isfinite, (x, y, w, h))) and x >= 0 and y >= 0 and w >= SMALLEST and h >= SMALLEST
    if not sound or x + w > 100.5 or y + h > 100.5:
        raise Invalid({"boxes": [_WRONG]})
    return Box(x, y, min(w, 100 - x), min(h, 100 - y))


def read_boxes(told: str) -> tuple[Box, ...]:
    """Read boxes as an address carries them: "10,20,30,15;…". Raises Invalid for `boxes`."""
    return check_count(box for part in told.split(";") if (box := read_box(part.split(","))))


def tell_boxes(boxes: Iterable[Box]) -> str:
    """Write boxes as an address carries them."""
    return ";".join(f"{box.x:g},{box.y:g},{box.w:g},{box.h:g}" for box in boxes)


def check_count(boxes: Iterable[Box]) -> tuple[Box, ...]:
    """The boxes of one photo. Raises Invalid for `boxes` when there are too many."""
    found = tuple(boxes)
    if len(found) > MOST_BOXES:
        raise Invalid({"boxes": [f"一张照片最多遮盖 {MOST_BOXES} 处。"]})
    return found
