"""Child processes that end with us: in their own session, stopped as a group; knows nothing of Liaison."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO

STEP = 0.02
GRACE = 8.0
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

Child = subprocess.Popen[bytes]


class NotReady(Exception):
    """A process did not come up in time, or ended while somebody waited for it."""


@dataclass(frozen=True)
class Account:
    """The system account a process runs under when we are root."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Program:
    """How to run one process: name, command line, log (None: our own output), environment, ending signal.

    A program that runs `once` is done when it ends with status 0.
    """

    name: str
    argv: tuple[str, ...]
    log: Path | None
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    folder: Path | None = None
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    once: bool = False


def spawn(program: Program) -> Child:
    """Start the program in its own session, its output added to its log; on Linux it dies with us."""
    identity = {}
    if program.account:
        identity = {"user": program.account.uid, "group": program.account.gid, "extra_groups": []}
    with _output(program.log) as log:
        return subprocess.Popen(
            program.argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT if log else None,
            env=dict(program.environ),
            cwd=program.folder,
            start_new_session=True,
            preexec_fn=partial(_end_with, os.getpid(), program.stop_signal),
            **identity,
        )


def _output(log: Path | None) -> AbstractContextManager[IO[bytes] | None]:
    if log is None:
        return nullcontext()
    log.parent.mkdir(parents=True, exist_ok=True)
    return log.open("ab")


def _end_with(parent: int, stop_signal: signal.Signals) -> None:
    """Have the kernel end this process when its parent dies, even by kill -9; runs between fork and exec."""
    if LIBC is None:
        return
    LIBC.prctl(PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def wait_until(holds: Callable[[], bool], seconds: float, what: str, child: Child | None = None) -> None:
    """Return as soon as `holds()`; raises NotReady after `seconds`, or at once when `child` ended."""
    deadline = time.monotonic() + seconds
    while not holds():
        if child and child.poll() is not None:
            raise NotReady(f"{what}: ended with status {child.returncode}")
        if time.monotonic() > deadline:
            raise NotReady(f"{what}: not ready within {seconds:g} s")
        time.sleep(STEP)


def stop(children: Iterable[tuple[Program, Child]], grace: float = GRACE) -> None:
    """End the processes and all they started: first by their own signal, after `grace` seconds by force."""
    pairs = list(children)
    for program, child in pairs:
        if child.poll() is None:
            child.send_signal(program.stop_signal)
    deadline = time.monotonic() + grace
    for _, child in pairs:
        try:
            child.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        sweep(child)


def sweep(child: Child) -> None:
    """Kill what is left of the process group of a child that has ended."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
