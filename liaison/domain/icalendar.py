"""Calendars that phones subscribe to: whole days as RFC 5545 wants them. Pure, standard library only."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

LONGEST_LINE = 75
"""Octets, the line's end aside (RFC 5545, 3.1)."""


@dataclass(frozen=True)
class DayEvent:
    """Something that takes up a day; `uid` is the same each time it is asked for."""

    uid: str
    day: date
    summary: str
    place: str = ""


def calendar_of(name: str, events: Iterable[DayEvent], made_at: datetime) -> str:
    """The calendar as text; `made_at` is an aware UTC moment."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Liaison//Duty//ZH", f"X-WR-CALNAME:{_escaped(name)}"]
    for event in events:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{_escaped(event.uid)}",
            f"DTSTAMP:{made_at:%Y%m%dT%H%M%SZ}",
            f"DTSTART;VALUE=DATE:{event.day:%Y%m%d}",
            f"DTEND;VALUE=DATE:{event.day + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_escaped(event.summary)}",
            *([f"LOCATION:{_escaped(event.place)}"] if event.place else []),
            "END:VEVENT",
        ]
    return "".join(f"{part}\r\n" for line in [*lines, "END:VCALENDAR"] for part in _folded(line))


def _escaped(text: str) -> str:
    """Text as a value: no line of ours can be begun from within it."""
    for mark in ("\\", ";", ","):
        text = text.replace(mark, f"\\{mark}")
    return "\\n".join(text.splitlines())


def _folded(line: str) -> Iterator[str]:
    """The line in pieces of whole characters, each after the first begun by a space."""
    piece = ""
    for letter in line:
        if len((piece + letter).encode()) > LONGEST_LINE:
            yield piece
            piece = " "
        piece += letter
    yield piece
