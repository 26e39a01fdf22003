"""The darkroom's own process: warm, and for each file a copy of it that reads this one file and ends.

`python -m liaison.services.darkroom_process` with a socket as its standard input. This process itself never looks into
a file. The copy gives everything up first (`confinement`); whatever a file does to it ends with it, so that no file
can touch the next one.
"""

import fcntl
import hashlib
import os
import select
import signal
import socket
import sys
import time
import warnings
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, NoReturn

import pillow_heif
from PIL import Image

from liaison.services import confinement, office_files, pixels
from liaison.services.darkroom_line import (
    MAX_ANSWER_BYTES,
    MAX_FILE_BYTES,
    Closed,
    Limits,
    Refused,
    Why,
    pack,
    receive,
    send,
    unpack,
)

NICENESS = 5
"""Pages come before pictures; at 5 the darkroom still gets a quarter of a processor that is fully wanted."""

IDLE = 300.0
"""Seconds without a file after which it ends: to begin again takes less than one, to stay takes 50 MB."""

_HEAD_BYTES = 4096
_CHUNK = 1 << 18
_SAMPLE = (16, 16)


Found = tuple[dict[str, Any], list[bytes]]
Task = Callable[..., Found]


@dataclass(frozen=True)
class Service:
    """What is done here, within which limits, and for whom; `turn` is a file all darkrooms of a machine have open."""

    line: socket.socket
    turn: int
    tasks: Mapping[str, Task]
    limits: Limits


def main() -> int:
    """Load the decoders, then serve standard input until its other side is gone."""
    _warm_up()
    return serve(TASKS, Limits())


def serve(tasks: Mapping[str, Task], limits: Limits) -> int:
    """Do these tasks for the other side of standard input until it is gone, or silent for long."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # Ctrl-C is for the web server, and its end is ours
    warnings.simplefilter("ignore")
    line = socket.socket(fileno=os.dup(0))
    line.settimeout(IDLE)
    service = Service(line, os.open(__file__, os.O_RDONLY), tasks, limits)
    confinement.step_down(NICENESS)
    try:
        send(line, pack({"ready": True}))
        while True:
            send(line, _in_turn(service, *_asked(line)))
    except (Closed, OSError):
        return 0


def develop(
    data: bytes, *, mime: str, sides: list[int], qualities: list[int], boxes: Sequence[Sequence[float]] = ()
) -> Found:
    """Return the size of the first and all derivatives of a picture, each made from the one before; raises Refused.

    What lies under `boxes` is black in all of them.
    """
    picture = pixels.read_picture(data, mime, sides[0])
    pixels.cover(picture, boxes)
    frames, size = [pixels.jpeg(picture, qualities[0])], picture.size
    for side, quality in zip(sides[1:], qualities[1:], strict=True):
        picture = pixels.shrink(picture, side)
        frames.append(pixels.jpeg(picture, quality))
    return {"size": size}, frames


def recognise(data: bytes) -> Found:
    """Return which office file it is; raises Refused."""
    return {"mime": office_files.office_type(data)}, []


TASKS: dict[str, Task] = {"develop": develop, "recognise": recognise}


def _asked(line: socket.socket) -> tuple[dict[str, Any], bytes]:
    head, (data,) = unpack(receive(line, MAX_FILE_BYTES + _HEAD_BYTES, takes_files=True))
    return head, data


def _in_turn(service: Service, head: Mapping[str, Any], data: bytes) -> bytes:
    """Wait for the darkrooms of other web processes first: one picture at a time leaves a processor to the pages.

    The kernel keeps the turn and takes it back from a process that is gone.
    """
    fcntl.flock(service.turn, fcntl.LOCK_EX)
    try:
        return _apart(service, head, data)
    finally:
        fcntl.flock(service.turn, fcntl.LOCK_UN)


def _apart(service: Service, asked: Mapping[str, Any], data: bytes) -> bytes:
    """Have a copy of this process do the work; returns what it said, how it ended, what it took, and of which file."""
    reader, writer = os.pipe()
    copy = os.fork()
    if copy == 0:
        _work(service, asked, data, writer)
    os.close(writer)
    name = hashlib.sha256(data).hexdigest()  # meanwhile
    try:
        said, in_time = _listen(service, reader)
    finally:
        os.close(reader)
        os.kill(copy, signal.SIGKILL)  # it has ended, or must
        _, status, usage = os.wait4(copy, 0)
    code = os.waitstatus_to_exitcode(status)
    late = not in_time or code == -signal.SIGXCPU
    head = {"ended": code, "late": late, "peak": usage.ru_maxrss * 1024, "cpu": usage.ru_utime + usage.ru_stime}
    return pack(head | {"sha256": name}, said)


def _listen(service: Service, reader: int) -> tuple[bytes, bool]:
    """What the copy says until it ends, and whether that was in time; raises Closed when nobody waits any more."""
    poll, said = select.poll(), bytearray()
    poll.register(reader, select.POLLIN)
    poll.register(service.line, select.POLLHUP)
    deadline = time.monotonic() + service.limits.wall_seconds
    while (left := deadline - time.monotonic()) > 0 and len(said) <= MAX_ANSWER_BYTES:
        ready = dict(poll.poll(left * 1000))
        if service.line.fileno() in ready:
            raise Closed
        if reader in ready:
            chunk = os.read(reader, _CHUNK)
            if not chunk:
                return bytes(said), True
            said += chunk
    return b"", False


def _work(service: Service, asked: Mapping[str, Any], data: bytes, writer: int) -> NoReturn:
    """Do one piece of work with nothing but memory and time, say how it went, and end."""
    code = 1
    try:
        confinement.end_with_parent()
        _close_all_but(writer)
        sealed = confinement.confine(service.limits.cpu_seconds, service.limits.memory_bytes)
        view = memoryview(_answer(service.tasks, asked, data, sealed))
        while view:
            view = view[os.write(writer, view) :]
        code = 0
    finally:
        os._exit(code)


def _answer(tasks: Mapping[str, Task], asked: Mapping[str, Any], data: bytes, sealed: bool) -> bytes:
    told = dict(asked)
    try:
        found, frames = tasks[told.pop("task")](data, **told)
    except Refused as refused:
        return pack({"why": refused.why, "limit": refused.limit, "sealed": sealed})
    except MemoryError:
        return pack({"why": Why.HEAVY, "limit": 0, "sealed": sealed})
    return pack(found | {"sealed": sealed}, *frames)


def _close_all_but(writer: int) -> None:
    """Leave the copy its answer's pipe alone; what a failing decoder prints goes nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.closerange(3, writer)
    os.closerange(writer + 1, max(64, writer + 64))


def _warm_up() -> None:
    """Load every decoder and what it loads by itself: a confined copy can open no file to do so."""
    Image.init()
    pillow_heif.options.DECODE_THREADS = 1
    sample = Image.new("RGB", _SAMPLE)
    for kind, mime in (("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")):
        out = BytesIO()
        sample.save(out, kind, exif=Image.Exif().tobytes())
        develop(out.getvalue(), mime=mime, sides=[8, 4], qualities=[80, 80], boxes=[(0.1, 0.1, 0.2, 0.2)])
    out = BytesIO()
    pillow_heif.from_pillow(sample).save(out)
    develop(out.getvalue(), mime="image/heic", sides=[8, 4], qualities=[80, 80])
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("word/document.xml", "附件"):
            archive.writestr(name, b"")
    recognise(out.getvalue())


if __name__ == "__main__":
    sys.exit(main())
