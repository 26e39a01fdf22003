"""Departments' duty on a case: dispatch, sign for, return. Serves every kind of case."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select

from liaison.db import session
from liaison.domain.actors import SYSTEM, Actor
from liaison.domain.clocks import assisting_term
from liaison.domain.errors import Invalid, NotFound, WrongState
from liaison.domain.terms import COMPLEXITIES
from liaison.domain.workflow import ASSIGNMENT, AssignmentState
from liaison.models.assignments import Assignment
from liaison.models.base import new_id
from liaison.models.cases import Case, Event
from liaison.models.clocks import Clock
from liaison.models.departments import Department
from liaison.services import cases, clocks, recipients
from liaison.services.announcements import announce
from liaison.services.parties import parties_of
from liaison.services.reach import assignments_within

LEAD, ASSISTING, SEPARATE = "lead", "assisting", "separate"
MOST_DIGITS = 4  # no case has so many assignments, and no column takes much more
HIGHEST_LEVEL = 2  # handler, head of the department, leader in charge of it
_BARRED = (
    "“{}”是这件事项反映的单位，不能由它承办：请交给它的上级单位，或由人大办直接办理；"
    "确需由它自己说明情况的，先写明理由“解除回避”，之后它看得到事项，仍看不到是谁反映的。"
)
ENDED = (AssignmentState.APPROVED, AssignmentState.RETURNED, AssignmentState.RECALLED)


class Held(NamedTuple):
    """An assignment and its case, both locked."""

    case: Case
    assignment: Assignment


def dispatch(
    actor: Actor,
    number: str,
    *,
    lead: str | None,
    assisting: Sequence[str] = (),
    separate: Sequence[str] = (),
    complexity: str,
    text: str = "",
    now: datetime,
) -> Case:
    """Assign a case to a lead department and those assisting it, or to several separately; their clocks start now.

    A case opened again goes one level higher than before. Raises Invalid for unknown or repeated departments.
    """
    case = cases.lock_case(actor, number)
    parts = _parts(lead, assisting, separate)
    _refuse_barred(case, parts)
    if complexity not in COMPLEXITIES:
        raise Invalid({"complexity": ["请选择办理难度。"]})
    again = case.state == "reopened"
    event = cases.move(
        case,
        "dispatch",
        actor,
        now,
        text=text,
        data={"departments": [[part, department.name] for part, department in parts], "complexity": complexity},
    )
    level = _next_level(case) if again else 0
    case.round += again
    for position, (part, department) in enumerate(parts, start=_count(case) + 1):
        _assign(case, position, part, department, complexity, level, now)
    announce(case, event, now)
    return case


def acknowledge(actor: Actor, reference: str, *, now: datetime) -> Assignment:
    """Sign for an assignment; the handling clock has been running since it was assigned."""
    case, assignment = hold(actor, reference)
    advance(assignment, "acknowledge", actor)
    assignment.acknowledged_at, assignment.acknowledged_by_id = now, actor.account_id
    stop_clocks(assignment, ("acknowledgement",), now)
    assignment.clock_id = handling_clock(assignment).id
    announce(case, record_on(case, assignment, "acknowledge", actor, now), now, to=())
    return assignment


def request_return(actor: Actor, reference: str, reason: str, belongs_to: str | None, *, now: datetime) -> Assignment:
    """Ask the office to take an assignment back, once, within the term for it, with a reason.

    Raises WrongState when it was refused before or the term is over.
    """
    case, assignment = hold(actor, reference)
    if assignment.locked:
        raise WrongState(
            "退办申请已被驳回过一次，不能再次申请，请按时办理。", state=assignment.state, waiting_for="departments"
        )
    term = clocks.term_for(case, "return_request")
    if clocks.passed(assignment.assigned_at, term.amount, now):
        raise WrongState(
            f"退办须在交办后 {term.amount} 个工作日内申请，现已超过。",
            state=assignment.state,
            waiting_for="departments",
        )
    other = get_department(belongs_to) if belongs_to else None
    advance(assignment, "request_return", actor)
    assignment.return_reason, assignment.belongs_to_id = reason, other.id if other else None
    stop_clocks(assignment, ("acknowledgement",), now)
    clock = clocks.start(
        case, "return_decision", "office", clocks.term_for(case, "return_decision"), now, assignment_id=assignment.id
    )
    assignment.clock_id = clock.id
    data = {"belongs_to": other.name if other else None}
    event = record_on(case, assignment, "request_return", actor, now, text=reason, internal=True, data=data)
    announce(case, event, now, to=recipients.office(case))
    return assignment


def decide_return(actor: Actor, number: str, reference: str, approve: bool, text: str, *, now: datetime) -> Case:
    """Grant a return, or decline it and lock the assignment against another.

    A lead's return takes the whole round back to the office; an assisting one's only itself.
    """
    case, assignment = hold(actor, reference, number)
    advance(assignment, "approve_return" if approve else "decline_return", actor)
    stop_clocks(assignment, ("return_decision",), now)
    if approve:
        assignment.ended_at = now
        clocks.stop_all(case.id, now, assignment_id=assignment.id)
        event = record_on(case, assignment, "approve_return", actor, now, text=text, internal=True)
        announce(case, event, now, to=recipients.department(case, assignment.department_id))
        _take_back_unless_led(case, assignment, actor, now)
        return case
    assignment.locked = True
    clock = clocks.start(
        case,
        "acknowledgement",
        "departments",
        clocks.term_for(case, "acknowledgement"),
        now,
        assignment_id=assignment.id,
    )
    assignment.clock_id = clock.id
    event = record_on(case, assignment, "decline_return", actor, now, text=text, internal=True)
    announce(case, event, now, to=recipients.department(case, assignment.department_id))
    return case


def recall(case: Case, departments: Collection[UUID], actor: Actor, now: datetime) -> None:
    """Take a case out of the hands of these departments; without a lead the whole round goes back to the office."""
    held = [each for each in in_round(case) if each.department_id in departments and each.state not in ENDED]
    for each in held:
        advance(each, "recall", SYSTEM)
        each.ended_at = now
        clocks.stop_all(case.id, now, assignment_id=each.id)
    for each in held:
        if case.state == "assigned":
            _take_back_unless_led(case, each, actor, now)


def hold(actor: Actor, reference: str, number: str | None = None) -> Held:
    """The assignment called `reference` (case number, dot, position) and its case, both locked.

    Raises NotFound when there is none, it is out of reach, or it is not of case `number`.
    """
    of_case, _, position = reference.rpartition(".")
    if not position.isdecimal() or len(position) > MOST_DIGITS or (number is not None and of_case != number):
        raise NotFound()
    case = cases.lock_case(actor, of_case)
    assignment = session.scalar(
        select(Assignment)
        .where(Assignment.case_id == case.id, Assignment.position == int(position), assignments_within(actor))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if assignment is None:
        raise NotFound()
    return Held(case, assignment)


def get_department(code: str) -> Department:
    """The active department of that code, which stays so until this is done. Raises Invalid for `departments`."""
    wanted = select(Department).where(Department.code == code, Department.active)
    found = session.scalar(wanted.with_for_update(read=True, key_share=True))
    if found is None:
        raise Invalid({"departments": [f"没有代号为“{code}”的承办单位，请重新选择。"]})
    return found


def _parts(lead: str | None, assisting: Sequence[str], separate: Sequence[str]) -> list[tuple[str, Department]]:
    wanted = [(LEAD, code) for code in [lead] if code]
    wanted += [(ASSISTING, code) for code in assisting] + [(SEPARATE, code) for code in separate]
    codes = [code for _, code in wanted]
    if (not lead and not separate) or (lead and separate):
        raise Invalid({"lead": ["请选择一个主办单位；几家各办各的，请都选为分办。"]})
    if separate and assisting:
        raise Invalid({"assisting": ["分办的事项没有协办单位，请把它们都选为分办。"]})
    if len(set(codes)) != len(codes):
        raise Invalid({"assisting": ["同一个单位不能重复选择。"]})
    return [(part, get_department(code)) for part, code in wanted]


def _refuse_barred(case: Case, parts: Sequence[tuple[str, Department]]) -> None:
    """Raise Invalid, naming the way out, when a matter is to go to whom it is about."""
    barred = parties_of(case.id).departments
    faults = {part: [_BARRED.format(each.name)] for part, each in parts if each.id in barred}
    if faults:
        raise Invalid(faults)


def _assign(
    case: Case, position: int, part: str, department: Department, complexity: str, level: int, now: datetime
) -> None:
    assignment = Assignment(
        id=new_id(),
        case_id=case.id,
        position=position,
        round=case.round,
        department_id=department.id,
        part=part,
        level=level,
        complexity=complexity,
        state=ASSIGNMENT.initial,
        assigned_at=now,
    )
    session.add(assignment)
    term = clocks.term_for(case, complexity)
    term = assisting_term(term) if part == ASSISTING else term
    handling = clocks.start(case, "handling", "departments", term, now, assignment_id=assignment.id)
    signing = clocks.term_for(case, "acknowledgement")
    assignment.clock_id = clocks.start(
        case, "acknowledgement", "departments", signing, now, assignment_id=assignment.id
    ).id
    if part != ASSISTING:
        case.clock_id = handling.id


def advance(assignment: Assignment, code: str, actor: Actor) -> None:
    """Make a move the table of assignments allows. Raises NotAllowed or WrongState."""
    step = ASSIGNMENT.check(assignment.state, code, actor.role)
    assignment.state = ASSIGNMENT.target(assignment.state, step, None)


def record_on(
    case: Case,
    assignment: Assignment,
    kind: str,
    actor: Actor,
    now: datetime,
    *,
    text: str = "",
    internal: bool = False,
    data: dict | None = None,
) -> Event:
    """Write an event about one assignment into the case's chain."""
    department = session.get_one(Department, assignment.department_id)
    facts = {"department": department.name, "position": assignment.position, "part": assignment.part, **(data or {})}
    return cases.record(case, kind, actor, now, text=text, data=facts, internal=internal)


def _take_back_unless_led(case: Case, returned: Assignment, actor: Actor, now: datetime) -> None:
    """After a return: without a lead the round goes back to the office; without open work it is reported."""
    others = [each for each in in_round(case) if each is not returned]
    still_led = any(each.part != ASSISTING and each.state not in ENDED[1:] for each in others)
    if returned.part == ASSISTING or still_led:
        if returned.part == SEPARATE and not unanswered(case):
            announce(case, cases.move(case, "report", actor, now), now)
        elif returned.part == SEPARATE:
            show_clock(case)
        return
    for each in others:
        if each.state not in ENDED:
            advance(each, "recall", actor)
            each.ended_at = now
        clocks.stop_all(case.id, now, assignment_id=each.id)
    announce(case, cases.move(case, "take_back", actor, now), now)


def in_round(case: Case) -> list[Assignment]:
    """The assignments of the case's current round in their order."""
    return list(
        session.scalars(
            select(Assignment)
            .where(Assignment.case_id == case.id, Assignment.round == case.round)
            .order_by(Assignment.position)
        )
    )


def unanswered(case: Case) -> list[Assignment]:
    """The assignments of this round whose answer the case still needs."""
    return [each for each in in_round(case) if each.part != ASSISTING and each.state not in ENDED]


def handling_clock(assignment: Assignment) -> Clock:
    """The running clock of the work itself."""
    return session.scalars(
        select(Clock).where(
            Clock.assignment_id == assignment.id, Clock.kind.in_(("handling", "rework")), Clock.stopped_at.is_(None)
        )
    ).one()


def show_clock(case: Case) -> None:
    """Let lists show the clock of the work that is due first among what the case still needs."""
    case.clock_id = min((handling_clock(each) for each in unanswered(case)), key=lambda clock: clock.due_at).id


def stop_clocks(assignment: Assignment, kinds: tuple[str, ...], now: datetime) -> None:
    """Stop those running clocks of an assignment."""
    running = select(Clock).where(
        Clock.assignment_id == assignment.id, Clock.kind.in_(kinds), Clock.stopped_at.is_(None)
    )
    for clock in session.scalars(running):
        clocks.stop(clock, now)


def _next_level(case: Case) -> int:
    highest = session.scalar(select(func.max(Assignment.level)).where(Assignment.case_id == case.id))
    return 0 if highest is None else min(highest + 1, HIGHEST_LEVEL)


def _count(case: Case) -> int:
    return session.scalar(select(func.count()).select_from(Assignment).where(Assignment.case_id == case.id))
