"""Tables of registers as a clerk fills them in: downloaded, written into with openpyxl, saved."""

import io
from collections.abc import Sequence

from openpyxl import load_workbook

HEAD, FIRST = 2, 3
"""The rows of the head and of what is below it."""


def filled(template: bytes, *rows: dict[str, object], keep: bool = True) -> bytes:
    """The workbook with these rows below what stands in it (or in place of it), cells by the words of their head."""
    book, out = load_workbook(io.BytesIO(template)), io.BytesIO()
    page = book.worksheets[0]
    heads = {str(cell.value).rstrip("*"): cell.column for cell in page[HEAD]}
    if not keep:
        page.delete_rows(FIRST, page.max_row)
    for number, row in enumerate(rows, start=page.max_row + 1 if keep else FIRST):
        for head, value in row.items():
            page.cell(number, heads[head]).value = value
    book.save(out)
    return out.getvalue()


def cells(data: bytes, sheet: int = 0) -> Sequence[Sequence[str]]:
    """What stands in a sheet, empty cells as empty texts."""
    page = load_workbook(io.BytesIO(data)).worksheets[sheet]
    return [["" if value is None else value for value in row] for row in page.iter_rows(values_only=True)]
