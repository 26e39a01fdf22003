"""A whole installation for drills: database, files, people at work, an outside world that counts what it was sent."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

import psycopg
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from liaison import cli
from liaison.app import create_app
from liaison.db import db, session, transaction
from liaison.models.notices import Notice
from liaison.services import digests, notices, photos
from liaison.services.sealing import Keys
from liaison.settings import Config, Files, History
from tests.support.clock import MONDAY, FakeClock
from tests.support.life import Life
from tests.support.pictures import photo
from tests.support.sending import Way, send
from tests.support.servers import Servers
from tests.support.town import Town, build_town


class Installation:
    """One database with its files, people and outside world; destroyed and restored under the same name."""

    def __init__(self, servers: Servers, name: str, folder: Path) -> None:
        self.servers, self.name, self.folder, self.clock = servers, name, folder, FakeClock(MONDAY)
        self.effects: list[bytes] = []
        self.town: Town | None = None
        self.app = self._start(servers.database(name))
        with self.app.app_context(), transaction():
            self.town = build_town()

    def _start(self, url: str) -> Flask:
        config: Config = replace(
            self.servers.config(url),
            instance=self.folder,
            files=Files(str(self.folder / "files")),
            history=History(str(self.folder / "anchors")),
        )
        app = create_app(config, clock=self.clock)
        cli.register(app)
        return app

    @property
    def config(self) -> Config:
        return self.app.extensions["liaison"].config

    @property
    def keys(self) -> Keys:
        return self.app.extensions["liaison"].keys

    @contextmanager
    def at_work(self) -> Iterator[Life]:
        """The town's people at their work."""
        with self.app.app_context():
            yield Life(self.town, self.clock, self.keys)

    def tell_matters(self) -> list[str]:
        """Matters in several states, two with photos; some notices sent, the newest still due; returns the numbers."""
        with self.at_work() as life:
            numbers = [life.matter_in(state) for state in ("with_deputy", "assigned", "rating", "closed")]
            store = self.app.extensions["liaison"].store
            kept = [photos.keep(store, photos.prepare_all([photo(colour)])[0]) for colour in ((9, 9, 9), (99, 9, 9))]
        self.tick()
        with self.at_work() as life:
            return numbers + [life.submit(files=(each,)).case.number for each in kept]

    def tick(self) -> None:
        """What the background does when its ticks come: lapse, fall due, put digests, ring, send."""
        with self.at_work() as life:
            life.lapse()
            life.fall_due()
            with transaction():
                digests.put_digests(self.clock())
            with transaction():
                ids = notices.ring(self.clock())
            way = Way()
            send(life, way, *ids)
            self.effects += [session.get_one(Notice, UUID(each.client_message_id)).dedup_key for each in way.letters]

    def run(self, *arguments: object) -> Result:
        """Run a command of the operator's."""
        return self.app.test_cli_runner().invoke(args=[str(each) for each in arguments])

    def stop(self) -> None:
        """End every connection."""
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()

    def destroy(self) -> None:
        """Lose database and files, and set up an empty database in their place."""
        self.stop()
        shutil.rmtree(self.folder / "files")
        with psycopg.connect(self.servers.postgres.url, autocommit=True) as line:
            line.execute(f"DROP DATABASE {self.name} WITH (FORCE)")
        self.app = self._start(self.servers.empty_database(self.name))

    def go_to(self, moment: datetime) -> None:
        self.clock.set(moment)

    def outside(self, state: str) -> set[bytes]:
        """The dedup keys of notices in a state that leave the house."""
        with self.app.app_context():
            found = select(Notice.dedup_key).where(Notice.state == state, Notice.channel != "inbox")
            return set(session.scalars(found))

    def remove(self) -> None:
        """Leave nothing behind on the server."""
        self.stop()
        with psycopg.connect(self.servers.postgres.url, autocommit=True) as line:
            line.execute(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")
