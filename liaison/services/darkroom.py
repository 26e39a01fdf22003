"""The one door to every decoder: hostile bytes go to a process of their own, and only what it says comes back.

Each web process has one darkroom, begun with the first file, warm while files come, and ended with it. A file that
crashes, hangs or devours takes its own copy of that process with it (see `darkroom_process`), nothing else.
"""

import atexit
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from liaison.services.darkroom_line import Closed, File, Limits, Refused, Why, pack, unpack
from liaison.services.rooms import Room

PROGRAM = (sys.executable, "-m", "liaison.services.darkroom_process")
_ANSWER_SECONDS = 2 * Limits.wall_seconds + 10  # another web process may have its turn first

log = structlog.get_logger("liaison.darkroom")


@dataclass(frozen=True)
class Print:
    """A picture developed: its derivatives in the order they were asked for, the first one's size, the file's hash."""

    frames: Sequence[bytes]
    width: int
    height: int
    original_sha256: str


@dataclass(frozen=True)
class Answer:
    """What the work on a file found: plain values, frames of bytes, the memory it took, and which file it was."""

    head: dict[str, Any]
    frames: list[bytes]
    peak_bytes: int
    sha256: str


class Darkroom:
    """One process for all threads, which take turns; begun when it is needed, again when it is gone.

    `peak_bytes` is the most memory that any file has taken so far.
    """

    peak_bytes = 0

    def __init__(self, program: Sequence[str] = PROGRAM) -> None:
        self._room = Room(program, _ANSWER_SECONDS)

    def develop(
        self,
        data: File,
        mime: str,
        sides: Sequence[int],
        qualities: Sequence[int],
        boxes: Sequence[Sequence[float]] = (),
    ) -> Print:
        """Return a picture as bare JPEGs, upright, on white, no longer than `sides`; black where `boxes` lie.

        Raises Refused when it cannot be taken, Unavailable when the darkroom cannot be used now.
        """
        answer = self.ask(data, task="develop", mime=mime, sides=sides, qualities=qualities, boxes=boxes)
        size = answer.head.get("size")
        if not _is_size(size) or len(answer.frames) != len(sides):
            raise Refused(Why.CRASHED)
        return Print(answer.frames, *size, answer.sha256)

    def recognise(self, data: bytes) -> str:
        """Return the type of a Word or Excel file. Raises as `develop` does."""
        return str(self.ask(data, task="recognise").head.get("mime"))

    def ask(self, data: File, *, task: str, **told: Any) -> Answer:
        """Have one task done on a file. Raises as `develop` does."""
        outcome, (said,) = unpack(self._room.tell(pack({"task": task} | told, data), data))
        self.peak_bytes = max(self.peak_bytes, outcome["peak"])
        return _read(outcome, said, task)

    def close(self) -> None:
        """End the process; the next file begins another."""
        self._room.close()

    def forget(self) -> None:
        """Leave the process to the parent, in a copy of a program that was forked."""
        self._room.forget()

    @property
    def process(self) -> int | None:
        """The id of the process, while there is one."""
        return self._room.process


def _read(outcome: dict[str, Any], said: bytes, task: str) -> Answer:
    """What a copy found, trusting only the outcome that its parent process tells. Raises Refused."""
    if outcome["ended"] or outcome["late"]:
        log.warning("darkroom", task=task, ended=outcome["ended"], late=outcome["late"], peak=outcome["peak"])
        raise Refused(Why.HEAVY if outcome["late"] else Why.CRASHED)
    try:
        head, frames = unpack(said)
        if "why" in head:
            raise Refused(Why(head["why"]), int(head["limit"]))
    except (Closed, KeyError, TypeError, ValueError):
        raise Refused(Why.CRASHED) from None
    if not head.get("sealed"):
        log.warning("darkroom not sealed by the kernel")
    return Answer(head, frames, outcome["peak"], outcome["sha256"])


def _is_size(size: object) -> bool:
    return isinstance(size, list) and len(size) == 2 and all(isinstance(side, int) and side > 0 for side in size)


darkroom = Darkroom()
os.register_at_fork(after_in_child=darkroom.forget)
atexit.register(darkroom.close)
