"""The calendar against a brute-force day walk, two packages that know the same years, and the vectors."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import chinese_calendar
import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liaison.domain import calendar as cal
from liaison.domain.calendar_table import parse_table
from liaison.domain.errors import Invalid

SEED = (Path(__file__).parents[2] / "migrations" / "calendar-2004-2026.csv").read_text("utf-8")
TABLE = parse_table(SEED)
OFFICIAL = cal.WorkingCalendar(TABLE.exceptions, TABLE.years)
DAY = timedelta(days=1)
KNOWN_DAYS = [date(2004, 1, 1) + n * DAY for n in range((date(2027, 1, 1) - date(2004, 1, 1)).days)]

# holidays 0.86 lacks the amended notice for May 2019 (国办发明电〔2019〕3号); chinesecalendar 1.11.0, and
# with it our seed, lacks the make-up day 2005-12-31 (国办发明电〔2005〕35号).
PACKAGES_DISAGREE = {
    date(2005, 12, 31), date(2019, 4, 28), date(2019, 5, 2), date(2019, 5, 3), date(2019, 5, 5),
}  # fmt: skip

any_day = st.dates(date(1990, 1, 1), date(2100, 12, 31))
near_day = st.dates(date(2003, 6, 1), date(2028, 6, 1))


def walk(day: date, n: int) -> date:
    """Count n working days from `day` one day at a time; n may be negative."""
    step = DAY if n > 0 else -DAY
    while n:
        day += step
        if OFFICIAL.is_working(day):
            n -= 1 if n > 0 else -1
    return day


def shanghai(day: date, hour: int, minute: int = 0) -> datetime:
    """Return a Shanghai wall-clock time as an instant."""
    return datetime.combine(day, time(hour, minute), cal.SHANGHAI)


@pytest.mark.parametrize(
    ("start", "n", "expected"),
    [
        (date(2026, 2, 13), 5, date(2026, 2, 27)),
        (date(2026, 9, 24), 5, date(2026, 10, 9)),
        (date(2026, 4, 30), 10, date(2026, 5, 18)),
        (date(2026, 9, 30), 1, date(2026, 10, 8)),
    ],
)
def test_vectors_of_the_domain_hold(start: date, n: int, expected: date) -> None:
    assert OFFICIAL.add(start, n) == expected


def test_make_up_days_of_2026_are_the_weekends_worked() -> None:
    weekends = [day for day in KNOWN_DAYS if day.year == 2026 and day.weekday() > 4]
    worked = [f"{day:%m-%d}" for day in weekends if OFFICIAL.is_working(day)]
    assert worked == ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"]


def test_every_day_from_2004_to_2026_agrees_with_chinesecalendar() -> None:
    assert [day for day in KNOWN_DAYS if OFFICIAL.is_working(day) != chinese_calendar.is_workday(day)] == []
    assert TABLE.years == frozenset(range(2004, 2027))


def test_every_day_from_2004_to_2026_agrees_with_holidays_but_for_the_five_known() -> None:
    other = holidays.country_holidays("CN", years=range(2004, 2027))
    assert {d for d in KNOWN_DAYS if OFFICIAL.is_working(d) != other.is_working_day(d)} == PACKAGES_DISAGREE


def test_the_seed_holds_only_days_that_depart_from_the_plain_week() -> None:
    assert [day for day, works in TABLE.exceptions.items() if works == (day.weekday() < 5)] == []


@settings(max_examples=300, deadline=None)
@given(near_day, st.integers(-80, 80))
def test_adding_equals_a_day_walk(day: date, n: int) -> None:
    assert OFFICIAL.add(day, n) == walk(day, n)


@settings(max_examples=300, deadline=None)
@given(near_day, st.integers(-200, 200))
def test_between_equals_a_day_walk_and_turns_its_sign(day: date, distance: int) -> None:
    other = day + distance * DAY
    first, last = min(day, other), max(day, other)
    counted = sum(OFFICIAL.is_working(first + n * DAY) for n in range(1, (last - first).days + 1))
    assert OFFICIAL.between(first, last) == counted
    assert OFFICIAL.between(last, first) == -counted


@settings(max_examples=300, deadline=None)
@given(any_day, st.integers(1, 400))
def test_add_and_between_undo_each_other_in_any_year(day: date, n: int) -> None:
    end = OFFICIAL.add(day, n)
    assert OFFICIAL.is_working(end)
    assert OFFICIAL.between(day, end) == n


@settings(max_examples=200, deadline=None)
@given(any_day)
def test_on_or_after_is_the_nearest_working_day(day: date) -> None:
    found = OFFICIAL.on_or_after(day)
    assert OFFICIAL.is_working(found)
    assert not any(OFFICIAL.is_working(day + n * DAY) for n in range((found - day).days))


def test_no_year_from_1990_to_2100_raises() -> None:
    for year in range(1990, 2101):
        new_year = date(year, 1, 1)
        assert 230 <= OFFICIAL.between(new_year - DAY, date(year, 12, 31)) <= 262
        assert cal.month_end(new_year, 2, OFFICIAL) >= date(year, 3, 1)
        assert cal.office_moment(cal.end_of_day(new_year), OFFICIAL) > cal.end_of_day(new_year)


def test_years_without_a_table_rest_on_weekends_and_fixed_holidays_only() -> None:
    weekdays = [date(2027, 1, 1) + n * DAY for n in range(365)]
    at_rest = [f"{day:%m-%d}" for day in weekdays if day.weekday() < 5 and not OFFICIAL.is_working(day)]
    assert at_rest == ["01-01", "10-01"]
    bare = cal.WorkingCalendar({}, frozenset())
    assert [year for year in (2023, 2024, 2025, 2028) if bare.is_working(date(year, 5, 2))] == [2023, 2024]


def test_what_touches_an_unpublished_year_is_provisional() -> None:
    assert OFFICIAL.is_provisional(date(2027, 1, 1))
    assert not OFFICIAL.is_provisional(date(2026, 12, 31))
    assert OFFICIAL.is_provisional_between(date(2026, 12, 31), date(2027, 1, 1))
    assert not OFFICIAL.is_provisional_between(date(2026, 12, 30), date(2026, 12, 31))
    assert not OFFICIAL.is_provisional_between(date(2003, 12, 31), date(2004, 1, 5))


def test_a_calendar_does_not_change_with_the_mapping_it_was_made_of() -> None:
    exceptions = {date(2026, 1, 5): False}
    calendar = cal.WorkingCalendar(exceptions, frozenset({2026}))
    exceptions.clear()
    assert not calendar.is_working(date(2026, 1, 5))


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        (date(2026, 3, 10), 3, date(2026, 6, 10)),
        (date(2025, 11, 30), 3, date(2026, 2, 28)),  # a Saturday, but worked
        (date(2023, 11, 30), 3, date(2024, 2, 29)),
        (date(2026, 7, 2), 3, date(2026, 10, 8)),
        (date(2026, 10, 31), 6, date(2027, 4, 30)),
        (date(2025, 12, 31), 12, date(2026, 12, 31)),
    ],
)
def test_months_end_on_the_corresponding_or_last_day_or_the_next_working_day(
    start: date, months: int, expected: date
) -> None:
    assert cal.month_end(start, months, OFFICIAL) == expected


@pytest.mark.parametrize(
    ("asked", "given_back"),
    [
        (shanghai(date(2026, 3, 2), 7), shanghai(date(2026, 3, 2), 8, 30)),
        (shanghai(date(2026, 3, 2), 11, 59), shanghai(date(2026, 3, 2), 11, 59)),
        (shanghai(date(2026, 3, 2), 12), shanghai(date(2026, 3, 2), 14, 30)),
        (shanghai(date(2026, 3, 2), 17, 59), shanghai(date(2026, 3, 2), 17, 59)),
        (shanghai(date(2026, 3, 2), 18), shanghai(date(2026, 3, 3), 8, 30)),
        (shanghai(date(2026, 9, 30), 23), shanghai(date(2026, 10, 8), 8, 30)),
        (shanghai(date(2026, 10, 10), 3), shanghai(date(2026, 10, 10), 8, 30)),
    ],
)
def test_reminders_wait_for_office_hours(asked: datetime, given_back: datetime) -> None:
    moment = cal.office_moment(asked.astimezone(UTC), OFFICIAL)
    assert (moment, moment.tzinfo) == (given_back, UTC)


@settings(max_examples=200, deadline=None)
@given(st.datetimes(datetime(1990, 1, 2), datetime(2100, 12, 30), timezones=st.just(UTC)))
def test_an_office_moment_is_never_early_and_does_not_move_again(at: datetime) -> None:
    moment = cal.office_moment(at, OFFICIAL)
    local = moment.astimezone(cal.SHANGHAI)
    assert moment >= at
    assert cal.office_moment(moment, OFFICIAL) == moment
    assert OFFICIAL.is_working(local.date())
    assert any(opens <= local.time() < closes for opens, closes in cal.OFFICE_HOURS)


def test_days_belong_to_shanghai() -> None:
    assert cal.end_of_day(date(2026, 3, 2)) == datetime(2026, 3, 2, 15, 59, 59, tzinfo=UTC)
    assert cal.local_day(datetime(2026, 3, 2, 15, 59, 59, tzinfo=UTC)) == date(2026, 3, 2)
    assert cal.local_day(datetime(2026, 3, 2, 16, tzinfo=UTC)) == date(2026, 3, 3)


def test_a_table_is_read_in_chinese_words_with_excels_dates_and_byte_order_mark() -> None:
    rows = ["\ufeff日期,类别,名称", "2027/10/1,休,国庆节", "", "2027/10/9,班,国庆节", "2028-10-09,休,国庆节"]
    table = parse_table("\r\n".join(rows))
    assert table.exceptions == {date(2027, 10, 1): False, date(2027, 10, 9): True, date(2028, 10, 9): False}
    assert table.names[date(2027, 10, 1)] == "国庆节"
    assert table.years == {2027}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "第 1 行应是列名"),
        ("2027-10-01,rest,国庆节", "第 1 行应是列名"),
        ("day,kind,name\n", "没有一天"),
        ("day,kind,name\n2027-10-01,rest,a\n2027-02-30,rest,b", "第 3 行：日期“2027-02-30”无效"),
        ("day,kind,name\n2027-10-01,holiday,a", "第 2 行：类别“holiday”不认识"),
        ("day,kind,name\n2207-10-01,rest,a", "第 2 行：年份 2207 不在"),
        ("day,kind,name\n2027-10-01,rest,a\n2027-10-01,work,a", "第 3 行：2027-10-01 前面已有一行"),
        ("day,kind,name\n2027-10-01", "第 2 行：类别“”不认识"),
        ("day,kind,name\n" + "x" * 200_000, "读不出来"),
    ],
)
def test_a_faulty_table_is_refused_by_row(text: str, sentence: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_table(text)
    assert sentence in refusal.value.errors["file"][0]


def test_many_faults_are_shown_as_twenty_and_a_count() -> None:
    with pytest.raises(Invalid) as refusal:
        parse_table("day,kind,name\n" + "oops,rest,a\n" * 25)
    sentences = refusal.value.errors["file"]
    assert (len(sentences), sentences[-1][:6]) == (21, "另有 5 行")


def test_the_columns_may_be_two_and_a_name_is_cut() -> None:
    assert parse_table("kind,day\nrest,2027-10-01").names == {date(2027, 10, 1): ""}
    long = parse_table("day,kind,name,note\n2027-10-01,rest," + "国" * 60 + ",x").names
    assert long == {date(2027, 10, 1): "国" * 50}


@pytest.mark.parametrize(("days", "years"), [((1,), {2027}), ((3,), {2027}), ((4, 5), set())])
def test_a_year_is_published_when_one_of_its_national_days_is(days: tuple[int, ...], years: set[int]) -> None:
    rows = [f"2027-10-0{day},rest,国庆节" for day in days]
    assert parse_table("\n".join(["day,kind,name", *rows])).years == years


def test_twenty_faults_are_all_shown() -> None:
    with pytest.raises(Invalid) as refusal:
        parse_table("day,kind,name\n" + "oops,rest,a\n" * 20)
    sentences = refusal.value.errors["file"]
    assert len(sentences) == 20 and all("oops" in sentence for sentence in sentences)


def test_a_missing_day_and_a_wrong_year_are_told() -> None:
    with pytest.raises(Invalid) as refusal:
        parse_table("kind,day\nrest\nrest,1989-01-01")
    missing, year = refusal.value.errors["file"]
    assert ("“”无效" in missing and "2004" in year) or "19" in year


def test_a_calendar_does_not_change_with_the_years_it_was_made_of() -> None:
    years = {2026}
    made = cal.WorkingCalendar({}, years)
    years.add(2027)
    assert made.years == {2026}


@pytest.mark.parametrize("year", [2023, 2024, 2025, 2028, 2029])
def test_a_year_is_walked_from_its_first_day_to_its_last(year: int) -> None:
    new_year, last = date(year, 1, 1), date(year, 12, 31)
    worked = cal.WorkingCalendar({new_year: True, last: True}, frozenset())
    assert worked.on_or_after(new_year) == new_year and worked.on_or_after(last) == last
    assert worked.add(last - DAY, 1) == last and worked.add(new_year + DAY, -1) == new_year
    assert worked.between(last - DAY, last) == worked.between(new_year - DAY, new_year) == 1
