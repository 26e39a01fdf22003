"""Calendars that phones subscribe to: as RFC 5545 asks, whatever a name or a place holds."""

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from liaison.domain.icalendar import LONGEST_LINE, DayEvent, calendar_of

AT = datetime(2026, 3, 2, 2, 4, 5, tzinfo=UTC)


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_text_begins_a_line_of_its_own_and_no_line_is_too_long(summary: str, place: str) -> None:
    lines = calendar_of("值班", [DayEvent("a", date(2026, 3, 2), summary, place)], AT).encode().split(b"\r\n")
    assert all(len(line) <= LONGEST_LINE for line in lines)
    starts = [line.partition(b":")[0].partition(b";")[0] for line in lines if line and not line.startswith(b" ")]
    assert starts.count(b"BEGIN") == starts.count(b"END") == 2 and starts.count(b"UID") == 1
    assert not any(len(line.splitlines()) > 1 for line in lines)


def test_a_day_ends_where_the_next_begins_and_a_place_is_told_when_there_is_one() -> None:
    events = [DayEvent("a@x", date(2026, 2, 28), "值班", "塘前街18号"), DayEvent("b@x", date(2026, 12, 31), "值班")]
    assert calendar_of("我的值班", events, AT).split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Liaison//Duty//ZH",
        "X-WR-CALNAME:我的值班",
        "BEGIN:VEVENT",
        "UID:a@x",
        "DTSTAMP:20260302T020405Z",
        "DTSTART;VALUE=DATE:20260228",
        "DTEND;VALUE=DATE:20260301",
        "SUMMARY:值班",
        "LOCATION:塘前街18号",
        "END:VEVENT",
        "BEGIN:VEVENT",
        "UID:b@x",
        "DTSTAMP:20260302T020405Z",
        "DTSTART;VALUE=DATE:20261231",
        "DTEND;VALUE=DATE:20270101",
        "SUMMARY:值班",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


def test_signs_with_a_meaning_are_escaped_as_rfc_5545_says() -> None:
    told = calendar_of("a,b", [DayEvent("u;1", date(2026, 3, 2), "甲\\乙;丙,丁\n戊", "东\r\n西")], AT)
    for line in ("X-WR-CALNAME:a\\,b", "UID:u\\;1", "SUMMARY:甲\\\\乙\\;丙\\,丁\\n戊", "LOCATION:东\\n西"):
        assert f"\r\n{line}\r\n" in told


def test_a_line_is_full_before_it_is_folded_and_unfolds_to_what_it_was() -> None:
    name = "x" * (2 * LONGEST_LINE)
    told = calendar_of(name, [], AT)
    assert told.replace("\r\n ", "").split("\r\n")[3] == f"X-WR-CALNAME:{name}"
    assert [len(line) for line in told.split("\r\n")[3:6]] == [LONGEST_LINE, LONGEST_LINE, 15]
