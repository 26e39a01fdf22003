"""Processes of our own that work beside this one, asked over a line: for what must not run here, or would fill memory.

One for all threads, which take turns; begun with the first question, begun again when it is found gone. What is asked
must bear being asked twice.
"""

import os
import socket
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

import structlog

from liaison.domain.errors import Unavailable
from liaison.services.darkroom_line import MAX_ANSWER_BYTES, Closed, File, receive, send

PATIENCE = 45
"""Seconds a question waits for those before it; one at a time, since two photos of 48 megapixels side by side would
need twice the memory, on two cores for little time."""

HEAD_BYTES = 4096
_START_SECONDS = 20
_TRIES = 2
_ROOT = Path(__file__).resolve().parents[2]
_KEPT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH")
"""All of our environment that it sees; the rest may hold secrets."""

_LARGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
"""Each copy of the darkroom must be given all its memory anew; in large pages that takes a third less time."""

log = structlog.get_logger("liaison.rooms")


class Room:
    """A program that answers in `seconds`, or is ended; `environ` is added to the little it sees of ours."""

    def __init__(self, program: Sequence[str], seconds: float) -> None:
        self._program, self._seconds, self._turn = program, seconds, threading.Lock()
        self._child: _Child | None = None

    def tell(self, message: bytes, file: File = b"") -> bytearray:
        """Return what the process says of a message, with a file on disk beside it; one found dead is replaced once.

        Raises Unavailable when it cannot be begun, or those before take too long.
        """
        if not self._turn.acquire(timeout=PATIENCE):
            raise Unavailable
        try:
            return self._told(message, file)
        finally:
            self._turn.release()

    def close(self) -> None:
        """End the process; the next question begins another."""
        child, self._child = self._child, None
        if child:
            child.end()

    def forget(self) -> None:
        """Leave the process to the parent, in a copy of a program that was forked."""
        self.__init__(self._program, self._seconds)

    @property
    def process(self) -> int | None:
        """The id of the process, while there is one."""
        return self._child.process if self._child else None

    def _told(self, message: bytes, file: File) -> bytearray:
        for _ in range(_TRIES):
            try:
                if self._child and self._child.has_gone:
                    self.close()
                self._child = self._child or _Child(self._program, self._seconds)
                return self._child.ask(message, file)
            except (Closed, OSError) as fault:
                log.warning("room lost", program=self._program[-1], exc_info=fault)
                self.close()
        raise Unavailable


class _Child:
    """A process that runs, and our end of the line to it."""

    def __init__(self, program: Sequence[str], seconds: float) -> None:
        self._line, theirs = socket.socketpair()
        with theirs:
            environ = {name: os.environ[name] for name in _KEPT if name in os.environ} | _LARGE_PAGES
            self._child = subprocess.Popen(program, stdin=theirs, stdout=subprocess.DEVNULL, env=environ, cwd=_ROOT)
        try:
            self._line.settimeout(_START_SECONDS)
            receive(self._line, HEAD_BYTES)
            self._line.settimeout(seconds)
        except (Closed, OSError):
            self.end()
            raise

    @property
    def process(self) -> int:
        return self._child.pid

    @property
    def has_gone(self) -> bool:
        """Whether it has ended by itself, as it does when nobody has asked anything for a while."""
        return self._child.poll() == 0

    def ask(self, message: bytes, file: File) -> bytearray:
        """Send a message and wait for what is said of it. Raises Closed or OSError."""
        send(self._line, message, file)
        return receive(self._line, MAX_ANSWER_BYTES + HEAD_BYTES)

    def end(self) -> None:
        """Kill the process; what it works on at the moment ends with it."""
        self._line.close()
        self._child.kill()
        self._child.wait()
