"""The ladder: sorted, never at night or on rest days, never silent for good, and collapsing to the newest."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liaison.domain.calendar import SHANGHAI, WorkingCalendar, local_day
from liaison.domain.calendar_table import parse_table
from liaison.domain.clocks import Due, Term, Unit, due, thresholds
from liaison.domain.reminders import LADDER, Audience, Ladder, Rung, Step

TABLE = parse_table((Path(__file__).parents[2] / "migrations" / "calendar-2004-2026.csv").read_text("utf-8"))
OFFICIAL = WorkingCalendar(TABLE.exceptions, TABLE.years)
QUICK = settings(max_examples=120, deadline=None)

starts = st.datetimes(datetime(2004, 1, 2), datetime(2029, 12, 30), timezones=st.just(UTC))
long_terms = st.builds(Term, st.integers(1, 40), st.just(Unit.working_days)) | st.builds(
    Term, st.integers(1, 9), st.just(Unit.months)
)
hour_terms = st.builds(Term, st.integers(1, 72), st.just(Unit.hours))


@st.composite
def ladders(draw: st.DrawFn, terms: st.SearchStrategy[Term] = long_terms | hour_terms) -> Ladder:
    """Draw the ladder of a clock with any pause and extension."""
    term, started_at, extended, days = (draw(terms), draw(starts), draw(st.integers(0, 9)), draw(st.integers(0, 30)))
    end = due(term, started_at, OFFICIAL, extended=extended, paused_days=days, paused_seconds=days * 3601)
    return Ladder(term, started_at, end, OFFICIAL, extended)


def at(day: str, hour: int = 8, minute: int = 30) -> datetime:
    """Return a Shanghai wall-clock time as a UTC instant; 08:30 unless said otherwise."""
    return datetime.combine(date.fromisoformat(day), time(hour, minute), SHANGHAI).astimezone(UTC)


def clock(term: str, started_at: datetime) -> tuple[Term, datetime, Due, WorkingCalendar]:
    """Return the four things that make a clock's ladder."""
    parsed = Term.parse(term)
    return parsed, started_at, due(parsed, started_at, OFFICIAL), OFFICIAL


def shown(steps: list[Step]) -> list[tuple[str, datetime]]:
    """Return keys and instants."""
    return [(step.key, step.at) for step in steps]


def test_a_ten_day_term_climbs_every_rung_over_the_spring_festival() -> None:
    assert shown(Ladder(*clock("10 wd", at("2026-02-10"))).rungs(2)) == [
        ("half", at("2026-02-24")),
        ("blue", at("2026-02-27")),
        ("due_day", at("2026-03-02")),
        ("overdue_1", at("2026-03-03")),
        ("overdue_3", at("2026-03-05")),
        ("overdue_5", at("2026-03-09")),
        ("repeat_1", at("2026-03-16")),
        ("repeat_2", at("2026-03-23")),
    ]


@pytest.mark.parametrize(
    ("term", "keys"),
    [
        ("1 wd", ["due_day"]),
        ("2 wd", ["blue", "due_day"]),
        ("3 wd", ["blue", "due_day"]),
        ("4 wd", ["half", "blue", "due_day"]),
    ],
)
def test_of_several_rungs_on_one_day_the_loudest_stays(term: str, keys: list[str]) -> None:
    assert [step.key for step in Ladder(*clock(term, at("2026-03-02"))).rungs()] == [
        *keys,
        "overdue_1",
        "overdue_3",
        "overdue_5",
    ]


def test_urgent_rungs_are_exact_also_at_night() -> None:
    assert shown(Ladder(*clock("10 h", at("2026-03-06", 20, 0))).rungs(2)) == [
        ("half", at("2026-03-07", 1, 0)),
        ("blue", at("2026-03-07", 4, 0)),
        ("due_day", at("2026-03-07", 6, 0)),
        ("overdue_1", at("2026-03-07", 7, 0)),
        ("overdue_3", at("2026-03-07", 9, 0)),
        ("overdue_5", at("2026-03-07", 11, 0)),
        ("repeat_1", at("2026-03-08", 11, 0)),
        ("repeat_2", at("2026-03-09", 11, 0)),
    ]


def test_rungs_on_or_before_the_start_are_left_out_when_the_due_date_was_brought_forward() -> None:
    monday = at("2026-03-02", 10, 0)
    soon = Due(date(2026, 3, 4), at("2026-03-04", 23, 59), False)
    assert [step.key for step in Ladder(Term.parse("10 wd"), monday, soon, OFFICIAL).rungs()][:2] == ["blue", "due_day"]
    hour = Due(date(2026, 3, 2), at("2026-03-02", 11, 0), False)
    assert [step.key for step in Ladder(Term.parse("2 h"), monday, hour, OFFICIAL).rungs()][:2] == ["blue", "due_day"]


def test_an_extension_moves_the_middle_with_the_end() -> None:
    term, started_at = Term.parse("5 wd"), at("2026-03-02")
    end = due(term, started_at, OFFICIAL, extended=5)
    first = Ladder(term, started_at, end, OFFICIAL, 5).rungs()[0]
    assert (first.rung, first.at) == (Rung.half, at("2026-03-09"))


def test_the_ladder_addresses_and_escalates_as_the_table_says() -> None:
    steps = Ladder(*clock("10 wd", at("2026-03-02"))).rungs(1)
    assert [step.audience for step in steps] == [LADDER[rung] for rung in Rung]
    assert steps[0].audience == {Audience.owner}
    assert [step.key for step in steps if step.escalates] == ["overdue_5", "repeat_1"]


def test_a_region_may_have_its_own_table() -> None:
    own = dict(LADDER) | {Rung.half: frozenset({Audience.head})}
    assert Ladder(*clock("10 wd", at("2026-03-02")), audiences=own).rungs()[0].audience == {Audience.head}


def test_rungs_missed_in_an_outage_collapse_into_the_newest() -> None:
    parts = clock("10 wd", at("2026-03-02"))
    newest = Ladder(*parts).fallen(parts[1], at("2026-03-19", 12))
    assert newest is not None and newest.key == "overdue_3"
    assert Ladder(*parts).fallen(newest.at, at("2026-03-19", 12)) is None
    assert Ladder(*parts).next_step(newest.at).key == "overdue_5"


def test_a_rung_falls_at_its_instant_not_before() -> None:
    parts = clock("10 wd", at("2026-03-02"))
    opening = at("2026-03-30")
    assert [step.key for step in Ladder(*parts).rungs(1) if step.at == opening] == ["repeat_1"]
    early, exact = (Ladder(*parts).fallen(parts[1], now) for now in (opening - timedelta(seconds=1), opening))
    assert (early and early.key, exact and exact.key) == ("overdue_5", "repeat_1")
    assert Ladder(*parts).next_step(opening - timedelta(seconds=1)).key == "repeat_1"
    assert Ladder(*parts).next_step(opening).key == "repeat_2"


@QUICK
@given(ladders(), st.integers(0, 5))
def test_rungs_are_sorted_louder_and_later_than_the_start(ladder: Ladder, repeats: int) -> None:
    steps, order = ladder.rungs(repeats), list(Rung)
    assert all(one.at < other.at for one, other in pairwise(steps))
    assert [step.rung for step in steps] == sorted((step.rung for step in steps), key=order.index)
    assert len({step.key for step in steps}) == len(steps)
    assert ladder.started_at < steps[0].at
    assert {Rung.due_day, Rung.overdue_1, Rung.overdue_3, Rung.overdue_5} <= {step.rung for step in steps}
    assert sum(step.rung is Rung.repeat for step in steps) == repeats


@QUICK
@given(ladders(long_terms))
def test_terms_in_days_remind_at_opening_time_of_working_days_after_the_start(ladder: Ladder) -> None:
    for step in ladder.rungs(4):
        local = step.at.astimezone(SHANGHAI)
        assert local.time() == time(8, 30)
        assert OFFICIAL.is_working(local.date())
        assert local.date() > local_day(ladder.started_at)


@QUICK
@given(ladders(long_terms))
def test_rungs_come_on_the_days_the_lights_change(ladder: Ladder) -> None:
    lights = thresholds(ladder.term, ladder.started_at, ladder.due, OFFICIAL, extended=ladder.extended)
    days = {step.rung: local_day(step.at) for step in ladder.rungs()}
    assert days.get(Rung.blue, days[Rung.due_day]) == local_day(lights.blue_at)
    assert (days[Rung.overdue_1], days[Rung.overdue_3]) == (local_day(lights.yellow_at), local_day(lights.red_at))


@QUICK
@given(ladders(), st.timedeltas(timedelta(days=-400), timedelta(days=400)))
def test_the_next_step_is_the_first_one_later(ladder: Ladder, distance: timedelta) -> None:
    after = ladder.due.at + distance
    expected = next(step for step in ladder.rungs(450) if step.at > after)
    assert ladder.next_step(after) == expected


@QUICK
@given(ladders(), st.timedeltas(timedelta(days=-99), timedelta(days=300)), st.timedeltas(timedelta(0), timedelta(99)))
def test_what_has_fallen_is_the_newest_one_between(ladder: Ladder, distance: timedelta, span: timedelta) -> None:
    after = ladder.due.at + distance
    between = [step for step in ladder.rungs(450) if after < step.at <= after + span]
    assert ladder.fallen(after, after + span) == (between[-1] if between else None)


@QUICK
@given(ladders())
def test_stepping_from_rung_to_rung_visits_each_once(ladder: Ladder) -> None:
    moment, visited = ladder.started_at, []
    for expected in ladder.rungs(3):
        step = ladder.next_step(moment)
        assert ladder.fallen(moment, step.at) == step == expected
        moment = step.at
        visited.append(step.key)
    assert visited[-1] == "repeat_3"


def test_an_extended_urgent_ladder_turns_blue_with_its_light() -> None:
    term, started_at = Term.parse("24 h"), at("2026-03-02")
    end = due(term, started_at, OFFICIAL, extended=2)
    steps = {step.rung: step for step in Ladder(term, started_at, end, OFFICIAL, extended=2).rungs()}
    assert steps[Rung.blue].at == thresholds(term, started_at, end, OFFICIAL, extended=2).blue_at
    assert {step.index for step in steps.values()} == {0}
