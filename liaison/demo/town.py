"""The demo town, read from `content/`, so that seeding, screenshots and tests see the same town every time.

Standard library only: no database, no clock, no randomness. All people and places in it are invented.
Dates in prose are written as `{d+30}` (days from the day the sentence is said) and put in by `dated`,
so that the town never grows old.
"""

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from liaison.demo.rows import (
    Assist,
    Category,
    Department,
    Deputy,
    Extension,
    Matter,
    Rating,
    Region,
    Reply,
    Return,
    Round,
    RoutingRule,
    Station,
    Town,
)

CONTENT = Path(__file__).with_name("content")
DAY_SLOT = re.compile(r"\{d([+-]\d+)\}")
Row = Mapping[str, str]
Json = Mapping[str, Any]
NESTED = {
    "reply": Reply,
    "draft": Reply,
    "kept": Reply,
    "deputy_reply": Reply,
    "rating": Rating,
    "kept_rating": Rating,
    "deputy_rating": Rating,
    "returned": Return,
    "extension": Extension,
}


def dated(text: str, said_on: date) -> str:
    """Put dates into `text`: `{d+30}` becomes the day 30 days after `said_on`, as 3月5日."""

    def day(slot: re.Match[str]) -> str:
        moment = said_on + timedelta(days=int(slot[1]))
        year = f"{moment.year}\u5e74" if moment.year != said_on.year else ""
        return f"{year}{moment.month}\u6708{moment.day}\u65e5"

    return DAY_SLOT.sub(day, text)


def deputy_on_duty(station: Station, day: date) -> str | None:
    """Return the code of the deputy on duty at `station` on `day`, None outside its duty days.

    Deputies take turns in `duty_order`: by week and weekday, or by month and day of the month.
    """
    if day.isoweekday() in station.duty_weekdays:
        turn = day.toordinal() // 7 * len(station.duty_weekdays) + station.duty_weekdays.index(day.isoweekday())
    elif day.day in station.duty_days:
        turn = (day.year * 12 + day.month) * len(station.duty_days) + station.duty_days.index(day.day)
    else:
        return None
    return station.duty_order[turn % len(station.duty_order)] if station.duty_order else None


@lru_cache(maxsize=1)
def load() -> Town:
    """Return the demo town; the same object on every call in a process."""
    deputies = tuple(map(_deputy, _rows("deputies.csv")))
    categories = tuple(map(_category, _rows("categories.csv")))
    return Town(
        regions=tuple(
            Region(row["code"], row["name"], row["level"], row["parent"] or None) for row in _rows("regions.csv")
        ),
        stations=_with_duty((_station(row) for row in _rows("stations.csv")), deputies),
        deputies=deputies,
        departments=tuple(map(_department, _rows("departments.csv"))),
        categories=categories,
        rules=(*map(_category_rule, filter(_is_leaf, categories)), *map(_rule, _rows("rules.csv"))),
        matters=tuple(_matters()),
        office_staff=tuple(row["name"] for row in _rows("office.csv")),
    )


def _rows(name: str) -> Iterator[Row]:
    with (CONTENT / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _words(cell: str) -> tuple[str, ...]:
    return tuple(cell.split())


def _station(row: Row) -> Station:
    return Station(
        code=row["code"],
        name=row["name"],
        kind=row["kind"],
        township=row["township"],
        address=row["address"],
        serves=row["serves"],
        opening=row["opening"],
        capabilities=_words(row["capabilities"]),
        chain=row["chain"],
        duty_weekdays=tuple(map(int, _words(row["duty_weekdays"]))),
        duty_days=tuple(map(int, _words(row["duty_days"]))),
        liaison=row["liaison"],
    )


def _with_duty(stations: Iterator[Station], deputies: tuple[Deputy, ...]) -> tuple[Station, ...]:
    order: dict[str, list[str]] = defaultdict(list)
    for deputy in deputies:
        for code in deputy.stations:
            order[code].append(deputy.code)
    return tuple(replace(station, duty_order=tuple(order[station.code])) for station in stations)


def _deputy(row: Row) -> Deputy:
    return Deputy(
        code=row["code"],
        name=row["name"],
        level=row["level"],
        unit=row["unit"],
        township=row["township"],
        stations=_words(row["stations"]),
        groups=_words(row["groups"]),
        occupation=row["occupation"],
        term=row["term"],
        has_account=row["account"] == "yes",
    )


def _department(row: Row) -> Department:
    return Department(
        code=row["code"],
        name=row["name"],
        duties=row["duties"],
        head=row["head"],
        handlers=_words(row["handlers"]),
        approver=row["approver"],
        superior=row["superior"] or None,
        township=row["township"] or None,
    )


def _category(row: Row) -> Category:
    return Category(
        code=row["code"],
        name=row["name"],
        parent=row["parent"] or None,
        keywords=_words(row["keywords"]),
        department=row["department"] or None,
        complexity=row["complexity"],
        working_days=int(row["working_days"]),
        reason=row["reason"],
    )


def _is_leaf(category: Category) -> bool:
    return category.department is not None


def _category_rule(category: Category) -> RoutingRule:
    return RoutingRule(f"by-{category.code}", 10, category.code, (), None, category.department or "", category.reason)


def _rule(row: Row) -> RoutingRule:
    return RoutingRule(
        code=row["code"],
        priority=int(row["priority"]),
        category=row["category"] or None,
        keywords=_words(row["keywords"]),
        township=row["township"] or None,
        department=row["department"],
        reason=row["reason"],
    )


def _matters() -> Iterator[Matter]:
    for file in sorted((CONTENT / "matters").glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            yield _matter(json.loads(line))


def _matter(row: Json) -> Matter:
    return Matter(**_built(row) | {"rounds": tuple(map(_round, row.get("rounds", ())))})


def _round(row: Json) -> Round:
    assisting = tuple(Assist(**assist) for assist in row.get("assisting", ()))
    return Round(**_built(row) | {"assisting": assisting})


def _built(row: Json) -> dict[str, Any]:
    return {key: NESTED[key](**value) if key in NESTED else value for key, value in row.items()}
