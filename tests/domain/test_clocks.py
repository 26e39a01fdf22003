"""Due dates and lights hold what DOMAIN §3 promises, for any start, term, pause and extension."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from liaison.domain.calendar import (
    SHANGHAI,
    WorkingCalendar,
    end_of_day,
    local_day,
    start_of_day,
)
from liaison.domain.calendar_table import parse_table
from liaison.domain.clocks import (
    Light,
    Term,
    Thresholds,
    Unit,
    allotted_days,
    allotted_time,
    assisting_term,
    blue_day,
    due,
    light,
    pause_total,
    thresholds,
)
from liaison.domain.errors import Invalid

TABLE = parse_table((Path(__file__).parents[2] / "migrations" / "calendar-2004-2026.csv").read_text("utf-8"))
OFFICIAL = WorkingCalendar(TABLE.exceptions, TABLE.years)
QUICK = settings(max_examples=150, deadline=None)

starts = st.datetimes(datetime(2004, 1, 2), datetime(2029, 12, 30), timezones=st.just(UTC))
day_terms = st.builds(Term, st.integers(1, 60), st.just(Unit.working_days))
month_terms = st.builds(Term, st.integers(1, 12), st.just(Unit.months))
hour_terms = st.builds(Term, st.integers(1, 96), st.just(Unit.hours))
long_terms = day_terms | month_terms
lengths = st.timedeltas(timedelta(0), timedelta(days=40))


def at(day: str, hour: int = 10, minute: int = 0) -> datetime:
    """Return a Shanghai wall-clock time as a UTC instant."""
    return datetime.combine(date.fromisoformat(day), time(hour, minute), SHANGHAI).astimezone(UTC)


@pytest.mark.parametrize(("text", "shown"), [("5 wd", "5 wd"), (" 24h ", "24 h"), ("1 month", "1 months")])
def test_terms_are_read_as_they_are_shown(text: str, shown: str) -> None:
    assert str(Term.parse(text)) == shown
    assert Term.parse(shown) == Term.parse(text)


@pytest.mark.parametrize(
    "text", ["", "5", "wd", "0 wd", "-1 wd", "5 days", "1000 wd", "1.5 h", "٣ wd", "5 wd\x00"]
)
def test_other_terms_are_refused(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        Term.parse(text)
    assert list(refusal.value.errors) == ["term"]


@pytest.mark.parametrize(
    ("term", "start", "expected"),
    [
        ("5 wd", "2026-02-13", "2026-02-27"),
        ("5 wd", "2026-09-24", "2026-10-09"),
        ("10 wd", "2026-04-30", "2026-05-18"),
        ("1 wd", "2026-09-30", "2026-10-08"),
        ("1 wd", "2026-03-07", "2026-03-09"),
        ("3 months", "2026-07-02", "2026-10-08"),
    ],
)
def test_days_and_months_end_with_a_working_day_in_shanghai(term: str, start: str, expected: str) -> None:
    result = due(Term.parse(term), at(start), OFFICIAL)
    assert (result.day, result.at) == (
        date.fromisoformat(expected),
        at(expected, 23, 59) + timedelta(seconds=59),
    )
    assert not result.provisional


def test_hours_end_at_the_instant_also_at_night_and_on_rest_days() -> None:
    result = due(Term.parse("24 h"), at("2027-10-01", 23, 30), OFFICIAL, paused_seconds=90, paused_days=7)
    assert result.at == at("2027-10-02", 23, 31) + timedelta(seconds=30)
    assert (result.day, result.provisional) == (date(2027, 10, 2), False)


def test_hours_extended_end_with_a_working_day() -> None:
    result = due(Term.parse("2 h"), at("2026-09-30", 20), OFFICIAL, extended=1)
    assert result.at == end_of_day(date(2026, 10, 8))


def test_a_due_date_beyond_the_published_tables_is_provisional_until_they_arrive() -> None:
    term, started_at = Term.parse("5 wd"), at("2026-12-28")
    assert due(term, started_at, OFFICIAL).provisional
    assert not due(term, started_at, WorkingCalendar(TABLE.exceptions, TABLE.years | {2027})).provisional


@QUICK
@given(long_terms, starts)
def test_longer_terms_end_later_and_always_on_working_days(term: Term, started_at: datetime) -> None:
    shorter, longer = (due(Term(term.amount + n, term.unit), started_at, OFFICIAL) for n in (0, 1))
    assert shorter.at < longer.at
    assert local_day(started_at) < shorter.day
    assert OFFICIAL.is_working(shorter.day)
    assert shorter.at == end_of_day(shorter.day)


@QUICK
@given(long_terms | hour_terms, starts, starts)
def test_who_starts_later_is_never_due_earlier(term: Term, one: datetime, other: datetime) -> None:
    first, second = sorted([one, other])
    assert due(term, first, OFFICIAL, extended=2).at <= due(term, second, OFFICIAL, extended=2).at


@QUICK
@given(long_terms, starts, st.integers(0, 30), st.integers(0, 30))
def test_extension_and_pause_add_exactly_their_working_days(
    term: Term, started_at: datetime, extended: int, paused: int
) -> None:
    plain = due(term, started_at, OFFICIAL)
    later = due(term, started_at, OFFICIAL, extended=extended, paused_days=paused, paused_seconds=999)
    assert OFFICIAL.between(plain.day, later.day) == extended + paused


@QUICK
@given(long_terms, starts, st.timedeltas(timedelta(0), timedelta(days=60)), lengths)
def test_after_a_pause_as_many_working_days_are_left_as_before(
    term: Term, started_at: datetime, ran: timedelta, length: timedelta
) -> None:
    plain, paused_at = due(term, started_at, OFFICIAL), started_at + ran
    assume(paused_at <= plain.at)
    resumed_at = paused_at + length
    later = due(term, started_at, OFFICIAL, paused_days=pause_total([(paused_at, resumed_at)], OFFICIAL).days)
    left = OFFICIAL.between(local_day(paused_at), plain.day)
    assert OFFICIAL.between(local_day(resumed_at), later.day) == left


@QUICK
@given(hour_terms, starts, lengths)
def test_hours_shift_by_the_seconds_of_all_pauses(
    term: Term, started_at: datetime, length: timedelta
) -> None:
    pauses = [(started_at, started_at + length / 2), (started_at + length, started_at + 1.5 * length)]
    paused = pause_total(pauses, OFFICIAL)
    plain = due(term, started_at, OFFICIAL)
    shift = due(term, started_at, OFFICIAL, paused_seconds=paused.seconds).at - plain.at
    assert timedelta(0) <= length - shift < timedelta(seconds=2)


@QUICK
@given(long_terms | hour_terms, starts, st.integers(0, 20), st.integers(0, 20))
def test_lights_come_in_order_and_after_the_start(
    term: Term, started_at: datetime, extended: int, paused: int
) -> None:
    result = due(term, started_at, OFFICIAL, extended=extended, paused_days=paused, paused_seconds=paused)
    lights = thresholds(term, started_at, result, OFFICIAL, extended=extended)
    assert started_at < lights.blue_at <= result.at <= lights.yellow_at < lights.red_at
    if term.unit is not Unit.hours:
        assert all(moment == start_of_day(local_day(moment)) for moment in vars(lights).values())
        assert OFFICIAL.between(result.day, local_day(lights.yellow_at)) == 1
        assert OFFICIAL.between(result.day, local_day(lights.red_at)) == 3


@pytest.mark.parametrize(
    ("term", "extended", "blue", "yellow", "red"),
    [
        ("1 wd", 0, "2026-03-03", "2026-03-04", "2026-03-06"),
        ("2 wd", 0, "2026-03-03", "2026-03-05", "2026-03-09"),
        ("5 wd", 0, "2026-03-06", "2026-03-10", "2026-03-12"),
        ("10 wd", 0, "2026-03-12", "2026-03-17", "2026-03-19"),
        ("20 wd", 0, "2026-03-24", "2026-03-31", "2026-04-02"),
        ("5 wd", 5, "2026-03-12", "2026-03-17", "2026-03-19"),
    ],
)
def test_blue_is_a_fifth_or_one_day_left(term: str, extended: int, blue: str, yellow: str, red: str) -> None:
    started_at = at("2026-03-02")
    result = due(Term.parse(term), started_at, OFFICIAL, extended=extended)
    lights = thresholds(Term.parse(term), started_at, result, OFFICIAL, extended=extended)
    assert lights == Thresholds(at(blue, 0), at(yellow, 0), at(red, 0))


def test_a_pause_does_not_make_the_blue_stretch_longer() -> None:
    started_at = at("2026-03-02")
    result = due(Term.parse("5 wd"), started_at, OFFICIAL, paused_days=20)
    lights = thresholds(Term.parse("5 wd"), started_at, result, OFFICIAL)
    assert OFFICIAL.between(local_day(lights.blue_at), result.day) == 1


def test_urgent_lights_are_exact() -> None:
    result = due(Term.parse("10 h"), at("2026-03-07", 1), OFFICIAL)
    lights = thresholds(Term.parse("10 h"), at("2026-03-07", 1), result, OFFICIAL)
    assert lights == Thresholds(at("2026-03-07", 9), at("2026-03-07", 11), at("2026-03-07", 14))


def test_a_light_is_on_from_its_instant() -> None:
    lights = Thresholds(at("2026-03-03"), at("2026-03-04"), at("2026-03-06"))
    second = timedelta(seconds=1)
    moments = [moment - early for moment in vars(lights).values() for early in (second, 0 * second)]
    shown = [light(lights, moment) for moment in moments]
    assert shown == [Light.none, Light.blue, Light.blue, Light.yellow, Light.yellow, Light.red]


@pytest.mark.parametrize(
    ("lead", "assisting"),
    [
        ("5 wd", "3 wd"),
        ("1 wd", "1 wd"),
        ("20 wd", "10 wd"),
        ("60 wd", "10 wd"),
        ("3 months", "10 wd"),
        ("3 h", "2 h"),
    ],
)
def test_assisting_departments_get_half_at_most_ten_days(lead: str, assisting: str) -> None:
    assert assisting_term(Term.parse(lead)) == Term.parse(assisting)


def test_an_extended_urgent_term_turns_blue_when_a_fifth_of_all_its_time_is_left() -> None:
    term, started_at = Term.parse("24 h"), at("2026-03-02")
    end = due(term, started_at, OFFICIAL, extended=2)
    assert end.at == at("2026-03-05", 23, 59) + timedelta(seconds=59)
    assert thresholds(term, started_at, end, OFFICIAL, extended=2).blue_at == end.at - (end.at - started_at) / 5


def test_a_term_gives_its_own_days_and_hours_unless_it_was_extended() -> None:
    started_at = at("2026-03-02")
    assert allotted_days(Term.parse("5 wd"), started_at, OFFICIAL) == 5
    assert allotted_days(Term.parse("5 wd"), started_at, OFFICIAL, 3) == 8
    assert allotted_time(Term.parse("24 h"), started_at, OFFICIAL) == timedelta(hours=24)
    end = due(Term.parse("10 wd"), started_at, OFFICIAL)
    assert blue_day(Term.parse("10 wd"), started_at, end, OFFICIAL) == date(2026, 3, 12)
    end = due(Term.parse("9 wd"), started_at, OFFICIAL)
    assert blue_day(Term.parse("9 wd"), started_at, end, OFFICIAL) == date(2026, 3, 12)


def test_one_day_of_extension_makes_an_urgent_term_wait_for_the_table() -> None:
    started_at = at("2031-03-03")
    assert not due(Term.parse("24 h"), started_at, OFFICIAL).provisional
    assert due(Term.parse("24 h"), started_at, OFFICIAL, extended=1).provisional


def test_the_longest_term_is_taken() -> None:
    assert Term.parse("999 wd").amount == 999
