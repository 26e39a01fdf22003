"""What a county consists of, read from CSV tables: regions, stations, deputies, departments, categories, rules.

Standard library only; takes texts, not files. Every reference between rows is by code, and every fault is
told at once with its table and line. `liaison/demo/content` is a complete example.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from liaison.domain.errors import Invalid
from liaison.domain.terms import COMPLEXITIES

TABLES = ("regions.csv", "stations.csv", "deputies.csv", "departments.csv", "categories.csv", "rules.csv")
CATEGORY_PRIORITY = 10  # a rule written by hand is meant to be stronger
Row = Mapping[str, str]
Faults = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Region:
    """One node of the tree; level is province, city, county or township; parent is a region's code."""

    code: str
    name: str
    level: str
    parent: str | None


@dataclass(frozen=True, slots=True)
class Station:
    """A place with a QR code; duty falls on `duty_weekdays` (1 Monday … 7) or `duty_days` of the month."""

    code: str
    name: str
    kind: str
    township: str
    address: str
    serves: str
    opening: str
    capabilities: tuple[str, ...]
    chain: str
    duty_weekdays: tuple[int, ...]
    duty_days: tuple[int, ...]
    liaison: str
    duty_order: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deputy:
    """A deputy; level is national, provincial, city, county or township; `stations` are 1–2 codes.

    `leads` are the departments the deputy heads or is in charge of, from whose matters the deputy keeps away.
    """

    code: str
    name: str
    level: str
    unit: str
    township: str
    stations: tuple[str, ...]
    groups: tuple[str, ...]
    occupation: str
    term: str
    has_account: bool
    leads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Department:
    """A handling department with its people; `township` is set for the office of a township."""

    code: str
    name: str
    duties: str
    head: str
    handlers: tuple[str, ...]
    approver: str
    superior: str | None
    township: str | None


@dataclass(frozen=True, slots=True)
class Category:
    """One node of the two-level tree; only second-level nodes carry a department and its reason."""

    code: str
    name: str
    parent: str | None
    keywords: tuple[str, ...]
    department: str | None
    complexity: str
    working_days: int
    reason: str


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """Suggests `department` when every part that is set matches; the greater priority wins."""

    code: str
    priority: int
    category: str | None
    keywords: tuple[str, ...]
    township: str | None
    department: str
    reason: str


@dataclass(frozen=True, slots=True)
class County:
    """All tables of one county."""

    regions: tuple[Region, ...]
    stations: tuple[Station, ...]
    deputies: tuple[Deputy, ...]
    departments: tuple[Department, ...]
    categories: tuple[Category, ...]
    rules: tuple[RoutingRule, ...]


def read_county(tables: Mapping[str, str]) -> County:
    """Read the tables of `TABLES` by name; raises Invalid with every fault under the table it is in."""
    faults: Faults = defaultdict(list)
    read = {name: _read(name, tables.get(name), make, faults) for name, make in _MAKERS.items()}
    _stop(faults)
    deputies, categories = tuple(read["deputies.csv"]), tuple(read["categories.csv"])
    county = County(
        regions=tuple(read["regions.csv"]),
        stations=_with_duty(read["stations.csv"], deputies),
        deputies=deputies,
        departments=tuple(read["departments.csv"]),
        categories=categories,
        rules=(*(_category_rule(each) for each in categories if each.department), *read["rules.csv"]),
    )
    _check_references(county, faults)
    _stop(faults)
    return county


def _read(name: str, text: str | None, make: Callable[[Row], Any], faults: Faults) -> list[Any]:
    if text is None:
        faults[name].append("缺少这张表。")
        return []
    made = []
    for line, row in enumerate(csv.DictReader(io.StringIO(text, newline="")), start=2):
        try:
            made.append(make(_whole(row)))
        except KeyError as error:
            faults[name].append(f"缺少“{error.args[0]}”这一列。")
            return []
        except ValueError:
            faults[name].append(f"第 {line} 行有一格不完整或不是数字。")
    return made


def _whole(row: Row) -> Row:
    """The row, unless it ends before its table does: ValueError."""
    if None in row.values():
        raise ValueError("the row is cut short")
    return row


def _stop(faults: Faults) -> None:
    if faults:
        raise Invalid(faults, "表格里有错误，一行都没有导入，请修改后再试。")


def _check_references(county: County, faults: Faults) -> None:
    regions = _codes("regions.csv", county.regions, faults)
    stations = _codes("stations.csv", county.stations, faults)
    departments = _codes("departments.csv", county.departments, faults)
    categories = _codes("categories.csv", county.categories, faults)
    _codes("deputies.csv", county.deputies, faults)
    used = [
        ("regions.csv", regions, (row.parent for row in county.regions)),
        ("stations.csv", regions, (row.township for row in county.stations)),
        ("deputies.csv", regions, (row.township for row in county.deputies)),
        ("deputies.csv", stations, (code for row in county.deputies for code in row.stations)),
        ("deputies.csv", departments, (code for row in county.deputies for code in row.leads)),
        ("departments.csv", regions, (row.township for row in county.departments)),
        ("categories.csv", categories, (row.parent for row in county.categories)),
        ("categories.csv", departments, (row.department for row in county.categories)),
        ("categories.csv", set(COMPLEXITIES), (row.complexity for row in county.categories)),
        ("rules.csv", departments, (row.department for row in county.rules)),
        ("rules.csv", categories, (row.category for row in county.rules)),
        ("rules.csv", regions, (row.township for row in county.rules)),
    ]
    for name, known, codes in used:
        faults_here = [f"没有代号“{code}”。" for code in dict.fromkeys(codes) if code and code not in known]
        if faults_here:
            faults[name].extend(faults_here)


def _codes(name: str, rows: tuple[Any, ...], faults: Faults) -> set[str]:
    seen: set[str] = set()
    for row in rows:
        if not row.code or not row.name or row.code in seen:
            faults[name].append(f"代号“{row.code}”重复，或代号、名称为空。")
        seen.add(row.code)
    return seen


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


def _with_duty(stations: list[Station], deputies: tuple[Deputy, ...]) -> tuple[Station, ...]:
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
        leads=_words(row["leads"]),
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


def _category_rule(category: Category) -> RoutingRule:
    return RoutingRule(
        f"by-{category.code}", CATEGORY_PRIORITY, category.code, (), None, category.department or "", category.reason
    )


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


def _region(row: Row) -> Region:
    return Region(row["code"], row["name"], row["level"], row["parent"] or None)


_MAKERS: Mapping[str, Callable[[Row], Any]] = {
    "regions.csv": _region,
    "stations.csv": _station,
    "deputies.csv": _deputy,
    "departments.csv": _department,
    "categories.csv": _category,
    "rules.csv": _rule,
}
