"""Start, pause, resume, stop, extend and recompute the clocks of cases; every change recomputes the next reminder."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from liaison.db import lasting, session
from liaison.domain.calendar import WorkingCalendar, local_day
from liaison.domain.clocks import Due, Light, Term, Thresholds, Unit, due, light, pause_length, pause_total, thresholds
from liaison.domain.errors import Conflict
from liaison.domain.reminders import LADDER, Audiences, Ladder
from liaison.domain.terms import DEFAULT_TERMS
from liaison.models.base import new_id
from liaison.models.cases import Case
from liaison.models.clocks import Clock
from liaison.models.departments import LocalTerm
from liaison.models.regions import Region
from liaison.services.calendars import current_calendar


def term_for(case: Case, clock: str) -> Term:
    """The term this case's region, or the nearest region above, has set; the default otherwise."""
    local = lasting("terms", _local_terms)
    near = [path for path, name in local if name == clock and case.region_path.startswith(path)]
    return local[max(near, key=len), clock] if near else DEFAULT_TERMS[clock]


def _local_terms() -> dict[tuple[str, str], Term]:
    rows = session.execute(select(Region.path, LocalTerm.clock, LocalTerm.term).join(Region))
    return {(path, clock): Term.parse(term) for path, clock, term in rows}


def due_if_started(case: Case, clock: str, now: datetime) -> Due:
    """When such a clock of this case would run out if it were started now."""
    return due(term_for(case, clock), now, current_calendar())


def due_if_extended(clock: Clock, working_days: int) -> Due:
    """When a clock would run out if it were extended by so many working days."""
    return due(
        Term.parse(clock.term),
        clock.started_at,
        current_calendar(),
        extended=working_days,
        paused_days=clock.paused_days,
        paused_seconds=clock.paused_seconds,
    )


def term_until(day: date, now: datetime) -> Term:
    """The term in working days that ends on `day` or the next working day, at least one."""
    calendar = current_calendar()
    return Term(max(1, calendar.between(local_day(now), calendar.on_or_after(day))), Unit.working_days)


def start(
    case: Case,
    kind: str,
    owner: str,
    term: Term,
    now: datetime,
    *,
    assignment_id: UUID | None = None,
    lapses: bool = False,
) -> Clock:
    """Start a clock; with `lapses` the system makes the state's lapse move when it has run out."""
    clock = Clock(
        id=new_id(),
        case_id=case.id,
        assignment_id=assignment_id,
        kind=kind,
        owner=owner,
        term=str(term),
        started_at=now,
        reminded_to=now,
        generation=1,
        pauses=[],
        paused_days=0,
        paused_seconds=0,
        extended=0,
    )
    _recompute(clock, current_calendar())
    clock.lapse_at = clock.due_at if lapses else None
    session.add(clock)
    return clock


def stop(clock: Clock, now: datetime) -> None:
    """Stop a clock for good; it reminds nobody any more."""
    clock.stopped_at = clock.stopped_at or now
    clock.remind_at = clock.lapse_at = None


def stop_all(case_id: UUID, now: datetime, *, assignment_id: UUID | None = None) -> None:
    """Stop every running clock of a case, or only those of one of its assignments."""
    running = select(Clock).where(Clock.case_id == case_id, Clock.stopped_at.is_(None))
    if assignment_id is not None:
        running = running.where(Clock.assignment_id == assignment_id)
    for clock in session.scalars(running):
        stop(clock, now)


def pause(clock: Clock, now: datetime) -> None:
    """Hold a clock while the case waits for the resident."""
    clock.paused_at = now
    clock.remind_at = None


def resume(clock: Clock, now: datetime) -> None:
    """Let a paused clock run on; its due date moves by as many working days as it stood still."""
    calendar = current_calendar()
    length = pause_length(clock.paused_at, now, calendar)
    clock.pauses = [*clock.pauses, [clock.paused_at.isoformat(), now.isoformat()]]
    clock.paused_days += length.days
    clock.paused_seconds += length.seconds
    clock.paused_at = None
    clock.generation += 1
    clock.reminded_to = now
    _recompute(clock, calendar)


def extend(clock: Clock, working_days: int, now: datetime) -> None:
    """Give a clock its one extension. Raises Conflict when it already had one."""
    if clock.extended:
        raise Conflict("这个时限已经延长过一次，不能再延长。")
    clock.extended = working_days
    clock.generation += 1
    clock.reminded_to = now
    _recompute(clock, current_calendar())


def recompute_open(now: datetime) -> list[tuple[Clock, date]]:
    """Recompute every open clock after the calendar changed; returns those that moved with their old due days."""
    calendar = current_calendar()
    moved = []
    for clock in session.scalars(select(Clock).where(Clock.stopped_at.is_(None)).with_for_update()):
        before = clock.due_on
        total = pause_total(pauses_of(clock), calendar)
        clock.paused_days, clock.paused_seconds = total.days, total.seconds
        _recompute(clock, calendar)
        clock.lapse_at = clock.due_at if clock.lapse_at else None
        if clock.due_on != before:
            clock.generation += 1
            moved.append((clock, before))
    session.flush()
    return moved


def pauses_of(clock: Clock) -> list[tuple[datetime, datetime]]:
    """The finished pauses of a clock, from and until."""
    return [(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in clock.pauses]


def due_of(clock: Clock) -> Due:
    """The stored due date in the form the rules take."""
    return Due(clock.due_on, clock.due_at, clock.provisional)


def light_of(clock: Clock | None, now: datetime) -> Light:
    """The light a clock shows now; none when it is absent, paused or stopped."""
    if clock is None or clock.stopped_at or clock.paused_at:
        return Light.none
    return light(Thresholds(clock.blue_at, clock.yellow_at, clock.red_at), now)


def ladder_of(clock: Clock, calendar: WorkingCalendar, audiences: Audiences = LADDER) -> Ladder:
    """The ladder of reminders of a clock as it stands; `audiences` say who is meant, not when."""
    return Ladder(Term.parse(clock.term), clock.started_at, due_of(clock), calendar, clock.extended, audiences)


def _recompute(clock: Clock, calendar: WorkingCalendar) -> None:
    term = Term.parse(clock.term)
    found = due(
        term,
        clock.started_at,
        calendar,
        extended=clock.extended,
        paused_days=clock.paused_days,
        paused_seconds=clock.paused_seconds,
    )
    clock.due_on, clock.due_at, clock.provisional = found.day, found.at, found.provisional
    lights = thresholds(term, clock.started_at, found, calendar, extended=clock.extended)
    clock.blue_at, clock.yellow_at, clock.red_at = lights.blue_at, lights.yellow_at, lights.red_at
    if clock.paused_at is None:
        clock.remind_at = ladder_of(clock, calendar).next_step(clock.reminded_to).at


def passed(moment: datetime, working_days: int, now: datetime) -> bool:
    """Whether more than so many working days have gone by since `moment`."""
    return current_calendar().between(local_day(moment), local_day(now)) > working_days
