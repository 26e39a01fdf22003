"""The demo town, read from `content/`, so that seeding, screenshots and tests see the same town every time.

Standard library only: no database, no clock, no randomness. All people and places in it are invented.
Dates in prose are written as `{d+30}` (days from the day the sentence is said) and put in by `dated`,
so that the town never grows old.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from liaison.demo.rows import Assist, Extension, Matter, Rating, Reply, Return, Round, Town
from liaison.domain.county import TABLES, read_county

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


@lru_cache(maxsize=1)
def load() -> Town:
    """Return the demo town; the same object on every call in a process."""
    county = read_county({name: (CONTENT / name).read_text(encoding="utf-8") for name in TABLES})
    return Town(
        regions=county.regions,
        stations=county.stations,
        deputies=county.deputies,
        departments=county.departments,
        categories=county.categories,
        rules=county.rules,
        matters=tuple(_matters()),
        office_staff=tuple(row["name"] for row in _rows("office.csv")),
    )


def _rows(name: str) -> Iterator[Row]:
    with (CONTENT / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


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
