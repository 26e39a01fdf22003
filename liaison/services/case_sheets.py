"""A case as the sheet offices file (办理单); drawn in the press by `case_sheet_drawing`."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from liaison.services.press import make


@dataclass(frozen=True)
class CaseSheet:
    """What a sheet says: `pairs` two in a row, `blocks` across the page; `mark` says who printed it, when."""

    title: str
    number: str
    pairs: Sequence[tuple[str, str]]
    blocks: Sequence[tuple[str, str]]
    mark: str


def case_sheet_pdf(sheet: CaseSheet) -> bytes:
    """The sheet as a PDF of as many pages as it takes."""
    return make("case_sheet_pdf", sheet=asdict(sheet))
