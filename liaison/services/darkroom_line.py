"""What both sides of the darkroom's door agree on: the frames they send, the limits, and why a file is refused.

Standard library only, because the web process loads it and must not load a decoder.
"""

import json
import os
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

MAX_PIXELS = 50_000_000
"""Phones make 48 million; a 481 KB PNG can claim 169 million and take 660 MB."""

MAX_WEBP_PIXELS = 14_000_000
"""libwebp's decoder behind Pillow takes 16 bytes a pixel, measured; phones make 12 million."""

MAX_PROGRESSIVE_SAMPLES = 96_000_000
"""A progressive JPEG holds every coefficient at once, 2 bytes a pixel and colour: 32 megapixels, 24 of CMYK."""

MAX_UNPACKED_BYTES = 200 * 1024 * 1024
"""A 127 KB workbook can unpack to 926 MB."""

MAX_PARTS = 5_000
"""A report with a picture on each of 1,000 pages has fewer; 20 MB of empty parts would be 400,000."""

MAX_FILE_BYTES = 20 * 1024 * 1024
"""The longest file that is passed in: a document, which may be longer than a photo."""

MAX_ANSWER_BYTES = 8 * 1024 * 1024
"""Two JPEGs of noise at our sizes and qualities take 3 MB."""

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/apng": "PNG", "image/webp": "WEBP", "image/heic": "HEIF"}
"""The permitted pictures and the one decoder each may reach; several frames are refused after the header."""

_MAX_FRAMES = 4
_SIZE, _SIZES = struct.Struct(">I"), struct.Struct(">II")


class Why(StrEnum):
    """Why a file is refused once its bytes were looked into."""

    PIXELS = "pixels"
    ANIMATED = "animated"
    DAMAGED = "damaged"
    HEAVY = "heavy"
    CRASHED = "crashed"
    UNKNOWN = "unknown"
    UNPACKED = "unpacked"
    MACROS = "macros"


@dataclass(frozen=True)
class Limits:
    """What one file may cost.

    The slowest photo we take, 48 megapixels of HEIC, needs five seconds of processor time; some crafted files never
    end. On a busy machine, where the darkroom comes last, that may take as long as `wall_seconds`. `memory_bytes` is
    all that a process may write to; the largest permitted picture then takes 253 MB, program code included.
    """

    cpu_seconds: int = 10
    wall_seconds: float = 30
    memory_bytes: int = 290 * 1024 * 1024


class Refused(Exception):
    """The file cannot be taken, and `why`; `limit` is the number of pixels that was passed, if that is it."""

    def __init__(self, why: Why, limit: int = 0) -> None:
        super().__init__(why, limit)
        self.why, self.limit = why, limit


class Closed(Exception):
    """The other side is gone, or sends what nobody agreed on."""


@dataclass(frozen=True)
class OnDisk:
    """A file that lies on disk, opened: handed over by its descriptor, so that those who pass it on copy nothing."""

    descriptor: int
    size: int

    def __len__(self) -> int:
        return self.size

    def start(self, size: int) -> bytes:
        """Its first bytes."""
        return os.pread(self.descriptor, size, 0)


File = bytes | OnDisk


def pack(head: dict[str, Any], *frames: File) -> bytes:
    """Return a message: a head of plain values, then frames of bytes; a last one on disk is to be sent beside it."""
    parts = [json.dumps(head).encode(), *frames]
    sizes = (_SIZE.pack(len(part)) for part in parts)
    return b"".join([_SIZE.pack(len(parts)), *sizes, *(part for part in parts if isinstance(part, bytes))])


def unpack(message: bytes | bytearray) -> tuple[dict[str, Any], list[bytes]]:
    """Return head and frames of a message made by whoever; raises Closed when it is none."""
    try:
        (count,) = _SIZE.unpack_from(message)
        if not 1 <= count <= _MAX_FRAMES:
            raise Closed
        sizes = struct.unpack_from(f">{count}I", message, _SIZE.size)
        end, parts = _SIZE.size * (count + 1), []
        for size in sizes:
            parts.append(bytes(memoryview(message)[end : end + size]))
            end += size
        head = json.loads(parts[0])
    except (struct.error, ValueError, RecursionError):
        raise Closed from None
    if end != len(message) or not isinstance(head, dict):
        raise Closed
    return head, parts[1:]


def send(line: socket.socket, message: bytes, file: File = b"") -> None:
    """Send a message whole; a file on disk, its last frame, is handed over beside it."""
    if isinstance(file, OnDisk):
        socket.send_fds(line, [_SIZES.pack(len(message), file.size)], [file.descriptor])
    else:
        line.sendall(_SIZES.pack(len(message), 0))
    line.sendall(message)


def receive(line: socket.socket, longest: int, *, takes_files: bool = False) -> bytearray:
    """Receive a message whole, what lies on disk included where files are taken.

    Raises Closed when the other side is gone or wants to send more than `longest`.
    """
    told, files, *_ = socket.recv_fds(line, _SIZES.size, int(takes_files))
    try:
        if len(told) != _SIZES.size:
            raise Closed
        size, beside = _SIZES.unpack(told)
        if size + beside > longest or (beside and not files):
            raise Closed
        buffer = bytearray(size + beside)
        view = memoryview(buffer)
        _fill(view[:size], line.recv_into)
        if beside:
            _fill(view[size:], lambda rest: os.preadv(files[0], [rest], beside - len(rest)))
        return buffer
    finally:
        for file in files:
            os.close(file)


def _fill(view: memoryview, read: Callable[[memoryview], int]) -> None:
    while view:
        count = read(view)
        if not count:
            raise Closed
        view = view[count:]
