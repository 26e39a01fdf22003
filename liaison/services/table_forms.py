"""Workbooks to be filled in and sent back: a head, drop-down lists, notes on every column; texts only, no formula."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from liaison.services.press import make


@dataclass(frozen=True)
class FormColumn:
    """A column: what stands above it, how wide it is, and what may be chosen, if that is all."""

    head: str
    width: int
    choices: Sequence[str] = ()


@dataclass(frozen=True)
class TableForm:
    """A table to be filled in: title, mark, columns, an example (or none), rows that are there, and notes."""

    title: str
    mark: str
    columns: Sequence[FormColumn]
    example: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[Sequence[str]]


def as_form(form: TableForm, most: int) -> bytes:
    """The workbook: the table with drop-down lists for `most` rows, then 填写说明, then what the lists hold, hidden."""
    return make("as_form", form=asdict(form), most=most)
