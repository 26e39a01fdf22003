"""The one extension a handling clock may get: asked before expiry with a reason, decided by the office."""

from datetime import datetime

from sqlalchemy import select

from liaison.db import session
from liaison.domain.actors import Actor
from liaison.domain.errors import Conflict, Invalid, WrongState
from liaison.models.assignments import Assignment, Extension
from liaison.models.clocks import Clock
from liaison.services import clocks, preferences, recipients
from liaison.services.announcements import announce
from liaison.services.assignments import advance, handling_clock, hold, record_on

LONGEST = 15  # working days: no more than the longest term itself


def request_extension(actor: Actor, reference: str, working_days: int, reason: str, *, now: datetime) -> Assignment:
    """Ask the office for more working days. Raises WrongState after expiry, Conflict when asked before."""
    case, assignment = hold(actor, reference)
    longest = preferences.in_force("extension_longest", case.region_path)
    if not 1 <= working_days <= longest:
        raise Invalid({"working_days": [f"可申请延长 1 到 {longest} 个工作日。"]})
    advance(assignment, "request_extension", actor)
    clock = handling_clock(assignment)
    if now > clock.due_at:
        raise WrongState(
            "已经超过办理时限，不能再申请延期，请尽快答复。", state=assignment.state, waiting_for="departments"
        )
    if session.scalar(select(Extension.id).where(Extension.clock_id == clock.id)):
        raise Conflict("这个时限已经申请过一次延期，不能再次申请。")
    session.add(
        Extension(
            clock_id=clock.id,
            assignment_id=assignment.id,
            working_days=working_days,
            reason=reason,
            asked_by_id=actor.account_id,
            asked_at=now,
        )
    )
    event = record_on(
        case,
        assignment,
        "request_extension",
        actor,
        now,
        text=reason,
        internal=True,
        data={"working_days": working_days},
    )
    announce(case, event, now, to=recipients.office(case))
    return assignment


def decide_extension(
    actor: Actor, number: str, reference: str, approve: bool, text: str, *, now: datetime
) -> Assignment:
    """Grant or decline the extension asked for; a granted one is told to the resident with its reason."""
    case, assignment = hold(actor, reference, number)
    asked = session.scalar(
        select(Extension)
        .join(Clock, Clock.id == Extension.clock_id)
        .where(Extension.assignment_id == assignment.id, Extension.granted.is_(None), Clock.stopped_at.is_(None))
    )
    if asked is None:
        raise Conflict("没有待决定的延期申请，可能已有同事处理，请刷新查看。")
    advance(assignment, "decide_extension", actor)
    asked.granted, asked.decided_at = approve, now
    if approve:
        clocks.extend(handling_clock(assignment), asked.working_days, now)
    kind = "grant_extension" if approve else "decline_extension"
    data = {"working_days": asked.working_days, "reason": asked.reason}
    event = record_on(case, assignment, kind, actor, now, text=text, internal=not approve, data=data)
    announce(case, event, now, to=recipients.department(case, assignment.department_id))
    return assignment
