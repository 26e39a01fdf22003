"""What rows attack: a real application, a small town in its database, and servers that are ours alone."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from liaison.db import transaction
from tests.support.clock import FakeClock
from tests.support.servers import committed, running
from tests.support.town import Town, build_town


@dataclass(frozen=True)
class Stage:
    """The application, its context pushed, and who lives in its town."""

    app: Flask
    town: Town


@contextmanager
def installed() -> Iterator[Stage]:
    """A stage on PostgreSQL and Redis started for it on private sockets, in a folder that is removed afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="trust-", dir="/tmp") as folder,
        running(Path(folder)) as servers,
        servers.app("trust", FakeClock()) as app,
        committed(app),
    ):
        with transaction():
            town = build_town()
        yield Stage(app, town)
