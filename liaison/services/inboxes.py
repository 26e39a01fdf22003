"""Lists by box, for each who works: one query each, keyset pages, newest first; within reach, always."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select, tuple_, update

from liaison.db import session
from liaison.domain.actors import Actor, Role
from liaison.domain.calendar import local_day, start_of_day
from liaison.domain.clocks import Light
from liaison.domain.errors import Invalid
from liaison.domain.workflow import MATTER, Party
from liaison.models.assignments import Assignment, Extension
from liaison.models.cases import Case
from liaison.models.clocks import Clock
from liaison.models.departments import Category, Department
from liaison.models.notices import Notice
from liaison.models.people import Deputy
from liaison.models.stations import Station
from liaison.services.reach import assignments_within, cases_within, conflicting

Cursor = tuple[datetime, UUID]

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
OFFICE_BOXES = ("screening", "dispatch", "decisions", "overdue", "supervised", "all")
COUNTED = OFFICE_BOXES[:-1]
DIGEST_BOXES = ("today", "due_today", "yellow", "red", "supervised", "decisions")
HEADS_BOX = "late"
"""The box only the head of a department has: its yellow and red assignments."""

HEAD = 1
"""The level of an assignment whose owner is the department's head."""


@dataclass(frozen=True)
class Row:
    """One line of a list; `reference` names the assignment in a department's list, else the case.

    `level` is the rank of the assignment's owner, in a list of cases the highest of this round; `owner` is that one's
    department, with its head's name when it is the head.
    """

    cursor: Cursor
    reference: str
    number: str
    title: str
    state: str
    part_state: str | None
    light: str
    due_at: datetime | None
    created_at: datetime
    category: str | None
    station: str | None
    deputy: str | None
    supervised: bool
    round: int
    level: int | None = None
    owner: str | None = None


def deputy_box(actor: Actor, box: str, now: datetime, *, after: Cursor | None, limit: int) -> list[Row]:
    """A deputy's matters: todo waits for the deputy, doing for others, done for nobody."""
    states = _box(DEPUTY_BOXES, box)
    return _cases(actor, now, [Case.state.in_(states)], after, limit)


def department_box(actor: Actor, box: str, now: datetime, *, after: Cursor | None, limit: int) -> list[Row]:
    """A department's assignments; what waits for a signature is todo for the approver, what is overdue the head's."""
    rows = (
        _listing(now)
        .add_columns(
            Assignment.position,
            Assignment.state.label("part_state"),
            Assignment.assigned_at,
            Assignment.id.label("assignment_id"),
            Assignment.level.label("level"),
        )
        .join(Assignment, Assignment.case_id == Case.id)
        .where(assignments_within(actor), _department_condition(actor, box, now))
    )
    key = tuple_(Assignment.assigned_at, Assignment.id)
    if after:
        rows = rows.where(key < after)
    rows = rows.order_by(Assignment.assigned_at.desc(), Assignment.id.desc()).limit(limit)
    return [
        _row(row, (row.assigned_at, row.assignment_id), f"{row.number}.{row.position}", row.part_state)
        for row in session.execute(_joined_clock(rows, Assignment.clock_id))
    ]


def office_box(
    actor: Actor,
    box: str,
    now: datetime,
    *,
    query: str = "",
    state: str = "",
    department: str = "",
    after: Cursor | None,
    limit: int,
) -> list[Row]:
    """The office's matters by box, narrowed by words, state and department; Invalid for a box or state there is not."""
    conditions = [_office_condition(box, now)] if box != "all" else []
    if query:
        conditions.append(or_(Case.number == query.strip().upper(), _contains(query.strip())))
    if state and state not in MATTER.states:
        raise Invalid({"state": ["没有这个状态。"]})
    if state:
        conditions.append(Case.state == state)
    if department:
        of_department = select(Assignment.case_id).join(Assignment.department).where(Department.code == department)
        conditions.append(Case.id.in_(of_department))
    return _cases(actor, now, conditions, after, limit)


def station_box(actor: Actor, now: datetime, *, after: Cursor | None, limit: int) -> list[Row]:
    """The matters told at a liaison's own station."""
    return _cases(actor, now, [], after, limit)


def office_counts(actor: Actor, now: datetime, boxes: Sequence[str] = COUNTED) -> dict[str, int]:
    """How many matters stand in each of those lists of the office."""
    counts = [func.count(case((_office_condition(box, now), 1))).label(box) for box in boxes]
    row = session.execute(select(*counts).outerjoin(Clock, Clock.id == Case.clock_id).where(cases_within(actor))).one()
    return dict(row._mapping)


def department_counts(actor: Actor, now: datetime) -> dict[str, int]:
    """How many assignments stand in each of the department's boxes; the overdue ones for its head alone."""
    counted = select(Assignment.state, func.count()).where(assignments_within(actor)).group_by(Assignment.state)
    by_state = dict(session.execute(counted).all())
    counts = {box: sum(by_state.get(state, 0) for state in states) for box, states in DEPARTMENT_BOXES.items()}
    if actor.role is Role.APPROVER:
        counts["todo"] += by_state.get("replied", 0)
        counts["doing"] -= by_state.get("replied", 0)
    if actor.head:
        late = select(func.count(Assignment.id)).join(Clock, Clock.id == Assignment.clock_id)
        counts[HEADS_BOX] = session.scalar(
            late.where(assignments_within(actor), _department_condition(actor, HEADS_BOX, now))
        )
    return counts


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


def _cases(
    actor: Actor, now: datetime, conditions: Sequence[ColumnElement[bool]], after: Cursor | None, limit: int
) -> list[Row]:
    listing = _listing(now).add_columns(_level(), _owner())
    rows = _joined_clock(listing, Case.clock_id).where(cases_within(actor), *conditions)
    if after:
        rows = rows.where(tuple_(Case.created_at, Case.id) < after)
    rows = rows.order_by(Case.created_at.desc(), Case.id.desc()).limit(limit)
    return [_row(row, (row.created_at, row.id), row.number, None) for row in session.execute(rows)]


def _listing(now: datetime) -> Select:
    return (
        select(
            Case.id,
            Case.number,
            Case.title,
            Case.state,
            Case.created_at,
            Case.supervised_at,
            Case.round,
            Clock.due_at,
            _light(now).label("light"),
            Category.name.label("category"),
            Station.name.label("station"),
            Deputy.name.label("deputy"),
        )
        .select_from(Case)
        .outerjoin(Category, Category.id == Case.category_id)
        .outerjoin(Station, Station.id == Case.station_id)
        .outerjoin(Deputy, Deputy.id == Case.deputy_id)
    )


def _level() -> ColumnElement[int | None]:
    """The rank of the highest owner among the assignments of a case's current round."""
    of_round = (Assignment.case_id == Case.id, Assignment.round == Case.round)
    return select(func.max(Assignment.level)).where(*of_round).correlate(Case).scalar_subquery().label("level")


def _owner() -> ColumnElement[str | None]:
    """The department of that owner, with the name of its head where the head is the owner."""
    head = case((Assignment.level == HEAD, Department.head_name), else_="")
    return (
        select(func.rtrim(Department.name + " " + head))
        .join(Assignment, Assignment.department_id == Department.id)
        .where(Assignment.case_id == Case.id, Assignment.round == Case.round)
        .order_by(Assignment.level.desc(), Assignment.position)
        .limit(1)
        .correlate(Case)
        .scalar_subquery()
        .label("owner")
    )


def _joined_clock(rows: Select, clock_id) -> Select:
    return rows.outerjoin(Clock, Clock.id == clock_id)


def _light(now: datetime) -> ColumnElement[str]:
    """The light of the joined clock, as `domain.clocks.light` would say."""
    running = _running()
    return case(
        (and_(running, Clock.red_at <= now), Light.red),
        (and_(running, Clock.yellow_at <= now), Light.yellow),
        (and_(running, Clock.blue_at <= now), Light.blue),
        else_=Light.none,
    )


def _running() -> ColumnElement[bool]:
    """Whether the joined clock runs."""
    return and_(Clock.stopped_at.is_(None), Clock.paused_at.is_(None))


def _department_condition(actor: Actor, box: str, now: datetime) -> ColumnElement[bool]:
    if box == HEADS_BOX and actor.head:
        return and_(Clock.yellow_at <= now, _running(), Clock.owner == Party.DEPARTMENTS)
    states = set(_box(DEPARTMENT_BOXES, box))
    if actor.role is Role.APPROVER and box != "done":
        states = states | {"replied"} if box == "todo" else states - {"replied"}
    return Assignment.state.in_(states)


def _office_condition(box: str, now: datetime) -> ColumnElement[bool]:
    match box:
        case "screening":
            return Case.state == "submitted"
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
            return and_(Clock.due_at < now, _running())
        case "supervised":
            return and_(Case.supervised_at.is_not(None), Case.closed_at.is_(None))
        case "today":
            return Case.created_at >= start_of_day(local_day(now))
        case "due_today":
            return and_(Clock.due_on == local_day(now), _running())
        case "yellow":
            return and_(Clock.yellow_at <= now, Clock.red_at > now, _running())
        case "red":
            return and_(Clock.red_at <= now, _running())
    raise Invalid({"box": ["没有这个分类。"]})


def _contains(query: str) -> ColumnElement[bool]:
    """Words in the text: two characters or more go through the bigram index, then the exact order is checked.

    In a function of the database, since below row-level security no query may use that index itself.
    """
    if len(query) < 2:
        return Case.text.contains(query, autoescape=True)
    return Case.id.in_(select(func.cases_containing(query)))


def _box(boxes: dict[str, tuple[str, ...]], box: str) -> tuple[str, ...]:
    if box not in boxes:
        raise Invalid({"box": ["没有这个分类。"]})
    return boxes[box]


def _row(row, cursor: Cursor, reference: str, part_state: str | None) -> Row:
    return Row(
        cursor=cursor,
        reference=reference,
        number=row.number,
        title=row.title,
        state=row.state,
        part_state=part_state,
        light=row.light,
        due_at=row.due_at,
        created_at=row.created_at,
        category=row.category,
        station=row.station,
        deputy=row.deputy,
        supervised=row.supervised_at is not None,
        round=row.round,
        level=row.level,
        owner=getattr(row, "owner", None),
    )
