"""The database while a command works: on a small machine nobody else may have started it."""

from collections.abc import Iterator
from contextlib import contextmanager

from liaison.embedded import postgres_ready, postgres_url, start_postgres
from liaison.folder import Taken, hold
from liaison.processes import NotReady
from liaison.settings import Config


@contextmanager
def served(config: Config, *, alone: bool = False) -> Iterator[None]:
    """Have the database run: its own server, or the embedded one, which is started when it stands still.

    `alone` keeps `make run` out meanwhile.
    """
    data = config.instance / "postgres"
    if config.database.url != postgres_url(data) or (not alone and postgres_ready(data)):
        yield
        return
    try:
        with hold(config.instance):
            server = None if postgres_ready(data) else start_postgres(data)
            try:
                yield
            finally:
                if server:
                    server.stop()
    except Taken as error:
        raise NotReady(f"Liaison runs on {config.instance} (process {error}): end it first") from None
