"""Files in a folder on disk, by the standard library alone: most installations need nothing more."""

import os
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from stat import S_ISREG

_UNFINISHED = "#"
"""In the name of what is being written; no key has one."""


class Folder:
    """A folder, made when absent, with a file for each key; raises OSError when the disk gives way."""

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self._path = path

    def write(self, key: str, data: bytes, content_type: str) -> None:
        """Write a file whole, and have the disk keep it and its name before anybody is told that it was received.

        A folder keeps no content type; the caller's row does.
        """
        path = self._path / key
        _make(path.parent)
        unfinished = path.with_name(f"{path.name}{_UNFINISHED}{uuid.uuid4().hex}")
        try:
            with unfinished.open("xb", buffering=0) as file:
                _write_all(file.fileno(), data)
                os.fsync(file.fileno())
            unfinished.rename(path)
        except OSError:
            with suppress(OSError):
                unfinished.unlink()
            raise
        settle(path.parent)

    def read(self, key: str) -> bytes:
        """The whole file; raises FileNotFoundError."""
        return (self._path / key).read_bytes()

    def remove(self, key: str) -> None:
        """Remove a file; raises FileNotFoundError."""
        (self._path / key).unlink()

    def list(self, prefix: str, before: datetime | None) -> Iterator[str]:
        """Every key below a prefix, of files older than `before`."""
        for path in (self._path / prefix).rglob("*"):
            if _UNFINISHED not in path.name and _is_file(path, before):
                yield path.relative_to(self._path).as_posix()

    def sweep_unfinished(self, before: datetime) -> int:
        """Remove what processes killed in mid writing left, which `list` never names; returns how many."""
        left = [path for path in self._path.rglob(f"*{_UNFINISHED}*") if _is_file(path, before)]
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)


def is_folder(where: str | Path) -> bool:
    """Whether this is a folder on disk, and no address."""
    return "://" not in str(where)


def _make(folder: Path) -> None:
    """Make a folder below those that are there, and have the disk keep its name."""
    if folder.is_dir():
        return
    _make(folder.parent)
    folder.mkdir(exist_ok=True)
    settle(folder.parent)


def _write_all(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def settle(folder: Path) -> None:
    """Have the disk keep a folder's new entries."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_file(path: Path, before: datetime | None) -> bool:
    """Whether it is a file, and old enough; one that has gone meanwhile is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return False
    return S_ISREG(found.st_mode) and (before is None or found.st_mtime < before.timestamp())
