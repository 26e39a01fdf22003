"""Writing workbooks: tables that are taken out, and tables to be filled in. Runs in the press."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import xlsxwriter

from liaison.services.table_forms import FormColumn, TableForm
from liaison.services.tables_out import Sheet

HEAD_ROW = 1  # counted from 0; above it stands the mark
LISTS = "选项"
_STOP = {"error_type": "stop", "error_title": "请从列表中选择", "error_message": "请点单元格右边的箭头，从列表中选择。"}
_LONGEST_TITLE = 31
_PLAIN = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def as_xlsx(sheets: Sequence[Sheet], mark: str) -> bytes:
    """One workbook; numbers are numbers and texts texts, whatever they begin with."""
    out = BytesIO()
    with xlsxwriter.Workbook(out, _PLAIN) as book:
        bold = book.add_format({"bold": True})
        for sheet in sheets:
            page = book.add_worksheet(sheet.title[:_LONGEST_TITLE])
            page.write_string(0, 0, mark)
            page.set_header("&L" + mark.replace("&", "&&"))
            page.set_column(0, 0, 28)
            page.freeze_panes(2, 1)
            for column, name in enumerate(sheet.head):
                page.write_string(1, column, name, bold)
            for place, row in enumerate(sheet.rows, start=2):
                for column, value in enumerate(row):
                    (page.write_number if isinstance(value, int) else page.write_string)(place, column, value)
    return out.getvalue()


def as_form(form: TableForm, most: int) -> bytes:
    """The workbook: the table with drop-down lists for `most` rows, then 填写说明, then what the lists hold, hidden."""
    out = BytesIO()
    with xlsxwriter.Workbook(out, _PLAIN) as book:
        _table(book, form, most)
        _notes(book, form.notes)
        _lists(book, form.columns)
    return out.getvalue()


def _table(book: Any, form: TableForm, most: int) -> None:
    page = book.add_worksheet(form.title)
    text = book.add_format({"num_format": "@"})
    head = book.add_format({"bold": True, "bg_color": "#E8F0FA", "border": 1})
    pale = book.add_format({"italic": True, "font_color": "#57606A", "num_format": "@"})
    page.write_string(0, 0, form.mark)
    page.set_header("&L" + form.mark.replace("&", "&&"))
    page.freeze_panes(HEAD_ROW + 1, 1)
    for place, column in enumerate(form.columns):
        page.set_column(place, place, column.width, text)  # as text, so that 007 stays 007
        page.write_string(HEAD_ROW, place, column.head, head)
        if column.choices:
            letter = chr(ord("A") + place)
            source = f"='{LISTS}'!${letter}$1:${letter}${len(column.choices)}"
            told = {"validate": "list", "source": source, **_STOP}
            page.data_validation(HEAD_ROW + 1, place, HEAD_ROW + most, place, told)
    first = HEAD_ROW + 1
    for place, value in enumerate(form.example):
        page.write_string(first, place, value, pale)
    for number, row in enumerate(form.rows, start=first + bool(form.example)):
        for place, value in enumerate(row):
            page.write_string(number, place, value, text)


def _notes(book: Any, notes: Sequence[Sequence[str]]) -> None:
    page = book.add_worksheet("填写说明")
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    for place, width in enumerate((16, 10, 80)):
        page.set_column(place, place, width, wrapped)
    for number, row in enumerate(notes):
        for place, value in enumerate(row):
            page.write_string(number, place, value, wrapped)


def _lists(book: Any, columns: Sequence[FormColumn]) -> None:
    page = book.add_worksheet(LISTS)
    page.hide()
    for place, column in enumerate(columns):
        for number, words in enumerate(column.choices):
            page.write_string(number, place, words)
