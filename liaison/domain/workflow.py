"""States and moves of every kind of case, one table each; DOMAIN §2 is their source.

A state says whom the case waits for, which clock runs meanwhile and what happens when that clock runs out.
A move says who may make it, from where and to where. Nothing else in the project decides either.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from liaison.domain.actors import DEPARTMENT_ROLES, OFFICE_ROLES, Role
from liaison.domain.errors import NotAllowed, WrongState


class Party(StrEnum):
    """Whom a case waits for."""

    OFFICE = "office"
    DEPUTY = "deputy"
    DEPARTMENTS = "departments"
    LEAD = "lead"
    RESIDENT = "resident"


class Phase(StrEnum):
    """The five macro phases shown to everybody (仪征)."""

    VOICE = "voice"
    INQUIRY = "inquiry"
    DELIBERATION = "deliberation"
    HANDLING = "handling"
    OVERSIGHT = "oversight"


@dataclass(frozen=True)
class State:
    """A place in the life of a case.

    `clock` names the term that starts on entering, `lapse` the move the system makes when it has run out,
    `resumes` marks a state that remembers where it was entered from and holds that state's clock.
    """

    code: str
    phase: Phase
    waits_for: Party | None = None
    clock: str | None = None
    lapse: str | None = None
    resumes: bool = False


@dataclass(frozen=True)
class Move:
    """A permitted step: `target` None keeps the state; `back` returns to the state it was entered from."""

    code: str
    roles: frozenset[Role]
    sources: frozenset[str]
    target: str | None = None
    back: bool = False


@dataclass(frozen=True)
class Workflow:
    """The states and moves of one kind of case."""

    kind: str
    initial: str
    states: MappingProxyType[str, State]
    moves: MappingProxyType[str, Move]
    terminal: frozenset[str] = field(default_factory=frozenset)

    def state(self, code: str) -> State:
        """The state of that code; KeyError when the table has none."""
        return self.states[code]

    def check(self, state: str, move: str, role: Role) -> Move:
        """The move, if `role` may make it from `state`.

        Raises NotAllowed for a role that may never make it, WrongState naming whom the case waits for otherwise.
        """
        found = self.moves[move]
        if role not in found.roles:
            raise NotAllowed()
        if state not in found.sources:
            raise WrongState(state=state, waiting_for=self.states[state].waits_for)
        return found

    def target(self, state: str, move: Move, came_from: str | None) -> str:
        """The state after `move`; `came_from` is where a resuming state was entered from."""
        if move.back:
            return came_from or self.initial
        return move.target or state

    def moves_for(self, state: str, role: Role) -> list[str]:
        """The codes of all moves this role may make from this state, in the table's order."""
        return [move.code for move in self.moves.values() if state in move.sources and role in move.roles]


def _workflow(kind: str, initial: str, states: Iterable[State], moves: Iterable[Move]) -> Workflow:
    by_code = MappingProxyType({state.code: state for state in states})
    by_move = MappingProxyType({move.code: move for move in moves})
    terminal = frozenset(code for code, state in by_code.items() if state.waits_for is None)
    return Workflow(kind, initial, by_code, by_move, terminal)


def _move(code: str, roles: Iterable[Role], sources: str, target: str | None = None, back: bool = False) -> Move:
    return Move(code, frozenset(roles), frozenset(sources.split()), target, back)


_OFFICE = OFFICE_ROLES
_DEPUTY = {Role.DEPUTY}
_RESIDENT = {Role.RESIDENT}
_SYSTEM = {Role.SYSTEM}

MATTER = _workflow(
    "matter",
    "submitted",
    [
        State("submitted", Phase.VOICE, Party.OFFICE, clock="screening"),
        State("needs_info", Phase.VOICE, Party.RESIDENT, clock="information", lapse="lapse_information", resumes=True),
        State("with_deputy", Phase.INQUIRY, Party.DEPUTY, clock="verification"),
        State("handed_over", Phase.DELIBERATION, Party.OFFICE, clock="dispatch"),
        State("assigned", Phase.HANDLING, Party.DEPARTMENTS),
        State("replied", Phase.OVERSIGHT, Party.DEPUTY, clock="review", lapse="lapse_review"),
        State("rating", Phase.OVERSIGHT, Party.RESIDENT, clock="rating", lapse="lapse_rating"),
        State("tracking", Phase.HANDLING, Party.LEAD, clock="promise"),
        State("reopened", Phase.OVERSIGHT, Party.OFFICE, clock="dispatch"),
        State("closed", Phase.OVERSIGHT),
        State("merged", Phase.VOICE),
        State("not_accepted", Phase.VOICE),
        State("redirected", Phase.VOICE),
        State("withdrawn", Phase.VOICE),
    ],
    [
        _move("accept", _OFFICE | _SYSTEM, "submitted", "with_deputy"),
        _move("accept_unattended", _OFFICE | _SYSTEM, "submitted", "handed_over"),
        _move("ask", _OFFICE | _DEPUTY, "submitted with_deputy", "needs_info"),
        _move("supply", _RESIDENT, "needs_info", back=True),
        _move("lapse_information", _SYSTEM, "needs_info", back=True),
        _move("refuse", _OFFICE | _DEPUTY, "submitted with_deputy", "not_accepted"),
        _move("redirect", _OFFICE | _DEPUTY, "submitted with_deputy", "redirected"),
        _move("merge", _OFFICE, "submitted", "merged"),
        _move("withdraw", _RESIDENT, "submitted needs_info", "withdrawn"),
        _move("restore", _OFFICE, "merged not_accepted redirected", "submitted"),
        _move("claim", _DEPUTY, "with_deputy"),
        _move("pass", _DEPUTY, "with_deputy"),
        _move("answer", _DEPUTY, "with_deputy", "rating"),
        _move("take_over", _OFFICE | _SYSTEM, "with_deputy", "handed_over"),
        _move("hand_over", _DEPUTY, "with_deputy", "handed_over"),
        _move("send_back", _OFFICE, "handed_over", "with_deputy"),
        _move("dispatch", _OFFICE, "handed_over reopened", "assigned"),
        _move("take_back", _OFFICE | _SYSTEM, "assigned", "handed_over"),
        _move("report", DEPARTMENT_ROLES | _OFFICE, "assigned", "replied"),
        _move("accept_answer", _DEPUTY | _OFFICE, "replied", "rating"),
        _move("reject_answer", _DEPUTY | _OFFICE, "replied", "assigned"),
        _move("lapse_review", _SYSTEM, "replied", "rating"),
        _move("content", _RESIDENT, "rating", "closed"),
        _move("await_promise", _RESIDENT, "rating", "tracking"),
        _move("discontent", _RESIDENT, "rating", "reopened"),
        _move("lapse_rating", _SYSTEM, "rating", "closed"),
        _move("keep_promise", DEPARTMENT_ROLES, "tracking", "rating"),
        _move("break_promise", _OFFICE, "tracking", "reopened"),
        _move("look_back", _OFFICE, "closed"),
        _move("reopen", _OFFICE | _RESIDENT, "closed", "reopened"),
        _move("add", _RESIDENT, "submitted with_deputy handed_over assigned replied rating tracking reopened"),
    ],
)


class AssignmentState(StrEnum):
    """The states of one department's duty on one case (交办单)."""

    ASSIGNED = "assigned"
    ACKNOWLEDGED = "acknowledged"
    REPLIED = "replied"
    APPROVED = "approved"
    RETURN_REQUESTED = "return_requested"
    RETURNED = "returned"
    RECALLED = "recalled"


ASSIGNMENT = _workflow(
    "assignment",
    AssignmentState.ASSIGNED,
    [
        State("assigned", Phase.HANDLING, Party.DEPARTMENTS, clock="acknowledgement"),
        State("acknowledged", Phase.HANDLING, Party.DEPARTMENTS),
        State("replied", Phase.HANDLING, Party.DEPARTMENTS),
        State("return_requested", Phase.HANDLING, Party.OFFICE, clock="return_decision"),
        State("approved", Phase.HANDLING),
        State("returned", Phase.HANDLING),
        State("recalled", Phase.HANDLING),
    ],
    [
        _move("acknowledge", DEPARTMENT_ROLES, "assigned", "acknowledged"),
        _move("request_return", DEPARTMENT_ROLES, "assigned acknowledged", "return_requested"),
        _move("approve_return", _OFFICE, "return_requested", "returned"),
        _move("decline_return", _OFFICE, "return_requested", "assigned"),
        _move("request_extension", DEPARTMENT_ROLES, "acknowledged"),
        _move("decide_extension", _OFFICE, "assigned acknowledged replied return_requested"),
        _move("reply", DEPARTMENT_ROLES, "acknowledged", "replied"),
        _move("approve", {Role.APPROVER} | _OFFICE, "replied", "approved"),
        _move("reject", {Role.APPROVER} | _OFFICE, "replied", "acknowledged"),
        _move("resume", _DEPUTY | _OFFICE, "approved", "acknowledged"),
        _move("recall", _OFFICE | _SYSTEM, "assigned acknowledged replied return_requested approved", "recalled"),
    ],
)

WORKFLOWS = MappingProxyType({flow.kind: flow for flow in (MATTER, ASSIGNMENT)})
