"""Files in S3, or in memory, by obstore: 8 MB in every process that loads it, which most installations never use.

S3 takes its credentials and endpoint from the usual AWS_* environment variables.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import obstore
from obstore.exceptions import BaseError
from obstore.store import from_url

TIMEOUTS = {"connect_timeout": "5s", "timeout": "30s"}
RETRIES = {"max_retries": 3, "retry_timeout": timedelta(seconds=40)}


class Bucket:
    """What lies under an address such as `s3://bucket/prefix` or `memory:///`; raises OSError when it gives way."""

    def __init__(self, address: str, *, plain_http: bool = False) -> None:
        told = {}
        if address.startswith(("s3://", "s3a://")):
            told = {"client_options": {**TIMEOUTS, "allow_http": plain_http}, "retry_config": RETRIES}
        self._store = from_url(address, **told)

    def write(self, key: str, data: bytes, content_type: str) -> None:
        """Write a file whole."""
        with _giving_way():
            obstore.put(self._store, key, data, attributes={"Content-Type": content_type})

    def read(self, key: str) -> bytes:
        """The whole file; raises FileNotFoundError."""
        with _giving_way():
            return bytes(obstore.get(self._store, key).bytes())

    def remove(self, key: str) -> None:
        """Remove a file; raises FileNotFoundError, or nothing, when it is absent."""
        with _giving_way():
            obstore.delete(self._store, key)

    def list(self, prefix: str, before: datetime | None) -> Iterator[str]:
        """Every key below a prefix, of files older than `before`."""
        with _giving_way():
            for batch in obstore.list(self._store, prefix or None):
                yield from (entry["path"] for entry in batch if before is None or entry["last_modified"] < before)

    def sweep_unfinished(self, before: datetime) -> int:
        """A service shows no half files."""
        return 0


@contextmanager
def _giving_way() -> Iterator[None]:
    try:
        yield
    except BaseError as error:
        raise OSError("the file service gives way") from error
