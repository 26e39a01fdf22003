"""What the tables of moves promise, whatever stands in them."""

import pytest

from liaison.domain.actors import Role
from liaison.domain.errors import NotAllowed, WrongState
from liaison.domain.terms import DEFAULT_TERMS
from liaison.domain.workflow import ASSIGNMENT, MATTER, WORKFLOWS, Move, Workflow
from liaison.web.labels import LABELS

FLOWS = pytest.mark.parametrize("flow", WORKFLOWS.values(), ids=lambda flow: flow.kind)
UNTIL_A_DATE = {"promise"}  # its length is the promise's own, not a term of the region's

# DOMAIN §2, read off its table, with what a resident or the office may do at any time left out.
NEXT = {
    "submitted": {"needs_info", "with_deputy", "handed_over", "merged", "not_accepted", "redirected", "withdrawn"},
    "needs_info": {"submitted", "with_deputy", "withdrawn"},
    "with_deputy": {"rating", "handed_over", "needs_info", "not_accepted", "redirected"},
    "handed_over": {"assigned", "with_deputy"},
    "assigned": {"replied", "handed_over"},
    "replied": {"rating", "assigned"},
    "rating": {"closed", "tracking", "reopened"},
    "tracking": {"rating", "reopened"},
    "reopened": {"assigned"},
    "closed": {"reopened"},
    "merged": {"submitted"},
    "not_accepted": {"submitted"},
    "redirected": {"submitted"},
    "withdrawn": set(),
}


def steps(flow: Workflow, state: str) -> list[tuple[Move, str]]:
    """The moves out of a state with where each leads; one that goes back leads to every state it was entered from."""
    found = []
    for move in flow.moves.values():
        if state in move.sources:
            entered = [each for each in flow.moves.values() if each.target == state] if move.back else []
            targets = {source for each in entered for source in each.sources} or {flow.target(state, move, None)}
            found += [(move, target) for target in targets]
    return found


@FLOWS
def test_every_state_is_reachable(flow: Workflow) -> None:
    reached, front = {flow.initial}, [flow.initial]
    while front:
        new = {target for _, target in steps(flow, front.pop())} - reached
        reached |= new
        front += new
    assert reached == set(flow.states)


@FLOWS
def test_every_state_that_waits_has_a_way_out_for_the_one_it_waits_for(flow: Workflow) -> None:
    roles = {
        "office": {Role.OFFICE, Role.OFFICE_LEAD},
        "deputy": {Role.DEPUTY},
        "departments": {Role.HANDLER, Role.APPROVER},
        "lead": {Role.HANDLER, Role.APPROVER},
        "resident": {Role.RESIDENT},
    }
    for code, state in flow.states.items():
        ways = [move for move, target in steps(flow, code) if target != code]
        if state.waits_for:
            assert any(move.roles & roles[state.waits_for] for move in ways), code


@FLOWS
def test_a_state_is_terminal_exactly_when_it_waits_for_nobody(flow: Workflow) -> None:
    assert {code for code, state in flow.states.items() if state.waits_for is None} == flow.terminal
    assert all(flow.states[code].clock is None for code in flow.terminal)
    assert flow.initial not in flow.terminal


@FLOWS
def test_moves_name_states_that_exist(flow: Workflow) -> None:
    for move in flow.moves.values():
        assert move.sources and move.sources <= set(flow.states)
        assert move.target is None or move.target in flow.states
        assert not (move.target and move.back)
        assert move.roles


@FLOWS
def test_a_lapse_is_a_move_of_the_system_alone_from_that_state_and_runs_on_a_clock(flow: Workflow) -> None:
    for code, state in flow.states.items():
        if state.lapse:
            move = flow.moves[state.lapse]
            assert move.roles == {Role.SYSTEM} and code in move.sources and state.clock
    lapses = {state.lapse for state in flow.states.values()}
    assert {code for code in flow.moves if code.startswith("lapse_")} <= lapses


@FLOWS
def test_every_clock_of_a_state_has_a_term(flow: Workflow) -> None:
    clocks = {state.clock for state in flow.states.values() if state.clock}
    assert clocks - UNTIL_A_DATE <= set(DEFAULT_TERMS)


@FLOWS
@pytest.mark.parametrize("role", list(Role))
def test_no_move_is_made_by_a_wrong_role_or_from_a_wrong_state(flow: Workflow, role: Role) -> None:
    for state in flow.states:
        made = []
        for move in flow.moves.values():
            try:
                made.append(flow.check(state, move.code, role).code)
            except NotAllowed:
                assert role not in move.roles
            except WrongState as refusal:
                assert role in move.roles and state not in move.sources
                assert refusal.state == state and refusal.waiting_for == flow.states[state].waits_for
            else:
                assert role in move.roles and state in move.sources
        assert made == flow.moves_for(state, role)


@pytest.mark.parametrize("state", NEXT)
def test_a_matter_moves_as_the_domain_says(state: str) -> None:
    assert {target for _, target in steps(MATTER, state)} - {state} == NEXT[state]


def test_the_domain_is_told_of_every_state() -> None:
    assert set(NEXT) == set(MATTER.states)


def test_nobody_but_the_resident_rates() -> None:
    raters = [MATTER.moves[code].roles for code in ("content", "discontent", "await_promise")]
    assert raters == [{Role.RESIDENT}] * 3


def test_a_silent_rating_closes_as_unrated_not_as_content() -> None:
    assert MATTER.state("rating").lapse == "lapse_rating"
    assert MATTER.moves["lapse_rating"].target == "closed"


def test_a_matter_waits_for_the_resident_without_losing_where_it_was() -> None:
    move = MATTER.moves["supply"]
    assert MATTER.target("needs_info", move, "with_deputy") == "with_deputy"
    assert MATTER.target("needs_info", move, "submitted") == "submitted"


def test_every_state_move_clock_and_phase_has_words() -> None:
    assert set(MATTER.states) <= set(LABELS["state"])
    assert set(ASSIGNMENT.states) <= set(LABELS["part_state"])
    assert set(MATTER.moves) <= set(LABELS["event"])
    for flow in WORKFLOWS.values():
        assert {state.phase for state in flow.states.values()} <= set(LABELS["phase"])
        assert {state.waits_for for state in flow.states.values() if state.waits_for} <= set(LABELS["party"])
        assert {state.clock for state in flow.states.values() if state.clock} <= set(LABELS["clock"])


def test_a_kind_of_case_is_known_by_its_name() -> None:
    assert WORKFLOWS == {"matter": MATTER, "assignment": ASSIGNMENT}
    assert [(flow.kind, flow.initial) for flow in (MATTER, ASSIGNMENT)] == [
        ("matter", "submitted"),
        ("assignment", "assigned"),
    ]
