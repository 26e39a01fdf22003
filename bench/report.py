"""What a run has found: one table for people, one list for machines."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """A measured value and its goal; `least` says that more is better."""

    name: str
    value: float
    goal: float
    least: bool = True

    @property
    def is_met(self) -> bool:
        """Whether the goal is reached."""
        return self.value >= self.goal if self.least else self.value <= self.goal


def tell(figures: Sequence[Figure], file: Path | None) -> None:
    """Print the table, and write the list where a file is named."""
    print(_table(figures), flush=True)
    if file:
        _write(figures, file)


def _table(figures: Sequence[Figure]) -> str:
    """Goal, figure and verdict, a line each."""
    wide = max(len(each.name) for each in figures)
    lines = [f"{'':{wide}}  {'goal':>9}  {'figure':>9}"]
    for each in figures:
        sign = "≥" if each.least else "≤"
        verdict = "met" if each.is_met else "MISSED"
        lines.append(f"{each.name:{wide}}  {sign + format(each.goal, 'g'):>9}  {each.value:9.2f}  {verdict}")
    return "\n".join(lines)


def _write(figures: Sequence[Figure], file: Path) -> None:
    """Write `[{name, figure, goal, met}]`."""
    told = [{"name": each.name, "figure": each.value, "goal": each.goal, "met": each.is_met} for each in figures]
    file.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", "utf-8")
