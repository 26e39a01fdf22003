"""Drawing a case as the sheet offices file (办理单): A4, ruled, black on white; text to be searched, not a picture.

Runs in the press. Pure drawing from words; who may read which words is decided by whoever collects them.
"""

import logging
from collections.abc import Iterator

import noto_cjk_sans_otc
from fpdf import FPDF
from fpdf.enums import Align, VAlign, WrapMode
from fpdf.fonts import FontFace
from fpdf.table import Row

from liaison.services.case_sheets import CaseSheet

SIMPLIFIED = 2
"""The face of simplified Chinese in the font's collection."""

MARGIN, NAMES = 18, 26  # millimetres: a margin that can be punched, and the column of names
LINE, SMALL = 6, 9  # millimetres between lines; points of what stands in the margin
TITLE, TEXT = 20, 10.5  # points: 小二 and 五号, as offices print
LONGEST_CELL = 600
"""Characters of one cell: a row is never broken across pages, and one longer than a page cannot be drawn."""

GREY = (92, 99, 112)

logging.getLogger("fontTools").setLevel(logging.ERROR)  # tells at length which tables a subset leaves out


def case_sheet_pdf(sheet: CaseSheet) -> bytes:
    """The sheet as a PDF of as many pages as it takes."""
    paper = _Paper(sheet)
    widths = (NAMES, (paper.epw - 2 * NAMES) / 2) * 2
    plain = FontFace(emphasis="")
    with paper.table(
        col_widths=widths,
        text_align=Align.L,
        v_align=VAlign.M,
        line_height=LINE,
        padding=1.5,
        headings_style=plain,
        first_row_as_headings=False,
        wrapmode=WrapMode.CHAR,
    ) as table:
        for place in range(0, len(sheet.pairs), 2):
            row = table.row()
            for name, words in (*sheet.pairs[place : place + 2], ("", ""))[:2]:
                _name(row, name)
                row.cell(words)
        for name, words in sheet.blocks:
            for shown, part in _parts(name, words):
                row = table.row()
                _name(row, shown)
                row.cell(part, colspan=3, v_align=VAlign.T)
    return bytes(paper.output())


def _name(row: Row, name: str) -> None:
    row.cell(name, align=Align.C)


def _parts(name: str, words: str) -> Iterator[tuple[str, str]]:
    """Words in rows that fit on a page, broken where a line ends when one does."""
    rest = words or "—"
    while len(rest) > LONGEST_CELL:
        end = rest.rfind("\n", 1, LONGEST_CELL)
        end = end if end > 0 else LONGEST_CELL
        yield name, rest[:end]
        name, rest = f"{name.removesuffix('（续）')}（续）", rest[end:].lstrip("\n")
    yield name, rest


class _Paper(FPDF):
    """A4 with the title on its first page, and the mark and the page's number on every one."""

    def __init__(self, sheet: CaseSheet) -> None:
        super().__init__(format="A4")
        self._sheet = sheet
        self.set_title(f"{sheet.title} {sheet.number}")
        self.set_lang("zh-CN")
        self.set_margins(MARGIN, MARGIN)
        self.set_auto_page_break(True, MARGIN)
        self.add_font("cjk", fname=noto_cjk_sans_otc.FONT_PATH, collection_font_number=SIMPLIFIED)
        self.add_page()
        self.set_font("cjk", size=TITLE)
        self.cell(0, 12, sheet.title, align=Align.C, new_x="LMARGIN", new_y="NEXT")
        self.set_font("cjk", size=TEXT)
        self.cell(0, 8, f"编号：{sheet.number}", align=Align.R, new_x="LMARGIN", new_y="NEXT")

    def footer(self) -> None:
        """The line below every page."""
        self.set_y(-MARGIN + 4)
        self.set_font("cjk", size=SMALL)
        self.set_text_color(*GREY)
        self.cell(0, LINE, self._sheet.mark, align=Align.L)
        self.set_x(MARGIN)
        self.cell(0, LINE, f"第 {self.page_no()} 页", align=Align.R)
        self.set_text_color(0)
        self.set_font("cjk", size=TEXT)
