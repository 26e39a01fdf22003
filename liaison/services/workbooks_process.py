"""A process that reads workbooks: hostile like pictures, so it works as the darkroom does, and looks before it unpacks.

`python -m liaison.services.workbooks_process`. Apart from the darkroom's own process, since what reads workbooks takes
20 MB that pictures need.
"""

import json
import re
import sys
import unicodedata
import zipfile
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

import openpyxl
import openpyxl.utils

from liaison.services.darkroom_line import Limits, Refused, Why
from liaison.services.darkroom_process import Found, serve

MAX_PARTS = 300
"""A workbook of a county has some twenty parts; each is an object before anything else is known of it."""

MAX_UNPACKED_BYTES = 60 * 1024 * 1024
"""A 127 KB workbook can unpack to 926 MB; a county's 500 rows are 200 KB."""

MAX_RATIO = 100
"""Tables typed by people pack ten to thirty times, rows of one repeated word a thousand."""

MAX_ROWS, MAX_COLUMNS, MAX_CELL = 20_000, 60, 5000
FORMULA, ERROR, CONTROL, LONG, LARGE = "formula", "error", "control", "long", "large"

_ENTRY = b"PK\x01\x02"
_UNWANTED = re.compile(
    "vbaproject|externallinks/|embeddings/|activex/|ctrlprops/|customui|connections.xml|querytables/"
)
_DTD = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_XML = (".xml", ".rels", ".vml")


class _Fault(Exception):
    """A cell that cannot be taken, and where it is."""


def tables(data: bytes) -> Found:
    """Return the rows of every sheet as texts, in one frame of JSON, or in the head which cell is at fault.

    Raises Refused for what is no workbook, unpacks to too much, or brings macros, links or a DTD.
    """
    _look_over(data)
    try:
        book = openpyxl.load_workbook(BytesIO(data), read_only=True, keep_links=False)
        found = {sheet.title: _rows(sheet) for sheet in book.worksheets}
    except _Fault as fault:
        kind, where = fault.args
        return {"fault": kind, "where": where}, []
    except MemoryError:
        raise
    except Exception:  # whatever its reader stumbles over is not a workbook that anybody saved
        raise Refused(Why.UNKNOWN) from None
    return {}, [json.dumps(found, ensure_ascii=False).encode()]


def _look_over(data: bytes) -> None:
    """Refuse a zip by its directory first, then part by part as it really unpacks; nothing is read as XML yet."""
    if data.count(_ENTRY) > MAX_PARTS:
        raise Refused(Why.UNPACKED)
    try:
        archive = zipfile.ZipFile(BytesIO(data))
        parts = archive.infolist()
        declared = sum(part.file_size for part in parts)
        if declared > min(MAX_UNPACKED_BYTES, MAX_RATIO * len(data)):
            raise Refused(Why.UNPACKED)
        names = [part.filename.lower() for part in parts]
        if len(set(names)) < len(names) or "xl/workbook.xml" not in names:
            raise Refused(Why.UNKNOWN)
        if any(_UNWANTED.search(name) for name in names):
            raise Refused(Why.MACROS)
        for part in parts:
            _look_into(archive.read(part), part)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, OSError, EOFError):
        raise Refused(Why.UNKNOWN) from None


def _look_into(content: bytes, part: zipfile.ZipInfo) -> None:
    """Refuse a part that is longer than it said, or XML with a DTD, which other encodings than UTF-8 could hide."""
    if len(content) != part.file_size:
        raise Refused(Why.UNPACKED)
    if part.filename.lower().endswith(_XML):
        content.decode()
        if _DTD.search(content):
            raise Refused(Why.MACROS)


def _rows(sheet: Any) -> list[list[str]]:
    sheet.reset_dimensions()  # what it says of its own size is nothing to build rows from
    rows: list[list[str]] = []
    for place, cells in enumerate(sheet.iter_rows(), start=1):
        if place > MAX_ROWS or len(cells) > MAX_COLUMNS:
            raise _Fault(LARGE, sheet.title)
        rows.append([_text(cell, sheet.title, column, place) for column, cell in enumerate(cells, start=1)])
    while rows and not any(rows[-1]):
        rows.pop()
    return rows


def _text(cell: Any, title: str, column: int, row: int) -> str:
    """A cell as text; what would be computed, or cannot be stored, is a fault."""
    value = cell.value
    if value is None:
        return ""
    where = f"{title}!{openpyxl.utils.get_column_letter(column)}{row}"
    if cell.data_type in ("f", "e"):
        raise _Fault(FORMULA if cell.data_type == "f" else ERROR, where)
    text = _spelled(value)
    if len(text) > MAX_CELL:
        raise _Fault(LONG, where)
    if any(unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\t" for char in text):
        raise _Fault(CONTROL, where)
    return text


def _spelled(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date | time) else str(value).strip()


def main() -> int:
    """Load the reader and all it loads by itself, then serve standard input."""
    out, book = BytesIO(), openpyxl.Workbook()
    book.active.append(["表", 1, 1.5, True, datetime(2026, 3, 2)])
    book.save(out)
    tables(out.getvalue())
    return serve({"tables": tables}, Limits())


if __name__ == "__main__":
    sys.exit(main())
