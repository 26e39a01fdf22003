"""Boxes of work for each who works, their counts, and the notices of an account; within reach, always."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select, true, update

from liaison.db import session
from liaison.domain.actors import Actor, Role
from liaison.domain.calendar import local_day, start_of_day
from liaison.domain.errors import Invalid
from liaison.domain.workflow import Party
from liaison.models.assignments import Assignment, Extension
from liaison.models.cases import Case
from liaison.models.clocks import Clock
from liaison.models.notices import Notice
from liaison.services import content_checks
from liaison.services.figures import running
from liaison.services.listing import ANY, Place, Row, Wanted, list_assignments, list_cases
from liaison.services.reach import assignments_within, cases_within, conflicting

DEPUTY_BOXES = {
    "todo": ("with_deputy", "replied"),
    "doing": ("needs_info", "handed_over", "assigned", "rating", "tracking", "reopened"),
    "done": ("closed", "merged", "not_accepted", "redirected", "withdrawn"),
}
DEPARTMENT_BOXES = {
    "todo": ("assigned",),
    "doing": ("acknowledged", "replied", "return_requested"),
    "done": ("approved", "returned", "recalled"),
}
OFFICE_BOXES = ("screening", "dispatch", "decisions", "overdue", "supervised", "hinted", "all")
COUNTED = OFFICE_BOXES[:-1]
DIGEST_BOXES = ("today", "due_today", "yellow", "red", "supervised", "decisions")
HEADS_BOX = "late"
"""The box only the head of a department has: its yellow and red assignments."""

SIGNING_BOX = "signing"
"""The box only an approver has: the answers to sign, which are among what is to do as well."""


def deputy_box(
    actor: Actor, box: str, now: datetime, *, wanted: Wanted = ANY, after: Place | None, limit: int
) -> list[Row]:
    """A deputy's matters: todo waits for the deputy, doing for others, done for nobody."""
    states = Case.state.in_(_box(DEPUTY_BOXES, box))
    return list_cases([cases_within(actor), states], wanted, actor, now, after, limit)


def department_box(
    actor: Actor, box: str, now: datetime, *, wanted: Wanted = ANY, after: Place | None, limit: int
) -> list[Row]:
    """A department's assignments; what waits for a signature is todo for the approver, what is overdue the head's."""
    inside = [assignments_within(actor), _department_condition(actor, box, now)]
    return list_assignments(inside, wanted, actor, now, after, limit)


def office_box(
    actor: Actor, box: str, now: datetime, *, wanted: Wanted = ANY, after: Place | None, limit: int
) -> list[Row]:
    """The office's matters by box; Invalid for a box or state there is not."""
    inside = [cases_within(actor)] + ([_office_condition(box, now)] if box != "all" else [])
    return list_cases(inside, wanted, actor, now, after, limit)


def station_box(
    actor: Actor, now: datetime, *, wanted: Wanted = ANY, after: Place | None, limit: int
) -> list[Row]:
    """The matters told at a liaison's own station."""
    return list_cases([cases_within(actor)], wanted, actor, now, after, limit)


def office_counts(actor: Actor, now: datetime, boxes: Sequence[str] = COUNTED) -> dict[str, int]:
    """How many matters stand in each of those lists of the office."""
    counts = [func.count(case((_office_condition(box, now), 1))).label(box) for box in boxes]
    row = session.execute(select(*counts).outerjoin(Clock, Clock.id == Case.clock_id).where(cases_within(actor))).one()
    return dict(row._mapping)


def department_counts(actor: Actor, now: datetime) -> dict[str, int]:
    """How many assignments stand in each of the department's boxes; to sign for the approver, overdue for its head."""
    boxes = [SIGNING_BOX] if actor.role is Role.APPROVER else []
    boxes += [*DEPARTMENT_BOXES, *([HEADS_BOX] if actor.head else [])]
    counts = [func.count(case((_department_condition(actor, box, now), 1))).label(box) for box in boxes]
    counted = select(*counts).select_from(Assignment)
    if actor.head:
        counted = counted.outerjoin(Clock, Clock.id == Assignment.clock_id)
    return dict(session.execute(counted.where(assignments_within(actor))).one()._mapping)


def deputy_counts(actor: Actor) -> dict[str, int]:
    """How many matters stand in each of the deputy's boxes."""
    counted = select(Case.state, func.count()).where(cases_within(actor)).group_by(Case.state)
    by_state = dict(session.execute(counted).all())
    return {box: sum(by_state.get(state, 0) for state in states) for box, states in DEPUTY_BOXES.items()}


def count_unread(actor: Actor) -> int:
    """How many notices in the account's inbox have not been opened."""
    return session.scalar(select(func.count()).select_from(Notice).where(*_unread(actor)))


def mark_read(actor: Actor, now: datetime) -> None:
    """Remember that the account has opened its inbox."""
    read = update(Notice).where(*_unread(actor)).values(read_at=now)
    session.execute(read, execution_options={"synchronize_session": False})


def notices_for(actor: Actor, limit: int = 50) -> Sequence[tuple[Notice, str | None]]:
    """The newest notices in an account's inbox, each with its case's number; a digest is about no case."""
    return session.execute(
        select(Notice, Case.number)
        .outerjoin(Case, Case.id == Notice.case_id)
        .where(*_inbox(actor))
        .order_by(Notice.created_at.desc())
        .limit(limit)
    ).all()


def _unread(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    return (*_inbox(actor), Notice.read_at.is_(None))


def _inbox(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    """The notices in an account's inbox, those about cases it is in conflict with left out."""
    mine = (Notice.recipient_id == actor.account_id, Notice.channel == "inbox", Notice.state != "cancelled")
    return (*mine, or_(Notice.case_id.is_(None), Notice.case_id.not_in(conflicting(actor))))


def _department_condition(actor: Actor, box: str, now: datetime) -> ColumnElement[bool]:
    if box == "all":
        return true()
    if box == HEADS_BOX and actor.head:
        return and_(Clock.yellow_at <= now, running(), Clock.owner == Party.DEPARTMENTS)
    if box == SIGNING_BOX and actor.role is Role.APPROVER:
        return Assignment.state == "replied"
    states = set(_box(DEPARTMENT_BOXES, box))
    if actor.role is Role.APPROVER and box != "done":
        states = states | {"replied"} if box == "todo" else states - {"replied"}
    return Assignment.state.in_(states)


def _office_condition(box: str, now: datetime) -> ColumnElement[bool]:
    match box:
        case "screening":
            return Case.state == "submitted"
        case "hinted":
            return and_(content_checks.is_flagged(), Case.closed_at.is_(None))
        case "dispatch":
            return Case.state.in_(("handed_over", "reopened"))
        case "decisions":
            asked = (
                select(Extension.assignment_id)
                .join(Clock, Clock.id == Extension.clock_id)
                .where(Extension.granted.is_(None), Clock.stopped_at.is_(None))
            )
            waiting = or_(Assignment.state == "return_requested", Assignment.id.in_(asked))
            return exists().where(Assignment.case_id == Case.id, waiting)
        case "overdue":
            return and_(Clock.due_at < now, running())
        case "supervised":
            return and_(Case.supervised_at.is_not(None), Case.closed_at.is_(None))
        case "today":
            return Case.created_at >= start_of_day(local_day(now))
        case "due_today":
            return and_(Clock.due_on == local_day(now), running())
        case "yellow":
            return and_(Clock.yellow_at <= now, Clock.red_at > now, running())
        case "red":
            return and_(Clock.red_at <= now, running())
    raise Invalid({"box": ["没有这个分类。"]})


def _box(boxes: dict[str, tuple[str, ...]], box: str) -> tuple[str, ...]:
    if box not in boxes:
        raise Invalid({"box": ["没有这个分类。"]})
    return boxes[box]
