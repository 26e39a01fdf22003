"""Tables as files people open in Excel: typed cells in xlsx, and CSV in which no cell can become a formula.

Every sheet begins with a line that says who took it out, when, and of what.
"""

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from io import StringIO

from liaison.services.press import make

Value = str | int

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a cell must not begin with: spreadsheets read the first four, and their wide forms, as formulas (OWASP)."""

_BOM = "\ufeff"
"""Without it Excel takes UTF-8 for the machine's own encoding, and Chinese for noise."""


@dataclass(frozen=True)
class Sheet:
    """One table: its title, head and rows."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Value]]


def as_xlsx(sheets: Sequence[Sheet], mark: str) -> bytes:
    """One workbook; numbers are numbers and texts texts, whatever they begin with."""
    return make("as_xlsx", sheets=[asdict(sheet) for sheet in sheets], mark=mark)


def as_csv(sheets: Sequence[Sheet], mark: str) -> bytes:
    """All tables one below the other, the title of each in its first column."""
    out = StringIO()
    lines = csv.writer(out)
    lines.writerow([_safe(mark)])
    for sheet in sheets:
        lines.writerow([])
        lines.writerow([_safe(sheet.title), *map(_safe, sheet.head[1:])])
        lines.writerows([map(_safe, row) for row in sheet.rows])
    return (_BOM + out.getvalue()).encode()


def _safe(value: Value) -> Value:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
