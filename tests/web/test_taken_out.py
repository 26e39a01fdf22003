"""What leaves as a file: the list on the screen, a case's sheet; who took it out stands in it and in the log."""

import csv
import io

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from liaison.db import session
from liaison.models.audit import AuditEntry
from liaison.services import audit, lists_out
from liaison.services.case_sheet_drawing import LONGEST_CELL
from liaison.services.case_sheets import CaseSheet, case_sheet_pdf
from liaison.services.vault import Contact
from tests.support.canary import drawn_in
from tests.support.life import SAID, Life

NAME, PHONE = "周小明", "13912345678"


def written(act: str) -> list[AuditEntry]:
    """What the log holds of that act."""
    return session.scalars(select(AuditEntry).where(AuditEntry.act == act).order_by(AuditEntry.seq)).all()


def test_the_list_on_the_screen_is_what_the_workbook_holds(browser, life: Life) -> None:
    numbers = [life.matter_in("assigned"), life.matter_in("assigned"), life.matter_in("rating")]
    office = browser("office")
    shown = office.get("/console/?box=all&state=assigned&sort=oldest")
    assert "list.xlsx?box=all&amp;state=assigned&amp;sort=oldest" in shown.text
    book = load_workbook(io.BytesIO(office.get("/console/list.xlsx?box=all&state=assigned&sort=oldest").data))
    mark, head, *rows = book.worksheets[0].iter_rows(values_only=True)
    assert "导出，共 2 件" in mark[0] and head[0] == "编号"
    assert [row[0] for row in rows] == numbers[:2]


def test_a_list_is_written_down_without_the_words_that_were_looked_for(browser, life: Life) -> None:
    life.matter_in("assigned")
    answer = browser("housing_handler").get("/console/list.csv?box=todo&q=13812345678")
    assert answer.status_code == 200 and answer.mimetype == "text/csv"
    (entry,) = written(audit.LIST)
    assert entry.data == {"kind": "csv", "rows": 0, "list": {"box": "todo"}}


def test_no_line_of_a_list_becomes_a_formula(browser, life: Life) -> None:
    life.submit(text='=HYPERLINK("http://evil.example","路灯坏了请点这里")')
    lines = csv.reader(io.StringIO(browser("office").get("/console/list.csv?box=all").text))
    assert any(cell.startswith("'=HYPERLINK") for line in lines for cell in line)


def test_more_than_fit_into_a_file_are_refused_on_the_list_itself(browser, life: Life, monkeypatch) -> None:
    monkeypatch.setattr(lists_out, "MOST_ROWS", 1)
    life.matter_in("submitted"), life.matter_in("submitted")
    answer = browser("office").get("/console/list.xlsx?box=all")
    assert answer.status_code == 422 and "缩小范围" in answer.text
    assert written(audit.LIST) == []


@pytest.mark.parametrize("who", ["office", "housing_handler", "deputy"])
def test_a_sheet_says_what_was_told_and_done_and_never_who_told_it(browser, life: Life, who: str) -> None:
    number = life.matter_in("rating", contact=Contact(NAME, PHONE), share_identity=True)
    answer = browser(who).get(f"/console/cases/{number}/sheet.pdf")
    assert answer.mimetype == "application/pdf" and number in answer.headers["Content-Disposition"]
    said = "".join(drawn_in(answer.data))
    for wanted in (number, "群众反映事项办理单", life.case(number).title, SAID, "打印", "签发人"):
        assert "".join(wanted.split()) in said, wanted
    assert NAME not in said and PHONE not in said
    assert [entry.about for entry in written(audit.SHEET)] == [number]


def test_a_sheet_of_whatever_length_is_drawn_whole() -> None:
    told = "".join(chr(0x4E00 + n % 3000) for n in range(3 * LONGEST_CELL))
    pdf = case_sheet_pdf(CaseSheet("办理单", "M-1", [("一", "二")], [("经过", told), ("空", "")], "由某人打印"))
    pages = drawn_in(pdf)
    assert len(pages) > 1 and all("由某人打印" in page for page in pages)
    assert set(told) <= set("".join(pages))
