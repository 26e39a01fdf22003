"""The case page can show how a due date came about, and the shown steps add up to it."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from liaison.domain.calendar import SHANGHAI, WorkingCalendar
from liaison.domain.calendar_table import parse_table
from liaison.domain.clocks import Term, Unit, due, pause_total
from liaison.domain.derivation import Step, StepKind, derivation

TABLE = parse_table((Path(__file__).parents[2] / "migrations" / "calendar-2004-2026.csv").read_text("utf-8"))
OFFICIAL = WorkingCalendar(TABLE.exceptions, TABLE.years)
STARTS = st.datetimes(datetime(2004, 1, 2), datetime(2029, 12, 30), timezones=st.just(UTC))
DAY_TERMS = st.builds(Term, st.integers(1, 60), st.just(Unit.working_days))
lengths = st.timedeltas(timedelta(0), timedelta(days=40))


def at(day: str, hour: int = 10, minute: int = 0) -> datetime:
    """Return a Shanghai wall-clock time as a UTC instant."""
    return datetime.combine(date.fromisoformat(day), time(hour, minute), SHANGHAI).astimezone(UTC)


def test_a_derivation_names_rest_make_up_pause_extension_and_due_day() -> None:
    pauses = [(at("2026-02-12"), at("2026-02-13"))]
    steps = derivation(Term.parse("2 wd"), at("2026-02-11"), OFFICIAL, extended=1, pauses=pauses)
    assert steps == [
        Step(StepKind.start, date(2026, 2, 11), 0),
        Step(StepKind.pause, date(2026, 2, 12), 1),
        Step(StepKind.extension, date(2026, 2, 14), 1),
        Step(StepKind.makeup, date(2026, 2, 14), 1),
        Step(StepKind.rest, date(2026, 2, 15), 9),
        Step(StepKind.due, date(2026, 2, 24), 4),
    ]


def test_a_derivation_of_months_tells_how_the_end_moved() -> None:
    assert derivation(Term.parse("3 months"), at("2026-07-02"), OFFICIAL, extended=2) == [
        Step(StepKind.start, date(2026, 7, 2), 0),
        Step(StepKind.moved, date(2026, 10, 2), 6),
        Step(StepKind.extension, date(2026, 10, 8), 2),
        Step(StepKind.makeup, date(2026, 10, 10), 1),
        Step(StepKind.due, date(2026, 10, 10), 0),
    ]


def test_a_derivation_of_hours_adds_minutes_and_says_nothing_of_rest_days() -> None:
    pauses = [(at("2026-10-01", 10), at("2026-10-01", 11, 30))]
    steps = derivation(Term.parse("24 h"), at("2026-10-01", 9), OFFICIAL, pauses=pauses)
    assert [(step.kind, step.amount) for step in steps] == [("start", 0), ("pause_minutes", 90), ("due", 0)]
    assert steps[-1].day == date(2026, 10, 2)


def test_a_derivation_says_from_which_day_on_the_table_is_missing() -> None:
    steps = derivation(Term.parse("3 wd"), at("2026-12-31"), OFFICIAL)
    assert steps[-1] == Step(StepKind.provisional, date(2027, 1, 1), 6)


@settings(max_examples=150, deadline=None)
@given(DAY_TERMS, STARTS, st.integers(0, 10), st.lists(st.tuples(st.integers(0, 9), lengths), max_size=2))
def test_derivations_add_up(
    term: Term, started_at: datetime, extended: int, gaps: list[tuple[int, timedelta]]
) -> None:
    pauses, clock = [], started_at
    for ran, length in gaps:
        pauses.append((clock + timedelta(days=ran), clock + timedelta(days=ran) + length))
        clock = pauses[-1][1]
    steps = derivation(term, started_at, OFFICIAL, extended=extended, pauses=pauses)
    sums = {kind: sum(step.amount for step in steps if step.kind is kind) for kind in StepKind}
    last = next(step for step in steps if step.kind is StepKind.due)
    paused = pause_total(pauses, OFFICIAL)
    assert last.day == due(term, started_at, OFFICIAL, extended=extended, paused_days=paused.days).day
    assert sums[StepKind.pause] == paused.days
    assert sums[StepKind.due] == term.amount + extended + paused.days
    assert (last.day - steps[0].day).days == sums[StepKind.rest] + sums[StepKind.due]
