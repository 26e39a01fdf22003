"""The one door to every decoder: hostile bytes go to a process of their own, and only what it says comes back.

Each web process has one darkroom, begun with the first file, warm from then on, and ended with it. A file that
crashes, hangs or devours takes its own copy of that process with it (see `darkroom_process`), nothing else.
"""

import atexit
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from liaison.domain.errors import Unavailable
from liaison.services.darkroom_line import MAX_ANSWER_BYTES, Closed, Limits, Refused, Why, pack, receive, send, unpack

PATIENCE = 45
"""Seconds a file waits for those before it; one at a time, since two photos of 48 megapixels side by side would need
twice the memory, on two cores for little time."""

_START_SECONDS = 20
_ANSWER_SECONDS = Limits.wall_seconds + 10
_HEAD_BYTES = 4096
_TRIES = 2
PROGRAM = (sys.executable, "-m", "liaison.services.darkroom_process")
_ROOT = Path(__file__).resolve().parents[2]
_KEPT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH")
"""All of our environment that it sees; the rest may hold secrets."""

_LARGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
"""Each copy of the process must be given all its memory anew; in large pages that takes a third less time."""

log = structlog.get_logger("liaison.darkroom")


@dataclass(frozen=True)
class Print:
    """A picture developed: its derivatives in the order they were asked for, and the first one's size."""

    frames: Sequence[bytes]
    width: int
    height: int


@dataclass(frozen=True)
class Answer:
    """What the work on a file found: plain values, frames of bytes, and the memory it took."""

    head: dict[str, Any]
    frames: list[bytes]
    peak_bytes: int


class Darkroom:
    """One process for all threads, which take turns; begun when it is needed, again when it is gone.

    `peak_bytes` is the most memory that any file has taken so far.
    """

    peak_bytes = 0

    def __init__(self, program: Sequence[str] = PROGRAM) -> None:
        self._program, self._turn = program, threading.Lock()
        self._room: _Room | None = None

    def develop(
        self,
        data: bytes,
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
        return Print(answer.frames, *size)

    def recognise(self, data: bytes) -> str:
        """Return the type of a Word or Excel file. Raises as `develop` does."""
        return str(self.ask(data, task="recognise").head.get("mime"))

    def ask(self, data: bytes, *, task: str, **told: Any) -> Answer:
        """Have one task done on a file. Raises as `develop` does."""
        if not self._turn.acquire(timeout=PATIENCE):
            raise Unavailable
        try:
            outcome, (said,) = unpack(self._told(pack({"task": task} | told, data)))
            self.peak_bytes = max(self.peak_bytes, outcome["peak"])
        finally:
            self._turn.release()
        return _read(outcome, said, task)

    def close(self) -> None:
        """End the process; the next file begins another."""
        room, self._room = self._room, None
        if room:
            room.end()

    def forget(self) -> None:
        """Leave the process to the parent, in a copy of a program that was forked."""
        self.__init__(self._program)

    @property
    def process(self) -> int | None:
        """The id of the process, while there is one."""
        return self._room.process if self._room else None

    def _told(self, message: bytes) -> bytes:
        """What the process says of a message; one that was found dead is replaced once."""
        for _ in range(_TRIES):
            try:
                self._room = self._room or _Room(self._program)
                return self._room.ask(message)
            except (Closed, OSError) as fault:
                log.warning("darkroom lost", exc_info=fault)
                self.close()
        raise Unavailable


class _Room:
    """A process that runs, and our end of the line to it."""

    def __init__(self, program: Sequence[str]) -> None:
        self._line, theirs = socket.socketpair()
        with theirs:
            environ = {name: os.environ[name] for name in _KEPT if name in os.environ} | _LARGE_PAGES
            self._child = subprocess.Popen(program, stdin=theirs, stdout=subprocess.DEVNULL, env=environ, cwd=_ROOT)
        try:
            self._line.settimeout(_START_SECONDS)
            receive(self._line, _HEAD_BYTES)
            self._line.settimeout(_ANSWER_SECONDS)
        except (Closed, OSError):
            self.end()
            raise

    @property
    def process(self) -> int:
        return self._child.pid

    def ask(self, message: bytes) -> bytes:
        """Send a message and wait for what is said of it. Raises Closed or OSError."""
        send(self._line, message)
        return receive(self._line, MAX_ANSWER_BYTES + _HEAD_BYTES)

    def end(self) -> None:
        """Kill the process; what it works on at the moment ends with it."""
        self._line.close()
        self._child.kill()
        self._child.wait()


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
    return Answer(head, frames, outcome["peak"])


def _is_size(size: object) -> bool:
    return isinstance(size, list) and len(size) == 2 and all(isinstance(side, int) and side > 0 for side in size)


darkroom = Darkroom()
os.register_at_fork(after_in_child=darkroom.forget)
atexit.register(darkroom.close)
