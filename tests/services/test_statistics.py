"""The year in figures: true, within reach, never about fewer than five, and as files that do nothing by themselves."""

import csv
import io
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from liaison.db import session
from liaison.domain.errors import Invalid, NotAllowed
from liaison.models.audit import AuditEntry
from liaison.services import statistics
from liaison.services.statistics import COLUMNS, TOTAL, Statistics
from liaison.services.tables_out import Sheet, as_csv, as_xlsx
from tests.support.life import Life

EVIL = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "http://evil.example/", "正常")


@pytest.fixture
def march(life: Life) -> Life:
    """A month with eight matters in the east, one of them answered, and two in the west; the month is over."""
    life.matter_in("rating")
    for _ in range(7):
        life.submit()
    for _ in range(2):
        life.submit("S002")
    life.clock.advance(days=32)
    return life


def figures(found: Statistics, breakdown: str) -> dict[str, dict[str, int | None]]:
    """The rows of one table by their names."""
    [table] = [each for each in found.tables if each.breakdown == breakdown]
    return {line.name: dict(line.counts) for line in table.lines}


def test_small_counts_are_hidden_with_what_would_tell_them(march: Life) -> None:
    found = march.act("office", statistics.statistics, 2026)
    stations = figures(found, "station")
    assert set(stations) == {"城东人大代表联络站", "城西人大代表联络站", TOTAL}
    received = {name: row["received"] for name, row in stations.items()}
    assert received["城西人大代表联络站"] is None
    assert sum(count is None for count in received.values()) >= 2  # or the total would tell it
    shown = [count for table in found.tables for line in table.lines for count in line.counts.values() if count]
    assert min(shown) >= 5


def test_counts_are_true_where_they_are_shown(march: Life) -> None:
    for _ in range(10):
        march.submit("S002")
    march.clock.advance(days=32)
    months = figures(march.act("office", statistics.statistics, 2026), "month")
    assert months["2026-03"]["received"] == 10 and months["2026-04"]["received"] == 10
    assert months[TOTAL]["received"] == 20 and months[TOTAL]["satisfied"] == 0


def test_a_month_that_is_not_over_does_not_count(life: Life) -> None:
    for _ in range(6):
        life.submit()
    found = life.act("office", statistics.statistics, 2026)
    assert figures(found, "month") == {TOTAL: dict.fromkeys(COLUMNS, 0)}


def test_only_what_is_in_reach_counts(march: Life) -> None:
    assert figures(march.act("other_office", statistics.statistics, 2026), "station") == {
        TOTAL: dict.fromkeys(COLUMNS, 0)
    }
    for who in ("deputy", "housing_handler", "liaison", "auditor"):
        with pytest.raises(NotAllowed):
            march.act(who, statistics.statistics, 2026)
    with pytest.raises(Invalid):
        march.act("office", statistics.statistics, 2031)


def test_every_file_is_written_down_and_says_who_took_it(march: Life, browser: Callable[[str], FlaskClient]) -> None:
    office = browser("office")
    book = load_workbook(io.BytesIO(office.get("/console/statistics.xlsx?year=2026").data))
    text = office.get("/console/statistics.csv?year=2026").data.decode("utf-8-sig")
    for mark in (book.worksheets[0]["A1"].value, text.splitlines()[0]):
        assert "office的人（人大办）于 2026-04-03" in mark and "请勿外传" in mark
    assert len(book.worksheets) == 4 and "*" in {cell.value for cell in book.worksheets[0]["B"]}
    noted = session.scalars(select(AuditEntry).where(AuditEntry.act == "export.statistics").order_by(AuditEntry.seq))
    assert [(each.by_name, each.about, each.data) for each in noted] == [
        ("office的人", "2026", {"kind": "xlsx"}),
        ("office的人", "2026", {"kind": "csv"}),
    ]
    assert office.get("/console/statistics?year=1999").status_code == 422
    assert office.get("/console/statistics.csv?year=1999").status_code == 422


def test_no_cell_becomes_a_formula_or_a_link() -> None:
    sheets = [Sheet("=表", ["名称", "数"], [(each, 7) for each in EVIL])]
    page = load_workbook(io.BytesIO(as_xlsx([Sheet("表", sheets[0].head, sheets[0].rows)], "=mark"))).active
    cells = [cell for row in page.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n"} and not [cell for cell in cells if cell.hyperlink]
    data = as_csv(sheets, "=mark")
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝"))]
    assert ["'=1+1", "7"] in rows and ["正常", "7"] in rows
