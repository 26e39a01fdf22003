"""The press's own process: all that draws, writes and spells, loaded once, gone when nobody needs it.

`python -m liaison.services.press_process` with a socket as its standard input. It is asked by our own web processes
alone, and told nothing but what is to stand on the paper.
"""

import os
import signal
import socket
import sys
from collections.abc import Callable

from pypinyin import Style, lazy_pinyin

from liaison.services import case_sheet_drawing, poster_drawing, workbook_writing
from liaison.services.case_sheets import CaseSheet
from liaison.services.darkroom_line import Closed, pack, receive, send, unpack
from liaison.services.posters import PosterStation
from liaison.services.table_forms import FormColumn, TableForm
from liaison.services.tables_out import Sheet

IDLE = 120.0
"""Seconds without work after which it ends: to begin again takes one, to stay takes 150 MB."""

MAX_TOLD_BYTES = 64 * 1024 * 1024
NICENESS = 5
"""Pages come before papers."""


def poster_pdf(mini_code: bytes | None = None, *, station: dict) -> bytes:
    """A station's poster from its facts."""
    return poster_drawing.poster_pdf(PosterStation(**station | {"mini_code": mini_code}))


def case_sheet_pdf(*, sheet: dict) -> bytes:
    """A case's sheet from its words."""
    return case_sheet_drawing.case_sheet_pdf(CaseSheet(**sheet))


def as_xlsx(*, sheets: list[dict], mark: str) -> bytes:
    """Tables as a workbook."""
    return workbook_writing.as_xlsx([Sheet(**each) for each in sheets], mark)


def as_form(*, form: dict, most: int) -> bytes:
    """A table to be filled in."""
    columns = [FormColumn(**each) for each in form["columns"]]
    return workbook_writing.as_form(TableForm(**form | {"columns": columns}), most)


def spell(*, name: str) -> bytes:
    """A name as it is read out, a syllable a word."""
    return " ".join(lazy_pinyin(name)).encode()


def initials(*, name: str) -> bytes:
    """The first letters of a name as it is read out."""
    return "".join(lazy_pinyin(name, style=Style.FIRST_LETTER)).encode()


TASKS: dict[str, Callable[..., bytes]] = {
    "qr_png": poster_drawing.qr_png,
    "qr_svg": poster_drawing.qr_svg,
    "redrawn": poster_drawing.redrawn,
    "poster_pdf": poster_pdf,
    "case_sheet_pdf": case_sheet_pdf,
    "as_xlsx": as_xlsx,
    "as_form": as_form,
    "spell": spell,
    "initials": initials,
}


def main() -> int:
    """Serve standard input until its other side is gone, or silent for long."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # Ctrl-C is for the web server, and its end is ours
    os.nice(NICENESS)
    line = socket.socket(fileno=os.dup(0))
    line.settimeout(IDLE)
    try:
        send(line, pack({"ready": True}))
        while True:
            send(line, _answer(receive(line, MAX_TOLD_BYTES)))
    except (Closed, OSError):
        return 0


def _answer(message: bytes) -> bytes:
    head, frames = unpack(message)
    try:
        return pack({}, TASKS[head["task"]](*frames, **head["told"]))
    except ValueError as fault:
        return pack({"wrong": str(fault)})


if __name__ == "__main__":
    sys.exit(main())
