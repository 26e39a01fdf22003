"""Workbooks people send in: read by a confined process, and told in words which cell cannot be taken."""

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from io import StringIO

from liaison.domain.errors import Invalid
from liaison.services import darkroom
from liaison.services.darkroom_line import Refused, Why

PROGRAM = (sys.executable, "-m", "liaison.services.workbooks_process")
MAX_WORKBOOK_BYTES = 5 * 1024 * 1024

_NOT_ONE = "不是可用的 Excel 文件（xlsx），请另存为 xlsx 后再上传。"
_REASONS = {
    Why.UNPACKED: "展开后过大，无法读取，请只保留需要的表。",
    Why.HEAVY: "过大或过于复杂，读不完，请只保留需要的表。",
    Why.MACROS: "带有宏、外部链接、嵌入对象或文档类型声明，请只保留表格内容，另存为 xlsx。",
}
_FAULTS = {
    "formula": "是公式，请改成它的结果（复制后选择性粘贴为数值）。",
    "error": "是错误值，请改正。",
    "control": "含有看不见的控制字符，请删除后重新输入。",
    "long": "内容太长，请精简。",
    "large": "行或列太多，请只保留需要的部分。",
}


def read_workbook(data: bytes) -> dict[str, list[list[str]]]:
    """Return the rows of each sheet by its title, every cell as text.

    Raises Invalid for `file`, naming the sheet and cell where one is at fault; Unavailable when it cannot be read now.
    """
    if not 0 < len(data) <= MAX_WORKBOOK_BYTES:
        raise _refusal(f"文件为空，或超过 {MAX_WORKBOOK_BYTES >> 20} MB。")
    with closing(darkroom.Darkroom(PROGRAM)) as room:
        try:
            answer = room.ask(data, task="tables")
        except Refused as refused:
            raise _refusal("文件" + _REASONS.get(refused.why, _NOT_ONE)) from None
    if fault := answer.head.get("fault"):
        raise _refusal(f"{answer.head['where']} {_FAULTS[fault]}")
    return json.loads(answer.frames[0])


def as_csv_tables(sheets: Mapping[str, Sequence[Sequence[str]]]) -> dict[str, str]:
    """Return each sheet as a CSV text, under its title with the ending of one."""
    return {f"{title.strip().removesuffix('.csv')}.csv": _csv(rows) for title, rows in sheets.items()}


def _csv(rows: Sequence[Sequence[str]]) -> str:
    out = StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _refusal(sentence: str) -> Invalid:
    return Invalid({"file": [sentence]})
