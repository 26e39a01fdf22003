"""The year in figures: as a page, and as files with who took them out and when."""

from flask import Response, render_template, request

from liaison.domain.errors import Invalid
from liaison.services import statistics
from liaison.services.statistics import COLUMNS, FIRST_YEAR, TOTAL, Line, Statistics
from liaison.services.tables_out import Sheet
from liaison.web.console.frame import blueprint
from liaison.web.console.table_files import table_file, taken
from liaison.web.guards import current_actor, guard
from liaison.web.labels import day, label
from liaison.web.wiring import now, today, unit_of_work

HIDDEN = "*"
NOTE = "* 少于 5 件，或为防止推算而不显示"


@blueprint.get("/statistics")
@guard("statistics.read")
def statistics_page() -> str | tuple[str, int]:
    """The tables of a year that may be asked for."""
    error = None
    try:
        found = statistics.statistics(current_actor(), _year(), now=now())
    except Invalid as refused:
        error, found = refused, statistics.statistics(current_actor(), today().year, now=now())
    page = render_template(
        "console/statistics.html",
        found=found,
        sheets=_sheets(found),
        years=range(today().year, FIRST_YEAR - 1, -1),
        note=NOTE,
        error=error,
    )
    return (page, 422) if error else page


@blueprint.get("/statistics.<any(xlsx, csv):act>")
@guard("statistics.export")
def statistics_file(act: str) -> Response:
    """The tables of a year as a file of that kind; every one is written down."""
    actor, at = current_actor(), now()
    with unit_of_work():
        found = statistics.export(actor, _year(), act, now=at)
    return table_file(act, f"statistics-{found.year}", _sheets(found), _mark(found, taken(actor, at, "导出")))


def _year() -> int:
    return request.args.get("year", today().year, type=int)


def _mark(found: Statistics, taken_out: str) -> str:
    until = f"统计到 {day(found.until)}" if found.until else "还没有完整的月份"
    return f"{found.year} 年，{until}。{taken_out}，请勿外传。{NOTE}"


def _sheets(found: Statistics) -> list[Sheet]:
    head = [label("figure", column) for column in COLUMNS]
    return [
        Sheet(label("breakdown", table.breakdown), ["名称", *head], [_row(line) for line in table.lines])
        for table in found.tables
    ]


def _row(line: Line) -> list[str | int]:
    counts = [HIDDEN if line.counts[column] is None else line.counts[column] for column in COLUMNS]
    return ["合计" if line.name == TOTAL else line.name, *counts]
