"""PostgreSQL and Redis of one test process, migrated databases on them, and an application on each."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config as AlembicConfig
from flask import Flask
from sqlalchemy import text

from liaison import cli
from liaison.app import create_app
from liaison.config import ROOT
from liaison.db import db
from liaison.domain.keyrings import AES, SHA256
from liaison.embedded import Server, start_postgres, start_redis
from liaison.settings import Config, Database, Files, History, Logging, Notices, Redis, Secrets, Web
from tests.support.clients import DoorClient
from tests.support.clock import FakeClock

TEMPLATE = "migrated"
SECRETS = Secrets(
    session="s" * 32,
    anchors=base64.b64encode(b"a" * 32).decode(),
    vault_keys={"1": f"{AES}:{base64.b64encode(b'v' * 32).decode()}"},
    code_keys={"1": f"{SHA256}:{'c' * 32}"},
    station_keys={"1": "t" * 32},
)
SECRETS_TOLD = {
    f"LIAISON_SECRETS__{name.upper()}": json.dumps(value) if isinstance(value, dict) else value
    for name, value in vars(SECRETS).items()
}
"""The same as the environment tells them to another process."""

SEEDED = {"calendar_days", "calendar_years", "alembic_version"}


class Servers:
    """The servers of this process; `database(name)` makes a migrated one of that name and returns its address."""

    def __init__(self, folder: Path, postgres: Server, redis: Server) -> None:
        self.folder, self.postgres, self.redis = folder, postgres, redis
        self._run(f"CREATE DATABASE {TEMPLATE}")
        migrate(self.url(TEMPLATE))

    def url(self, name: str) -> str:
        """The address of a database."""
        return self.postgres.url.replace("/postgres?", f"/{name}?")

    def empty_database(self, name: str) -> str:
        """A new database without tables."""
        self._run(f"CREATE DATABASE {name}")
        return self.url(name)

    def database(self, name: str) -> str:
        """A new database with all migrations applied."""
        self._run(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return self.url(name)

    def config(self, url: str) -> Config:
        """Test settings for that database."""
        instance = self.folder / "instance"
        return Config(
            base_url="http://testserver",
            instance=instance,
            database=Database(url),
            redis=Redis(self.redis.url),
            secrets=SECRETS,
            web=Web(rate_limits=False),  # every test comes from one address
            files=Files(str(instance / "files")),
            history=History(str(instance / "anchors")),
            notices=Notices(str(instance / "notices.log")),
            logging=Logging(level="ERROR"),
        )

    @contextmanager
    def app(self, name: str, clock: FakeClock, **sections: object) -> Iterator[Flask]:
        """An application on a new migrated database of that name; `sections` replace those of the test settings."""
        app = create_app(replace(self.config(self.database(name)), **sections), clock=clock)
        cli.register(app)
        app.config.update(TESTING=True, SERVER_NAME="testserver")
        app.test_client_class = DoorClient
        with app.app_context():
            engine = db.engine
        yield app
        engine.dispose()

    def _run(self, statement: str) -> None:
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            connection.execute(statement)


def migrate(url: str, revision: str = "head") -> None:
    """Bring a database to a revision."""
    settings = AlembicConfig(str(ROOT / "migrations" / "alembic.ini"))
    settings.attributes["url"] = url
    if revision == "base":
        command.downgrade(settings, revision)
    else:
        command.upgrade(settings, revision)


@contextmanager
def running(folder: Path) -> Iterator[Servers]:
    """Both servers in a folder, ended afterwards."""
    postgres = start_postgres(folder / "pg", durable=False)
    try:
        redis = start_redis(folder / "redis")
        try:
            yield Servers(folder, postgres, redis)
        finally:
            redis.stop()
    finally:
        postgres.stop()


@contextmanager
def rolled_back(app: Flask) -> Iterator[None]:
    """An application context in which every commit is a savepoint of one transaction that is never committed."""
    with app.app_context():
        engine = db.engine
        with engine.connect() as connection:
            outer = connection.begin()
            db.session.remove()
            db.session.configure(join_transaction_mode="create_savepoint")
            db.engines[None] = connection
            try:
                yield
            finally:
                db.session.remove()
                db.engines[None] = engine
                db.session.configure(join_transaction_mode="conditional_savepoint")
                outer.rollback()


@contextmanager
def committed(app: Flask) -> Iterator[None]:
    """An application context with real connections and commits; everything written is deleted afterwards."""
    with app.app_context():
        try:
            yield
        finally:
            db.session.remove()
            _empty()


def _empty() -> None:
    tables = [table for table in db.metadata.sorted_tables if table.name not in SEEDED]
    names = ", ".join(f'"{table.schema or "public"}"."{table.name}"' for table in tables)
    with db.engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {names}"))
