"""Workbooks people send in: read as texts when they are honest, refused in words when they are not, cheaply."""

import csv
import io
import time
import zipfile
from datetime import date, datetime

import psutil
import pytest
from openpyxl import Workbook

from liaison.demo.town import CONTENT
from liaison.domain.county import TABLES, read_county
from liaison.domain.errors import Invalid
from liaison.services.sheets import MAX_WORKBOOK_BYTES, as_csv_tables, read_workbook

CONTENT_TYPE = "[Content_Types].xml"
SHEET = "xl/worksheets/sheet1.xml"


def book(*rows: list[object], title: str = "表") -> bytes:
    """A workbook with these rows."""
    made, out = Workbook(), io.BytesIO()
    made.active.title = title
    for row in rows:
        made.active.append(row)
    made.save(out)
    return out.getvalue()


def with_parts(data: bytes, **parts: bytes | None) -> bytes:
    """The same with some parts replaced or added; their names are given with dots for slashes."""
    out, changed = io.BytesIO(), dict(parts)
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(part.filename, changed.pop(part.filename, None) or old.read(part))
        for name, content in changed.items():
            new.writestr(name, content)
    return out.getvalue()


def refusal(data: bytes) -> str:
    """The one sentence a workbook is refused with."""
    with pytest.raises(Invalid) as refused:
        read_workbook(data)
    [sentence] = refused.value.errors["file"]
    return sentence


def test_cells_are_read_as_people_see_them() -> None:
    rows = [["名称", 7, 1.5, True, date(2026, 3, 2), datetime(2026, 3, 2, 8, 30), None, " 空格 "], ["二"]]
    read = read_workbook(book(*rows))["表"]
    assert read[0][:8] == ["名称", "7", "1.5", "yes", "2026-03-02", "2026-03-02T08:30:00", "", "空格"]
    assert read[1][0] == "二" and len(read) == 2


def test_a_county_reads_alike_from_a_workbook_and_from_its_tables() -> None:
    made, out = Workbook(), io.BytesIO()
    made.remove(made.active)
    texts = {name: (CONTENT / name).read_text("utf-8-sig") for name in TABLES}
    for name, text in texts.items():
        page = made.create_sheet(name.removesuffix(".csv"))
        for row in csv.reader(io.StringIO(text, newline="")):
            page.append(row)
    made.save(out)
    assert read_county(as_csv_tables(read_workbook(out.getvalue()))) == read_county(texts)


@pytest.mark.parametrize(
    ("value", "words"), [("=1+1", "公式"), ("=HYPERLINK(\"http://evil.example\")", "公式"), ("#REF!", "错误值")]
)
def test_what_would_be_computed_is_refused_with_its_cell(value: str, words: str) -> None:
    sentence = refusal(book(["甲", "乙"], ["丙", value]))
    assert sentence.startswith("表!B2 ") and words in sentence


def test_control_characters_are_refused_with_their_cell() -> None:
    data = book(["甲", "MARK"])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        [(name, part)] = [(each, archive.read(each)) for each in archive.namelist() if b"MARK" in archive.read(each)]
    hidden = with_parts(data, **{name: part.replace(b"MARK", "甲\u0085乙".encode())})
    assert refusal(hidden).startswith("表!B1 ") and "控制字符" in refusal(hidden)


def bombs() -> dict[str, bytes]:
    """Workbooks that would cost dearly, each small."""
    usual = book(["甲"])
    giant = b"<worksheet>" + b" " * 300_000_000
    declared = with_parts(usual, **{SHEET: giant})
    nested = usual + b"PK\x01\x02" * 400
    lying = bytearray(with_parts(usual, **{SHEET: b"<a>" + b"x" * 50_000_000 + b"</a>"}))
    size = (50_000_007).to_bytes(4, "little")
    while (place := lying.find(size)) >= 0:
        lying[place : place + 4] = (900).to_bytes(4, "little")
    return {"declared": declared, "entries": nested, "lying": bytes(lying)}


def test_bombs_are_refused_before_they_unpack() -> None:
    for name, data in bombs().items():
        assert len(data) < 1_000_000, name
        began = time.monotonic()
        assert "文件" in refusal(data), name
        assert time.monotonic() - began < 20, name


def test_a_cell_at_the_end_of_the_world_builds_no_rows() -> None:
    data = book(["甲"])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheet = archive.read(SHEET)
    far = sheet.replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576" t="n"><v>1</v></c></row></sheetData>')
    assert far != sheet
    assert "太多" in refusal(with_parts(data, **{SHEET: far}))


@pytest.mark.parametrize(
    ("part", "content"),
    [
        ("xl/vbaProject.bin", b"macro"),
        ("xl/externalLinks/externalLink1.xml", b"<externalLink/>"),
        ("xl/connections.xml", b"<connections/>"),
        ("xl/embeddings/oleObject1.bin", b"ole"),
        ("docProps/custom.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
    ],
)
def test_macros_links_objects_and_dtds_are_refused(part: str, content: bytes) -> None:
    assert "宏" in refusal(with_parts(book(["甲"]), **{part: content}))


def test_a_dtd_in_another_encoding_is_not_let_by() -> None:
    hidden = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'.encode("utf-16")
    assert "不是可用" in refusal(with_parts(book(["甲"]), **{"xl/styles.xml": hidden}))


@pytest.mark.parametrize("data", [b"", b"PK", b"x" * 100, b"x" * (MAX_WORKBOOK_BYTES + 1), book(["甲"])[:-30]])
def test_what_is_no_workbook_is_refused(data: bytes) -> None:
    assert refusal(data)


def test_no_process_is_left_behind() -> None:
    before = psutil.Process().children()
    read_workbook(book(["甲"]))
    assert [each for each in psutil.Process().children() if each not in before] == []
