"""What can go wrong on the way to a provider and back; the tests and the demo order it, the sandbox obeys."""

import random
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Faults:
    """How the outside world feels.

    `errors` and `drop` are shares of calls, 0 to 1: answered "busy" without effect, and taken without an answer.
    `latency_ms` is how long each call takes; `down` answers 503 to all. `seed` repeats the same luck.
    """

    errors: float = 0.0
    latency_ms: float = 0.0
    drop: float = 0.0
    down: bool = False
    seed: int | None = None
    _luck: random.Random = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_luck", random.Random(self.seed))

    def fails(self) -> bool:
        """Whether this call meets a busy provider."""
        return self._luck.random() < self.errors

    def drops(self) -> bool:
        """Whether this call's answer gets lost."""
        return self._luck.random() < self.drop
