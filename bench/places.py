"""What is measured: an installation and the floor beside it, on one durable PostgreSQL, each behind a server like ours.

Rate limits are off, since all clients come from one address: what they cost in Redis is not in the figures.
"""

import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import psycopg
from flask import Flask

from bench import floor
from bench.load import cpu_of
from chaos.stack import free_port
from liaison import programs
from liaison.app import create_app
from liaison.cli.acting import operator
from liaison.config import ROOT, load
from liaison.db import session, transaction
from liaison.domain.actors import Role
from liaison.domain.calendar import local_day
from liaison.embedded import Server, postgres_url, redis_url, start_postgres, start_redis
from liaison.folder import ensure_secrets
from liaison.models.people import Account
from liaison.models.stations import Station
from liaison.processes import Program, spawn, stop, wait_until
from liaison.services import sign_in, stations
from liaison.services.accounts import Place, add_account
from liaison.web.guards import TOKEN

STATION, REGION = "x3mrry", "qh"
START = 40.0  # seconds for a server to come up
CONTENT = str(ROOT / "liaison" / "demo" / "content")


@dataclass(frozen=True)
class Site:
    """A running installation with a county, one deputy on duty and one clerk of the office, both signed in."""

    app: Flask
    database: str
    ours: int
    floor: int
    deputy: str
    office: str
    parts: Mapping[str, Callable[[], float]]
    pids: Mapping[str, int]


@dataclass(frozen=True)
class Ground:
    """An installation without its web server: the app, and the database it stands on."""

    app: Flask
    environ: Mapping[str, str]
    postgres: Server


@contextmanager
def standing(folder: Path, *, durable: bool = True) -> Iterator[Ground]:
    """An installation in a folder, with a county laid out once; what lies in it from an earlier run is used again."""
    folder.mkdir(parents=True, exist_ok=True)
    postgres = start_postgres(folder / "postgres", durable=durable)
    try:
        redis = start_redis(folder / "redis")
        try:
            told = environ(folder)
            yield Ground(lay_out(told, folder, postgres.url), told, postgres)
        finally:
            redis.stop()
    finally:
        postgres.stop()


@contextmanager
def running(folder: Path) -> Iterator[Site]:
    """Everything in a folder, our web server and the floor's beside it, ended afterwards."""
    ports, children = (free_port(), free_port()), []
    with standing(folder) as ground:
        try:
            ours = programs.web("127.0.0.1", ports[0], ground.environ, folder, ROOT)
            beside = _floor(ports[1], ground.postgres.url, folder)
            children = [(program, spawn(program)) for program in (ours, beside)]
            for port, path in zip(ports, ("/healthz", "/deputies/1/matters"), strict=True):
                wait_until(partial(answers, port, path), START, f"the server on {port}")
            postgres = ground.postgres.child.pid
            pids = {"ours": children[0][1].pid, "floor": children[1][1].pid, "PostgreSQL": postgres}
            parts = {name: partial(cpu_of, pid) for name, pid in pids.items()}
            yield Site(ground.app, ground.postgres.url, *ports, *signed_in(ground.app), parts, pids)
        finally:
            stop(children)


def environ(folder: Path) -> dict[str, str]:
    """The settings of the installation in a folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LIAISON_", "DATABASE_URL"))}
    return kept | {
        "LIAISON_INSTANCE": str(folder),
        "LIAISON_BASE_URL": "http://127.0.0.1",
        "LIAISON_WEB__RATE_LIMITS": "false",
        "LIAISON_LOGGING__LEVEL": "WARNING",
        "DATABASE_URL": postgres_url(folder / "postgres"),
        "REDIS_URL": redis_url(folder / "redis"),
    }


def lay_out(told: Mapping[str, str], folder: Path, database: str) -> Flask:
    """The county and the floor's tables, laid out once."""
    ensure_secrets(folder)
    run = partial(subprocess.run, env=told, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    run([sys.executable, "-m", "liaison.prepare"])
    app = create_app(load(None, told))
    with psycopg.connect(database, autocommit=True) as connection:
        if connection.execute("SELECT to_regclass('floor.matters')").fetchone()[0] is None:
            run([sys.executable, "-m", "flask", "--app", "wsgi", "county", "import", CONTENT])
            with app.app_context():
                _add_people()
            connection.execute(floor.SCHEMA)
    return app


def _add_people() -> None:
    now = datetime.now(UTC)
    with transaction():
        for deputy in stations.deputies_of(stations.get_station(STATION), local_day(now)):
            add_account(
                deputy.code, deputy.name, Place(Role.DEPUTY, REGION, deputy=deputy.code), actor=operator(), now=now
            )
        add_account("office", "办公室", Place(Role.OFFICE, REGION), actor=operator(), now=now)
    with transaction():
        for account in session.query(Account):
            account.must_change = False


def carrying(app: Flask, token: str) -> dict[str, str]:
    """The header with which a browser carries a session's token."""
    return {"Cookie": f"session={app.session_interface.get_signing_serializer(app).dumps({TOKEN: token})}"}


def signed_in(app: Flask) -> tuple[str, str]:
    """Tokens of the deputy on duty and of the office."""
    now = datetime.now(UTC)
    with app.app_context(), transaction():
        station = session.query(Station).filter_by(code=STATION).one()
        deputy = session.query(Account).filter_by(deputy_id=stations.on_duty(station, now)).one()
        accounts = deputy, session.query(Account).filter_by(username="office").one()
        return tuple(sign_in.open_session(account, now, proven=True).token for account in accounts)


def _floor(port: int, database: str, folder: Path) -> Program:
    told = dict(os.environ) | {"FLOOR_DATABASE": database, "FLOOR_FOLDER": str(folder)}
    like = programs.web("127.0.0.1", port, told, folder, ROOT)
    return Program("floor", (*like.argv[:-1], "bench.floor:app"), folder / "floor.log", like.environ, ROOT)


def answers(port: int, path: str) -> bool:
    """Whether somebody answers there with 200."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False
