"""Tables of registers as files: templates and what is there now going out, filled-in tables coming back."""

import csv
import hashlib
import re
from collections.abc import Mapping, Sequence
from io import StringIO

from werkzeug.datastructures import FileStorage

from liaison.domain.errors import Invalid
from liaison.domain.import_lines import Fault, Line
from liaison.domain.text import decoded
from liaison.services import sheets
from liaison.services.imports import MOST_LINES, Upload
from liaison.services.table_forms import FormColumn, TableForm, as_form
from liaison.web.console.import_layouts import EXAMPLE, NO, YES, Column, Layout, Words

LONGEST_NAME = 100  # of a file's name, as the history shows it
HEAD_WITHIN = 10  # rows from the top in which the head must stand
MOST_CELLS = 60

_BETWEEN = re.compile(r"[、,，;；\s]+")
_STAR = re.compile(r"[\s*＊]+")
_YES = {YES: True, "yes": True, "true": True, "1": True, NO: False, "no": False, "false": False, "0": False}


def form_file(layout: Layout, words: Words, mark: str, rows: Sequence[Mapping] | None = None) -> bytes:
    """The table of a kind as a workbook: empty with an example, or with the rows that are there now."""
    told = [[words.cell(column, row.get(column.field)) for column in layout.columns] for row in rows or ()]
    columns = [
        FormColumn(_head(each), each.width, [] if each.many or not each.choices else [*words.of(each.choices).values()])
        for each in layout.columns
    ]
    example = [_example(each, words) for each in layout.columns] if rows is None else []
    return as_form(TableForm(layout.title, mark, columns, example, told, _notes(layout, words)), MOST_LINES)


def read_upload(layout: Layout, upload: FileStorage, words: Words) -> Upload:
    """The rows of an uploaded table with what is wrong with them. Raises Invalid for `file` when it is none."""
    data = upload.stream.read(sheets.MAX_WORKBOOK_BYTES + 1)
    name = _name(upload.filename or "")
    rows = _csv(data) if name.lower().endswith(".csv") else _sheet(layout, sheets.read_workbook(data))
    lines, faults = _read(layout, rows, words)
    return Upload(layout.kind, name, hashlib.sha256(data).hexdigest(), lines, faults)


def _name(told: str) -> str:
    """A file's own name as it is shown and kept, never used on disk."""
    own = told.replace("\\", "/").rpartition("/")[2]
    return "".join(char for char in own if char.isprintable())[-LONGEST_NAME:]


def _head(column: Column) -> str:
    return f"{column.head}*" if column.required else column.head


def _example(column: Column, words: Words) -> str:
    if column.example:
        return column.example
    return next(iter(words.of(column.choices).values()), "") if column.choices else ""


def _notes(layout: Layout, words: Words) -> list[list[str]]:
    """The sheet 填写说明."""
    told = [
        f"这是“{layout.title}”的导入表。从表头下面一行开始填，一行一条；带 * 的必须填。",
        "第一格以“示例”开头的行不会导入，可以留着，也可以删除。",
        "表里没有的行不受影响，不会被删除；要停用，请在页面上操作。" if layout.kind != "roster" else "",
        "不要改动表头的文字，也不要写公式；不需要的列可以整列删除，那一列的内容就保持不变。",
        *layout.minds,
    ]
    lines = [["填写说明"], *([each] for each in told if each), [""], ["列", "必填", "怎么填"]]
    for column in layout.columns:
        allowed = "、".join(words.of(column.choices).values()) if column.many and column.choices else ""
        told = f"{column.help}可填：{allowed}。" if allowed else column.help
        lines.append([column.head, YES if column.required else "", told])
    return lines


def _csv(data: bytes) -> list[list[str]]:
    if not 0 < len(data) <= sheets.MAX_WORKBOOK_BYTES:
        raise Invalid({"file": [f"文件为空，或超过 {sheets.MAX_WORKBOOK_BYTES >> 20} MB。"]})
    try:
        read = csv.reader(StringIO(decoded(data, "file"), newline=""))
        rows = [[cell.strip() for cell in row[:MOST_CELLS]] for row in read]
    except csv.Error:
        raise Invalid({"file": ["文件读不出来，请另存为 xlsx 后再上传。"]}) from None
    return rows[: 2 * MOST_LINES]


def _sheet(layout: Layout, found: Mapping[str, list[list[str]]]) -> list[list[str]]:
    """The sheet called like the kind, else the first that has its head."""
    if layout.title in found:
        return found[layout.title]
    return next((rows for rows in found.values() if _find_head(layout, rows) is not None), [])


def _find_head(layout: Layout, rows: Sequence[Sequence[str]]) -> int | None:
    wanted = {column.head for column in layout.columns if column.required}
    return next((at for at, row in enumerate(rows[:HEAD_WITHIN]) if wanted <= {_bare(cell) for cell in row}), None)


def _bare(cell: str) -> str:
    return _STAR.sub("", cell)


def _read(layout: Layout, rows: Sequence[Sequence[str]], words: Words) -> tuple[list[Line], list[Fault]]:
    at = _find_head(layout, rows)
    if at is None:
        heads = "、".join(column.head for column in layout.columns if column.required)
        raise Invalid({"file": [f"没有找到“{layout.title}”的表头（至少要有：{heads}），请用下载的模板填写。"]})
    columns = _columns(layout, [_bare(cell) for cell in rows[at]])
    lines, faults = list[Line](), list[Fault]()
    for number, row in enumerate(rows[at + 1 :], start=at + 2):
        if any(row) and not row[0].startswith(EXAMPLE):
            line, wrong = _line(number, row, columns, words)
            faults += wrong
            lines.append(line)
    return lines, faults


def _columns(layout: Layout, heads: Sequence[str]) -> dict[int, Column]:
    """Which column stands where. Raises Invalid for heads that are unknown or stand there twice."""
    known = {column.head: column for column in layout.columns}
    named = [head for head in heads if head]
    wrong = [f"表头里的“{head}”这一列不认识，请删除这一列，或改成模板里的名称。" for head in named if head not in known]
    wrong += [f"表头里有两个“{head}”，请只留一个。" for head in known if named.count(head) > 1]
    if wrong:
        raise Invalid({"file": wrong})
    return {place: known[head] for place, head in enumerate(heads) if head}


def _line(number: int, row: Sequence[str], columns: Mapping[int, Column], words: Words) -> tuple[Line, list[Fault]]:
    values, faults = {}, list[Fault]()
    for place, column in columns.items():
        cell = row[place] if place < len(row) else ""
        if column.settled and not cell:
            continue
        try:
            values[column.field] = _value(column, cell, words)
        except ValueError as error:
            faults.append(Fault(number, column.field, str(error)))
    if any(cell for place, cell in enumerate(row) if place not in columns):
        faults.append(Fault(number, "", "有一格在没有表头的列里，请移到对应的列，或删除。"))
    return Line(number, values), faults


def _value(column: Column, cell: str, words: Words) -> object:
    """What a cell says, in codes. Raises ValueError in words."""
    if not cell:
        if column.required:
            raise ValueError(f"“{column.head}”必须填写。")
        return [] if column.many else ""
    if column.many:
        parts = [part for part in _BETWEEN.split(cell) if part]
        return [_code(column, part, words) for part in parts] if column.choices else parts
    if column.choices == "yes":
        if cell.lower() not in _YES:
            raise ValueError(f"请填“{YES}”或“{NO}”。")
        return _YES[cell.lower()]
    return _code(column, cell, words) if column.choices else cell


def _code(column: Column, cell: str, words: Words) -> str:
    """The code that a cell names: by itself, by its words, or by a name that only one has."""
    known = words.of(column.choices)
    told = cell.replace("(", "（").replace(")", "）")
    if cell in known:
        return cell
    whole = [code for code, each in known.items() if each.replace("(", "（").replace(")", "）") == told]
    named = whole or [code for code, each in known.items() if each == f"{cell}（{code}）"]
    if len(named) > 1:
        raise ValueError(f"有 {len(named)} 个“{cell}”，请从列表中选择，或写代号：{'、'.join(named[:5])}。")
    if not named:
        raise ValueError(f"没有“{cell[:40]}”，请从列表中选择。")
    return named[0]
