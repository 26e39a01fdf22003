"""The lives synthetic matters have led: moves of the real table, by whom, into which states, on which clocks."""

from dataclasses import dataclass
from itertools import accumulate

from liaison.domain.actors import DEPARTMENT_ROLES, Role
from liaison.domain.workflow import MATTER, Party

HANDLING = "ordinary"
"""The clock of an assignment, which stands in the place of the one that `assigned` has not."""

_ENDED = (
    (20, "redirect"),
    (15, "refuse"),
    (10, "withdraw"),
    (25, "accept answer content"),
    (25, "accept answer lapse_rating"),
    (5, "accept claim hand_over dispatch report accept_answer content"),
)
_RUNNING = (
    (8, ""),
    (40, "accept"),
    (15, "accept claim"),
    (7, "accept hand_over"),
    (12, "accept claim hand_over dispatch"),
    (5, "accept hand_over dispatch report"),
    (13, "accept answer"),
)
_BY_SYSTEM = frozenset({"accept", "lapse_rating"})


@dataclass(frozen=True)
class Step:
    """One event of a life: the state after it, and the clock that starts with it for whom, if one does."""

    kind: str
    role: str
    state: str
    clock: str | None
    owner: str | None
    lapses: bool


Life = tuple[Step, ...]


def _life(moves: str) -> Life:
    first = MATTER.state(MATTER.initial)
    steps = [Step("submit", Role.RESIDENT, first.code, first.clock, first.waits_for, lapses=False)]
    for code in moves.split():
        steps.append(_step(steps[-1].state, code))
    return tuple(steps)


def _step(before: str, code: str) -> Step:
    move = MATTER.moves[code]
    state = MATTER.state(MATTER.target(before, move, None))
    clock = HANDLING if state.waits_for is Party.DEPARTMENTS else state.clock
    moved = state.code != before
    return Step(code, _role(code), state.code, clock if moved else None, state.waits_for, state.lapse is not None)


def _role(code: str) -> str:
    """Who makes such a move: the least of those who may, a department's before the office's."""
    roles = {Role.SYSTEM} if code in _BY_SYSTEM else MATTER.moves[code].roles
    return min(roles & DEPARTMENT_ROLES or roles - {Role.SYSTEM} or roles)


ENDED, RUNNING = (tuple(_life(moves) for _, moves in lives) for lives in (_ENDED, _RUNNING))
ENDED_WEIGHTS, RUNNING_WEIGHTS = (tuple(accumulate(weight for weight, _ in lives)) for lives in (_ENDED, _RUNNING))
