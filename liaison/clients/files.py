"""Where photos and documents lie: a local folder, or S3 by its address.

Knows bytes and random keys, never a visitor's file name and never what a file belongs to.
"""

import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Protocol

from liaison.clients.folders import Folder, is_folder
from liaison.domain.errors import NotFound, Unavailable

try:
    from liaison.clients.buckets import Bucket
except ImportError:  # the web server leaves its library out where files lie in a folder (serve.py)
    Bucket = None

_KEY = re.compile(r"[a-z]{1,20}/[0-9a-f]{2}/[0-9a-f]{32}\.[a-z0-9]{1,5}")


class Place(Protocol):
    """A folder or a bucket; raises OSError when the disk or the service gives way."""

    def write(self, key: str, data: bytes, content_type: str) -> None: ...
    def read(self, key: str) -> bytes: ...
    def remove(self, key: str) -> None: ...
    def list(self, prefix: str, before: datetime | None) -> Iterator[str]: ...
    def sweep_unfinished(self, before: datetime) -> int: ...


class FileStore:
    """Files by key, each written once and whole; Unavailable when the disk or the service gives way."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def put(self, key: str, data: bytes, content_type: str) -> None:
        """Write a file for good under a key of `new_key`; raises ValueError for a key of any other shape."""
        if not _KEY.fullmatch(key):
            raise ValueError("a file key must come from new_key")
        with _giving_way():
            self._place.write(key, data, content_type)

    def put_all(self, files: Sequence[tuple[str, bytes, str]]) -> None:
        """Put several files, or none: on a disk that is almost full, each new try would eat up what is left."""
        for position, file in enumerate(files):
            try:
                self.put(*file)
            except Unavailable:
                for key, *_ in files[:position]:
                    self.delete(key)
                raise

    def get(self, key: str) -> bytes:
        """Return the whole file; raises NotFound for a key that is absent or none of ours."""
        if not _KEY.fullmatch(key):
            raise NotFound
        with _giving_way():
            try:
                return self._place.read(key)
            except FileNotFoundError:
                raise NotFound from None

    def delete(self, key: str) -> None:
        """Remove a file, also a stray one that `keys` named; an absent one is no fault, since a sweep may run twice.

        Raises ValueError for what would lead out of the store.
        """
        if key.startswith("/") or ".." in key.split("/"):
            raise ValueError("a file key must lie within the store")
        with _giving_way(), suppress(FileNotFoundError):
            self._place.remove(key)

    def keys(self, prefix: str = "", *, before: datetime | None = None) -> Iterator[str]:
        """Yield every key below a folder such as `photos`, in no promised order; only files older than `before`."""
        with _giving_way():
            yield from self._place.list(prefix, before)

    def sweep_unfinished(self, before: datetime) -> int:
        """Remove what processes killed in mid writing left in a folder, which `keys` never names; returns how many."""
        return self._place.sweep_unfinished(before)


def open_store(where: str | Path, *, plain_http: bool = False) -> FileStore:
    """Open a folder (made when absent) or an address such as `s3://bucket/prefix` or `memory:///`.

    `plain_http` permits an S3 endpoint without TLS, for a store on the same machine or private network.
    """
    if is_folder(where):
        return FileStore(Folder(Path(where).absolute()))
    return FileStore(Bucket(str(where), plain_http=plain_http))


def new_key(folder: str, suffix: str) -> str:
    """Return a fresh key such as `photos/ab/<32 hex digits>.jpg` that tells nothing and cannot be guessed."""
    name = uuid.uuid4().hex
    return f"{folder}/{name[:2]}/{name}.{suffix}"


@contextmanager
def _giving_way() -> Iterator[None]:
    """Say in our words that the disk is full or broken, or the service out of reach."""
    try:
        yield
    except OSError as error:
        raise Unavailable from error
