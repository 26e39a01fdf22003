"""Where photos and documents lie: a local folder, or S3 by its address.

Knows bytes and random keys, never a visitor's file name and never what a file belongs to. S3 takes its
credentials and endpoint from the usual AWS_* environment variables.
"""

import os
import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from liaison.domain.errors import NotFound, Unavailable

TIMEOUTS = {"connect_timeout": "5s", "timeout": "30s"}
RETRIES = {"max_retries": 3, "retry_timeout": timedelta(seconds=40)}

_KEY = re.compile(r"[a-z]{1,20}/[0-9a-f]{2}/[0-9a-f]{32}\.[a-z0-9]{1,5}")


class FileStore:
    """Files by key, each written once and whole; Unavailable when the disk or the service gives way."""

    def __init__(self, store: ObjectStore, folder: Path | None = None) -> None:
        self._store, self._folder = store, folder

    def put(self, key: str, data: bytes, content_type: str) -> None:
        """Write a file under a key of `new_key`; raises ValueError for a key of any other shape.

        A folder on disk keeps no content type; the caller's row does.
        """
        if not _KEY.fullmatch(key):
            raise ValueError("a file key must come from new_key")
        attributes = None if self._folder else {"Content-Type": content_type}
        with _giving_way():
            obstore.put(self._store, key, data, attributes=attributes)
            if self._folder:
                _settle(self._folder / key)

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
                return bytes(obstore.get(self._store, key).bytes())
            except FileNotFoundError:
                raise NotFound from None

    def delete(self, key: str) -> None:
        """Remove a file; removing an absent one is no fault, since a sweep may run twice."""
        with _giving_way(), suppress(FileNotFoundError):
            obstore.delete(self._store, key)

    def keys(self, prefix: str = "", *, before: datetime | None = None) -> Iterator[str]:
        """Yield every key below a folder such as `photos`, in no promised order; only files older than `before`."""
        with _giving_way():
            for batch in obstore.list(self._store, prefix or None):
                yield from (entry["path"] for entry in batch if before is None or entry["last_modified"] < before)


    def sweep_unfinished(self, before: datetime) -> int:
        """Remove what processes killed in mid writing left in a folder, which `keys` never names; returns how many."""
        found = self._folder.rglob("*#*") if self._folder else ()
        left = [path for path in found if path.stat().st_mtime < before.timestamp()]
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)


def open_store(where: str | Path, *, plain_http: bool = False) -> FileStore:
    """Open a folder (made when absent) or an address such as `s3://bucket/prefix` or `memory:///`.

    `plain_http` permits an S3 endpoint without TLS, for a store on the same machine or private network.
    """
    if "://" not in str(where):
        folder = Path(where).absolute()
        return FileStore(LocalStore(folder, mkdir=True), folder)
    if not str(where).startswith(("s3://", "s3a://")):
        return FileStore(from_url(str(where)))
    options = {**TIMEOUTS, "allow_http": plain_http}
    return FileStore(from_url(str(where), client_options=options, retry_config=RETRIES))


def new_key(folder: str, suffix: str) -> str:
    """Return a fresh key such as `photos/ab/<32 hex digits>.jpg` that tells nothing and cannot be guessed."""
    name = uuid.uuid4().hex
    return f"{folder}/{name[:2]}/{name}.{suffix}"


@contextmanager
def _giving_way() -> Iterator[None]:
    """Say in our words that the disk is full or broken, or the service out of reach."""
    try:
        yield
    except (BaseError, OSError) as error:
        raise Unavailable from error


def _settle(path: Path) -> None:
    """Have the disk keep a file and its name before anybody is told that it was received."""
    for each, flags in ((path, os.O_RDONLY), (path.parent, os.O_RDONLY | os.O_DIRECTORY)):
        descriptor = os.open(each, flags)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
