"""Reading an official calendar table as an office uploads it: once a year, by hand, often out of Excel.

A fault must name its row in words the administrator understands, and nothing is taken from a file with
faults. Knows CSV and dates; storing the table and recomputing the clocks is for the services.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from liaison.domain.errors import Invalid

COLUMN_WORDS = {"日期": "day", "类别": "kind", "名称": "name"}
KINDS = {"rest": False, "休": False, "work": True, "班": True}
PLAUSIBLE_YEARS = range(1990, 2101)
FAULTS_SHOWN = 20


@dataclass(frozen=True)
class Table:
    """An official table: True for a day worked, False for a rest day; names; the years covered in full."""

    exceptions: Mapping[date, bool]
    names: Mapping[date, str]
    years: frozenset[int]


def parse_table(csv_text: str) -> Table:
    """Read a table with the columns day, kind (rest|work or 休|班) and name; raises Invalid for `file`.

    A year counts as covered when 1–3 October appear in it: some of these days is a weekday, so every
    complete table names one, while a notice about the turn of the year leaves the next year provisional.
    """
    exceptions: dict[date, bool] = {}
    names: dict[date, str] = {}
    faults: list[str] = []
    for number, row in _rows(csv_text):
        try:
            day, works, name = _read_row(row)
            if exceptions.setdefault(day, works) != works:
                raise ValueError(f"{day} 前面已有一行，一行写“休”、一行写“班”，请只保留一行")
            names[day] = name
        except ValueError as fault:
            faults.append(f"第 {number} 行：{fault}。")
    if not exceptions and not faults:
        faults.append("文件里没有一天的安排，请按“day,kind,name”三列逐行填写后再导入。")
    _refuse(faults)
    return Table(exceptions, names, frozenset(day.year for day in exceptions if _is_national_day(day)))


def _rows(csv_text: str) -> list[tuple[int, dict[str, str]]]:
    """Return the rows that are not blank, keyed by column, with line numbers; refuses a wrong heading."""
    reader = csv.reader(io.StringIO(csv_text.removeprefix("\ufeff"), newline=""))
    try:
        lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except csv.Error:
        sentence = f"第 {reader.line_num} 行读不出来，请另存为 CSV（UTF-8）后再导入。"
        raise Invalid({"file": [sentence]}) from None
    lines = [(number, cells) for number, cells in lines if any(cells)]
    heading = [COLUMN_WORDS.get(cell, cell) for cell in lines[0][1]] if lines else []
    if not {"day", "kind"} <= set(heading):
        raise Invalid({"file": ["第 1 行应是列名“day,kind,name”（日期、类别、名称），请补上后再导入。"]})
    return [(number, dict(zip(heading, cells, strict=False))) for number, cells in lines[1:]]


def _read_row(row: Mapping[str, str]) -> tuple[date, bool, str]:
    """Return day, whether it is worked, and name; raises ValueError with a Chinese reason."""
    kind = row.get("kind", "")
    if kind not in KINDS:
        raise ValueError(f"类别“{kind[:20]}”不认识，请写 rest（休）或 work（班）")
    return _read_day(row.get("day", "")), KINDS[kind], row.get("name", "")[:50]


def _read_day(text: str) -> date:
    """Return the day written as 2026-10-01 or 2026/10/1; raises ValueError with a Chinese reason."""
    match = re.fullmatch(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})", text)
    try:
        day = date(int(match[1]), int(match[2]), int(match[3])) if match else None
    except ValueError:
        day = None
    if day is None:
        raise ValueError(f"日期“{text[:20]}”无效，请写成 2026-10-01 的样子")
    if day.year not in PLAUSIBLE_YEARS:
        raise ValueError(f"年份 {day.year} 不在 {PLAUSIBLE_YEARS[0]}–{PLAUSIBLE_YEARS[-1]} 之间，请核对")
    return day


def _is_national_day(day: date) -> bool:
    """Return whether the day is one of 1–3 October."""
    return day.month == 10 and day.day <= 3


def _refuse(faults: Sequence[str]) -> None:
    """Raise Invalid when there are faults, showing the first twenty."""
    if len(faults) > FAULTS_SHOWN:
        faults = [*faults[:FAULTS_SHOWN], f"另有 {len(faults) - FAULTS_SHOWN} 行也有问题，请一并检查。"]
    if faults:
        raise Invalid({"file": faults})
