"""What a row of attacks came to."""

from dataclasses import dataclass, field
from statistics import median

SHOWN = 20


@dataclass
class Tally:
    """How many were tried, what got through, and figures worth telling."""

    tried: int = 0
    failed: int = 0
    failures: list[str] = field(default_factory=list)
    figures: dict[str, int | float] = field(default_factory=dict)

    def count(self, faults: list[str]) -> None:
        """Add one attack with all that is wrong about how it ended, nothing if it was withstood."""
        self.tried += 1
        if faults:
            self.failed += 1
            if len(self.failures) < SHOWN:
                self.failures.append("; ".join(faults))

    def note(self, name: str, by: int = 1) -> None:
        """Count how often something happened."""
        self.figures[name] = self.figures.get(name, 0) + by

    def compare(self, name: str, times: list[float], with_times: list[float]) -> None:
        """Tell the ratio of two medians, which says whether a clock could tell two kinds of answers apart."""
        self.figures[name] = round(median(times) / median(with_times), 2)
