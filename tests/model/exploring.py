"""Goes through every state a model can come to, breadth first, so that a broken promise is reached by the shortest way.

A model is finite: its faults are counted. What holds here holds in every order of steps and with a fault at any point.
"""

from collections import deque
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Protocol


class Who(Enum):
    """Who makes a step: the system, which goes on as long as it can; somebody who may or may not; a fault."""

    SYSTEM = "system"
    ANYBODY = "anybody"
    FAULT = "fault"


class Step(NamedTuple):
    """One step: what happens, who makes it happen, and the state after it."""

    what: str
    who: Who
    state: Hashable


class Model(Protocol):
    """States, the steps between them, and what must hold."""

    def start(self) -> Hashable:
        """The first state."""

    def steps(self, state: Hashable) -> Iterator[Step]:
        """Everything that can happen next."""

    def broken(self, before: Hashable, after: Hashable) -> str | None:
        """The promise that a step has broken, if any."""

    def unfinished(self, state: Hashable) -> str | None:
        """What is still owed in a state in which the system has nothing left to do."""


@dataclass(frozen=True)
class Explored:
    """How many states there are, and the way to a bad one with what is bad about it; None when there is none."""

    states: int
    bad: str | None = None
    trace: tuple[str, ...] = ()

    def __str__(self) -> str:
        steps = "\n".join(f"  {number:2}. {what}" for number, what in enumerate(self.trace, start=1))
        return f"{self.bad or 'all is well'} ({self.states} states)\n{steps}"


class _Came(NamedTuple):
    before: Hashable
    what: str


def explore(model: Model) -> Explored:
    """Look at every state: no step breaks a promise, and from everywhere, once faults stop, all comes to its end."""
    start = model.start()
    came: dict[Hashable, _Came | None] = {start: None}
    onward: dict[Hashable, list[Step]] = {}
    waiting = deque([start])
    while waiting:
        state = waiting.popleft()
        steps = list(model.steps(state))
        onward[state] = [step for step in steps if step.who is not Who.FAULT]
        for step in steps:
            if bad := model.broken(state, step.state):
                return Explored(len(came), bad, (*_way(came, state), step.what))
            if step.state not in came:
                came[step.state] = _Came(state, step.what)
                waiting.append(step.state)
    return _look_for_dead_end(model, came, onward) or Explored(len(came))


def _look_for_dead_end(
    model: Model, came: dict[Hashable, _Came | None], onward: dict[Hashable, list[Step]]
) -> Explored | None:
    """The nearest state in which the system rests with something owed, or that it comes back to for ever."""
    for state, steps in onward.items():
        if all(step.who is not Who.SYSTEM for step in steps) and (owed := model.unfinished(state)):
            return Explored(len(came), f"dead end: {owed}", _way(came, state))
    if (state := _on_a_circle(onward)) is not None:
        return Explored(len(came), "goes round for ever", _way(came, state))
    return None


def _on_a_circle(onward: dict[Hashable, list[Step]]) -> Hashable | None:
    """A state that can be come back to without any fault: what is left after taking away all ends, again and again."""
    leading_to: dict[Hashable, list[Hashable]] = {state: [] for state in onward}
    left = {state: len(steps) for state, steps in onward.items()}
    for state, steps in onward.items():
        for step in steps:
            leading_to[step.state].append(state)
    ends = [state for state, count in left.items() if not count]
    while ends:
        for state in leading_to[ends.pop()]:
            left[state] -= 1
            if not left[state]:
                ends.append(state)
    return next((state for state, count in left.items() if count), None)


def _way(came: dict[Hashable, _Came | None], state: Hashable) -> tuple[str, ...]:
    steps = []
    while (step := came[state]) is not None:
        steps.append(step.what)
        state = step.before
    return tuple(reversed(steps))
