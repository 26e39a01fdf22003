"""Boxes of work for each who works, their counts, and the notices of an account; within reach, always."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache, partial

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, func, or_, select, true, update
from sqlalchemy.orm import aliased

from liaison.db import session
from liaison.domain.actors import Actor, Role
from liaison.domain.errors import Invalid
from liaison.domain.workflow import Party
from liaison.models.assignments import Assignment, Extension
from liaison.models.base import fixed
from liaison.models.cases import Case
from liaison.models.clocks import Clock
from liaison.models.notices import Notice
from liaison.services import content_checks
from liaison.services.figures import running
from liaison.services.listing import (
    MIDNIGHT,
    NOW,
    TODAY,
    Asked,
    Place,
    Row,
    assignment_rows,
    case_rows,
    moments,
    read,
    shown_of,
)
from liaison.services.reach import assignments_within, cases_within, conflicting
from liaison.services.wanted import ANY, Wanted

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
TIMED = frozenset({"overdue", "due_today", "yellow", "red"})
"""Boxes of what the clock a case shows says."""

COUNTED_TO = 500
"""How far boxes are counted: with more than that in hand nobody asks how many more, and to count them all takes the
longer the more there are."""

KEPT = 32
"""Queries kept of each kind, 200 kB each: building one takes longer than asking it, and a clerk asks the same few all
day."""

HEADS_BOX = "late"
"""The box only the head of a department has: its yellow and red assignments."""

SIGNING_BOX = "signing"
"""The box only an approver has: the answers to sign, which are among what is to do as well."""


def deputy_box(
    actor: Actor, box: str, now: datetime, *, wanted: Wanted = ANY, after: Place | None, limit: int
) -> list[Row]:
    """A deputy's matters: todo waits for the deputy, doing for others, done for nobody."""
    return read(partial(_deputy_rows, actor, box), wanted, actor, now, after, limit)


def department_box(
    actor: Actor, box: str, now: datetime, *, wanted: Wanted = ANY, after: Place | None, limit: int
) -> list[Row]:
    """A department's assignments; what waits for a signature is todo for the approver, what is overdue the head's."""
    return read(partial(_department_rows, actor, box), wanted, actor, now, after, limit)


def office_box(
    actor: Actor, box: str, now: datetime, *, wanted: Wanted = ANY, after: Place | None, limit: int
) -> list[Row]:
    """The office's matters by box; Invalid for a box or state there is not."""
    return read(partial(_office_rows, actor, box), wanted, actor, now, after, limit, whole=box == "all")


def station_box(actor: Actor, now: datetime, *, wanted: Wanted = ANY, after: Place | None, limit: int) -> list[Row]:
    """The matters told at a liaison's own station."""
    return read(partial(_station_rows, actor), wanted, actor, now, after, limit)


def office_counts(actor: Actor, now: datetime, boxes: Sequence[str] = COUNTED) -> dict[str, int]:
    """How many matters stand in each of those lists of the office, no further than `COUNTED_TO`."""
    return dict(session.execute(_office_counts(actor, tuple(boxes)), moments(now)).one()._mapping)


def department_counts(actor: Actor, now: datetime) -> dict[str, int]:
    """How many assignments stand in each of the department's boxes; to sign for the approver, overdue for its head."""
    return dict(session.execute(_department_counts(actor), moments(now)).one()._mapping)


def deputy_counts(actor: Actor) -> dict[str, int]:
    """How many matters stand in each of the deputy's boxes."""
    return dict(session.execute(_deputy_counts(actor)).one()._mapping)


def unread(actor: Actor) -> ScalarSelect[int]:
    """How many notices in the account's inbox have not been opened, no further than `COUNTED_TO`; part of a query."""
    return _bounded(select(Notice.id).where(*_unread(actor)))


@lru_cache(KEPT)
def _deputy_rows(actor: Actor, box: str, asked: Asked) -> Select:
    states_of(DEPUTY_BOXES, box)
    return case_rows([cases_within(actor), func.deputy_box(Case.state) == fixed(box)], asked, actor)


@lru_cache(KEPT)
def _department_rows(actor: Actor, box: str, asked: Asked) -> Select:
    return assignment_rows([assignments_within(actor), _department_condition(actor, box)], asked, actor)


@lru_cache(KEPT)
def _office_rows(actor: Actor, box: str, asked: Asked) -> Select:
    return case_rows([cases_within(actor)] + ([_office_condition(box)] if box != "all" else []), asked, actor)


@lru_cache(KEPT)
def _station_rows(actor: Actor, asked: Asked) -> Select:
    return case_rows([cases_within(actor)], asked, actor)


@lru_cache(KEPT)
def _office_counts(actor: Actor, boxes: tuple[str, ...]) -> Select:
    rows = select(Case.id).where(cases_within(actor))
    timed = rows.join(Clock, shown_of(Case))
    return _counted({box: (timed if box in TIMED else rows).where(_office_condition(box)) for box in boxes})


@lru_cache(KEPT)
def _department_counts(actor: Actor) -> Select:
    boxes = [SIGNING_BOX] if actor.role is Role.APPROVER else []
    boxes += [*DEPARTMENT_BOXES, *([HEADS_BOX] if actor.head else [])]
    rows = select(Assignment.id).where(assignments_within(actor))
    timed = rows.join(Clock, shown_of(Assignment))
    return _counted(
        {box: (timed if box == HEADS_BOX else rows).where(_department_condition(actor, box)) for box in boxes}
    )


@lru_cache(KEPT)
def _deputy_counts(actor: Actor) -> Select:
    rows = select(Case.id).where(cases_within(actor))
    return _counted({box: rows.where(func.deputy_box(Case.state) == fixed(box)) for box in DEPUTY_BOXES})


def _counted(lists: Mapping[str, Select]) -> Select:
    """How many rows each list has, all asked for at once."""
    return select(*(_bounded(rows).label(name) for name, rows in lists.items()))


def _bounded(rows: Select) -> ScalarSelect[int]:
    return select(func.count()).select_from(rows.limit(COUNTED_TO).subquery()).scalar_subquery()


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
    mine = (
        Notice.recipient_id == actor.account_id,
        Notice.channel == fixed("inbox"),
        Notice.state != fixed("cancelled"),
    )
    return (*mine, or_(Notice.case_id.is_(None), Notice.case_id.not_in(conflicting(actor))))


def _department_condition(actor: Actor, box: str) -> ColumnElement[bool]:
    if box == "all":
        return true()
    if box == HEADS_BOX and actor.head:
        return and_(Clock.yellow_at <= NOW, running(), Clock.owner == Party.DEPARTMENTS)
    if box == SIGNING_BOX and actor.role is Role.APPROVER:
        return Assignment.state == fixed("replied")
    states = set(states_of(DEPARTMENT_BOXES, box))
    if actor.role is Role.APPROVER and box != "done":
        states = states | {"replied"} if box == "todo" else states - {"replied"}
    return Assignment.state.in_(map(fixed, sorted(states)))


def _office_condition(box: str) -> ColumnElement[bool]:
    match box:
        case "screening":
            return Case.state == fixed("submitted")
        case "hinted":
            return and_(content_checks.is_flagged(), Case.closed_at.is_(None))
        case "dispatch":
            return Case.state.in_(map(fixed, ("handed_over", "reopened")))
        case "decisions":
            returns = select(Assignment.case_id).where(Assignment.state == fixed("return_requested"))
            extensions = (
                select(Assignment.case_id)
                .join(Extension, Extension.assignment_id == Assignment.id)
                .join(clock := aliased(Clock), clock.id == Extension.clock_id)
                .where(Extension.granted.is_(None), clock.stopped_at.is_(None))
            )
            return Case.id.in_(returns.union_all(extensions))
        case "overdue":
            return and_(Clock.due_at < NOW, running())
        case "supervised":
            return and_(Case.supervised_at.is_not(None), Case.closed_at.is_(None))
        case "today":
            return Case.created_at >= MIDNIGHT
        case "due_today":
            return and_(Clock.due_on == TODAY, running())
        case "yellow":
            return and_(Clock.yellow_at <= NOW, Clock.red_at > NOW, running())
        case "red":
            return and_(Clock.red_at <= NOW, running())
    raise Invalid({"box": ["没有这个分类。"]})


def states_of(boxes: dict[str, tuple[str, ...]], box: str) -> tuple[str, ...]:
    """The states of a box. Raises Invalid for one there is not."""
    if box not in boxes:
        raise Invalid({"box": ["没有这个分类。"]})
    return boxes[box]
