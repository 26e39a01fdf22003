"""The press makes papers, pictures and workbooks, and spells names, in a process of its own (`press_process`).

What it takes to do so, 100 MB with its fonts and dictionaries, would otherwise fill every web worker and every start.
"""

import atexit
import os
import sys
from typing import Any

from liaison.services.darkroom_line import pack, unpack
from liaison.services.rooms import Room

PROGRAM = (sys.executable, "-m", "liaison.services.press_process")
SECONDS = 60.0  # the longest file, of 5,000 rows, takes half of one on a machine that has nothing else to do


def make(task: str, data: bytes | None = None, **told: Any) -> bytes:
    """Have something made from plain values, and `data` if it takes bytes; the tasks are in `press_process`.

    Raises ValueError when it cannot be made of that, Unavailable when nothing can be made now.
    """
    frames = () if data is None else (data,)
    head, made = unpack(press.tell(pack({"task": task, "told": told}, *frames)))
    if "wrong" in head:
        raise ValueError(head["wrong"])
    return made[0]


press = Room(PROGRAM, SECONDS)
os.register_at_fork(after_in_child=press.forget)
atexit.register(press.close)
