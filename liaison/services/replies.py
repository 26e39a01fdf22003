"""Departments' answers: written, signed by the approver, sent back, and promises kept. Serves every kind of case."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from liaison.db import session
from liaison.domain.actors import Actor, Role
from liaison.domain.errors import Conflict, Invalid, WrongState
from liaison.domain.outcomes import guard_reply
from liaison.domain.workflow import AssignmentState
from liaison.models.assignments import Assignment, Reply
from liaison.models.base import new_id
from liaison.models.cases import Case
from liaison.models.departments import Department
from liaison.services import cases, clocks, preferences, recipients
from liaison.services.announcements import announce
from liaison.services.assignments import (
    ASSISTING,
    ENDED,
    LEAD,
    advance,
    hold,
    in_round,
    record_on,
    show_clock,
    unanswered,
)
from liaison.services.attachments import attach
from liaison.services.photos import Kept


@dataclass(frozen=True)
class Answer:
    """A department's answer as it was written; `files` are stored already."""

    text: str
    outcome: str
    measures: str
    owner: str
    promised_on: date | None = None
    files: Sequence[Kept] = ()


def reply(actor: Actor, reference: str, answer: Answer, *, today: date, now: datetime) -> Assignment:
    """Write the department's answer for its approver to sign.

    The lead answers once, jointly: raises WrongState while assisting opinions are missing, and Invalid
    naming what the reply guard misses.
    """
    case, assignment = hold(actor, reference)
    advance(assignment, "reply", actor)
    if assignment.part == LEAD and (missing := _missing_opinions(assignment)):
        raise WrongState(
            f"还有协办单位没有报来意见（{'、'.join(missing)}），请等齐后一并答复。",
            state=assignment.state,
            waiting_for="departments",
        )
    written = write_reply(case, assignment, actor, answer, today=today, now=now)
    event = record_on(case, assignment, "reply", actor, now, internal=True, data={"reply": said(written.id, answer)})
    announce(case, event, now, to=recipients.department(case, assignment.department_id, roles=(Role.APPROVER,)))
    return assignment


def decide_reply(
    actor: Actor, reference: str, approve: bool, text: str, *, number: str | None = None, now: datetime
) -> Assignment:
    """Sign a reply (签发) or give it back to the handler with a reason; the last signature reports the case.

    Raises NotFound when the assignment is not of case `number`.
    """
    case, assignment = hold(actor, reference, number)
    if not approve and not text:
        raise Invalid({"text": ["请说明需要修改的地方。"]})
    advance(assignment, "approve" if approve else "reject", actor)
    draft = _latest_reply(assignment)
    if not approve:
        draft.rejected_at = now
        event = record_on(case, assignment, "reject", actor, now, text=text, internal=True)
        announce(case, event, now, to=recipients.department(case, assignment.department_id))
        return assignment
    draft.approved_at, assignment.ended_at = now, now
    clocks.stop_all(case.id, now, assignment_id=assignment.id)
    event = record_on(case, assignment, "approve", actor, now, internal=assignment.part == ASSISTING)
    if not unanswered(case):
        announce(case, cases.move(case, "report", actor, now), now)  # the deputy reads the words before the resident
    elif assignment.part == ASSISTING:
        announce(case, event, now)
    else:
        show_clock(case)
    return assignment


def resume(case: Case, actor: Actor, now: datetime) -> None:
    """Give answered work back to the departments that answered for the case, on a short clock."""
    term = clocks.term_for(case, "rework")
    for assignment in in_round(case):
        if assignment.part == ASSISTING or assignment.state != AssignmentState.APPROVED:
            continue
        advance(assignment, "resume", actor)
        assignment.ended_at = None
        clock = clocks.start(case, "rework", "departments", term, now, assignment_id=assignment.id)
        assignment.clock_id = case.clock_id = clock.id


def keep_promise(actor: Actor, reference: str, answer: Answer, *, today: date, now: datetime) -> Case:
    """Report that what was promised is done; the resident is asked for a rating again."""
    case, assignment = hold(actor, reference)
    if assignment.part == ASSISTING or assignment.round != case.round:
        raise Conflict("承诺由本轮的主办单位销号，请联系主办单位。")
    id_ = new_id()
    event = cases.move(case, "keep_promise", actor, now, text=answer.text, data={"reply": said(id_, answer)})
    written = write_reply(case, assignment, actor, answer, id_, today=today, now=now)
    written.approved_at = now
    announce(case, event, now)
    return case


def said(id_: UUID, answer: Answer | Reply) -> dict[str, str | None]:
    """What an event holds of an answer, so that the chain vouches for the words people read (`verification`)."""
    return {
        "id": str(id_),
        "text": answer.text,
        "outcome": answer.outcome,
        "measures": answer.measures,
        "owner": answer.owner,
        "promised_on": answer.promised_on.isoformat() if answer.promised_on else None,
    }


def asked_of(region_path: str) -> dict[str, Any]:
    """What a region asks of every answer beyond the rules, for the reply guard."""
    return {
        "shortest": preferences.in_force("answer_shortest", region_path),
        "longest_promise": timedelta(days=preferences.in_force("answer_promise", region_path)),
    }


def write_reply(
    case: Case,
    assignment: Assignment,
    actor: Actor,
    answer: Answer,
    id_: UUID | None = None,
    *,
    today: date,
    now: datetime,
) -> Reply:
    """Keep an answer that passes the reply guard, with its files. Raises Invalid with what is missing."""
    if assignment.part != ASSISTING:  # an opinion is read by the lead, not by the resident
        guard_reply(
            answer.text,
            answer.outcome,
            measures=answer.measures,
            owner=answer.owner,
            promised_on=answer.promised_on,
            evidence=bool(answer.files),
            today=today,
            **asked_of(case.region_path),
        )
    written = Reply(
        id=id_ or new_id(),
        case_id=case.id,
        assignment_id=assignment.id,
        round=case.round,
        by_role=actor.role,
        by_id=actor.account_id,
        by_name=actor.name,
        text=answer.text,
        outcome=answer.outcome,
        measures=answer.measures,
        owner=answer.owner,
        promised_on=answer.promised_on,
        at=now,
    )
    session.add(written)
    session.flush()
    attach(case, actor.role, answer.files, now, reply_id=written.id)
    return written


def _missing_opinions(lead: Assignment) -> list[str]:
    return list(
        session.scalars(
            select(Department.name)
            .join(Assignment, Assignment.department_id == Department.id)
            .where(
                Assignment.case_id == lead.case_id,
                Assignment.round == lead.round,
                Assignment.part == ASSISTING,
                Assignment.state.not_in(ENDED),
            )
        )
    )


def _latest_reply(assignment: Assignment) -> Reply:
    return session.scalars(
        select(Reply).where(Reply.assignment_id == assignment.id).order_by(Reply.at.desc(), Reply.id.desc()).limit(1)
    ).one()
