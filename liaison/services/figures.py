"""What each figure of an overview counts, as one condition: the overview counts by it, its list is narrowed by it.

All conditions are about `Case` with the `Clock` it shows outer joined. Figures named `duty` are about the assignments a
department has not given back.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Label, Lateral, Select, and_, case, exists, func, not_, select, true
from sqlalchemy.orm import InstrumentedAttribute, aliased

from liaison.domain.clocks import Light
from liaison.domain.errors import Invalid
from liaison.domain.workflow import MATTER, Party
from liaison.models.assignments import Assignment, Reply
from liaison.models.cases import Case, Rating
from liaison.models.clocks import Clock
from liaison.models.departments import Department
from liaison.services.assignments import ASSISTING, ENDED

SOON = 5
"""Days of the calendar within which an answer counts as quick, as in the tables of the year."""

UNKNOWN = "没有这项统计，请重新选择。"
ZONE = "Asia/Shanghai"
GIVEN_BACK = ("returned", "recalled")
WAITING: Mapping[str, frozenset[Party]] = {
    "waits_office": frozenset({Party.OFFICE}),
    "waits_deputy": frozenset({Party.DEPUTY}),
    "waits_departments": frozenset({Party.DEPARTMENTS, Party.LEAD}),
    "waits_resident": frozenset({Party.RESIDENT}),
}
RATINGS = ("satisfied", "basically", "dissatisfied")
MATTERS = ("received", "open", "overdue", *WAITING, "answered", "within_5", "kept", "late", *RATINGS)
DUTIES = ("duty", "duty_open", "duty_overdue", "duty_answered", "duty_kept", "duty_late")
FIGURES = (*MATTERS, *DUTIES)
CURRENT = frozenset({"open", "overdue", *WAITING, "duty_open", "duty_overdue"})
"""The figures of this very moment; the others are of what was told in a period."""


def condition(figure: str, department: str, now: datetime) -> ColumnElement[bool]:
    """Which matters a figure counts, those of one department if its code is given. Raises Invalid for one unknown."""
    if figure in MATTERS:
        own = Case.id.in_(_held("duty", department, now)) if department else true()
        return and_(matters(now)[figure], own)
    if figure in DUTIES:
        held = Case.id.in_(_held(figure, department, now))
        return and_(is_open(), held) if figure in CURRENT else held
    raise Invalid({"figure": [UNKNOWN]})


def matters(now: datetime, past: FromClause | None = None) -> Mapping[str, ColumnElement[bool]]:
    """The figures of matters. In time is what was answered without any clock of ours running out on the way.

    Whoever asks for many of them joins `history` and gives it as `past`.
    """
    answered_at, late, result = past.c if past is not None else _past(now)
    days = _day(answered_at) - _day(Case.created_at)
    waiting = {
        name: Case.state.in_([code for code, state in MATTER.states.items() if state.waits_for in parties])
        for name, parties in WAITING.items()
    }
    return {
        "received": true(),
        "open": is_open(),
        "overdue": and_(Clock.due_at < now, running()),
        **waiting,
        "answered": answered_at.is_not(None),
        "within_5": func.coalesce(days <= SOON, False),
        "kept": and_(answered_at.is_not(None), not_(late)),
        "late": late,
        **{name: func.coalesce(result == name, False) for name in RATINGS},
    }


def history(now: datetime) -> Lateral:
    """What happened to `Case`, looked up once for all figures: the offset keeps it from being looked up for each."""
    return select(*_past(now)).correlate(Case).offset(0).lateral("history")


def _past(now: datetime) -> tuple[Label, Label, Label]:
    answered_at, late = first_answer(Reply.case_id, Case.id), ran_over("case_id", Case.id, now)
    return answered_at.label("answered_at"), late.label("late"), last_rating().label("result")


def duties(shown: Any, now: datetime) -> Mapping[str, ColumnElement[bool]]:
    """The figures of departments, about `Assignment` with the clock it shows; who assists answers for no term."""
    held = Assignment.state.not_in(GIVEN_BACK)
    is_open = Assignment.state.not_in(ENDED)
    is_late = and_(Assignment.part != ASSISTING, ran_over("assignment_id", Assignment.id, now))
    approved = Assignment.state == "approved"
    return {
        "duty": held,
        "duty_open": is_open,
        "duty_overdue": and_(is_open, shown.due_at < now, shown.stopped_at.is_(None), shown.paused_at.is_(None)),
        "duty_answered": approved,
        "duty_kept": and_(approved, Assignment.part != ASSISTING, not_(is_late)),
        "duty_late": and_(held, is_late),
    }


def _held(figure: str, department: str, now: datetime) -> Select[tuple[UUID]]:
    shown = aliased(Clock)
    rows = select(Assignment.case_id).join(Department, Department.id == Assignment.department_id)
    rows = rows.outerjoin(shown, shown.id == Assignment.clock_id).where(duties(shown, now)[figure])
    return (rows.where(Department.code == department) if department else rows).correlate(None)


def is_open() -> ColumnElement[bool]:
    """Whether a matter still waits for anybody."""
    return Case.state.not_in(MATTER.terminal)


def running() -> ColumnElement[bool]:
    """Whether the joined clock runs."""
    return and_(Clock.stopped_at.is_(None), Clock.paused_at.is_(None))


def light(now: datetime) -> ColumnElement[str]:
    """The light of the joined clock, as `domain.clocks.light` would say."""
    return case(
        (and_(running(), Clock.red_at <= now), Light.red),
        (and_(running(), Clock.yellow_at <= now), Light.yellow),
        (and_(running(), Clock.blue_at <= now), Light.blue),
        else_=Light.none,
    )


def ran_over(
    whose: Literal["case_id", "assignment_id"], id_: InstrumentedAttribute[UUID], now: datetime
) -> ColumnElement[bool]:
    """Whether any clock of ours, or of a department's, ran past its end; the resident's own time is nobody's delay."""
    clock = aliased(Clock)
    ended = func.coalesce(clock.stopped_at, clock.paused_at, now)
    own = (getattr(clock, whose) == id_, clock.owner != Party.RESIDENT, clock.due_at < ended)
    return exists().where(*own).correlate(id_.class_)


def first_answer(column: InstrumentedAttribute, id_: InstrumentedAttribute[UUID]) -> Any:
    """When the first answer was signed, to the case or assignment of that id."""
    return select(func.min(Reply.approved_at)).where(column == id_).correlate(id_.class_).scalar_subquery()


def last_rating() -> Any:
    """What the resident said last."""
    last = select(Rating.result).where(Rating.case_id == Case.id).order_by(Rating.at.desc()).limit(1)
    return last.correlate(Case).scalar_subquery()


def _day(moment: Any) -> Any:
    return func.date(func.timezone(ZONE, moment))
