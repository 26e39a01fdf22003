"""How fast one worker process drains due notices against a provider that answers in 50 ms.

The floor is the provider itself: as many slots as the worker has cannot hand over more than SLOTS / 0.05 a second. Real
parts: PostgreSQL with its durable defaults, Redis, one RQ worker process, the sandbox over HTTP as WeChat's template
messages.
"""

import json
import os
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import UUID

from flask import Flask
from redis import Redis
from sqlalchemy import delete, func, select

from bench.load import cpu_of
from bench.report import Figure
from chaos.stack import free_port
from liaison.app import create_app
from liaison.config import ROOT, load
from liaison.db import session, transaction
from liaison.domain.actors import Role
from liaison.embedded import start_postgres, start_redis
from liaison.folder import ensure_secrets
from liaison.models.base import new_id
from liaison.models.notices import Notice
from liaison.models.people import Account
from liaison.processes import Program, spawn, stop, wait_until
from liaison.services import notices, vault
from liaison.services.channels import TEMPLATE
from sandbox.settings import Settings
from workers.jobs import SLOTS
from workers.relay import BATCH, hand_on

ANSWERS_IN = 0.05
WARM = 64  # notices sent before anything is measured, while the worker still loads
START, PATIENCE = 30.0, 120.0  # seconds to come up, and for one round to end


@dataclass(frozen=True)
class Place:
    """A demo town with one account that WeChat reaches, and the provider's stand-in; `environ` is for its workers.

    `pids` are those of the parts whose CPU counts.
    """

    app: Flask
    redis: Redis
    folder: Path
    environ: Mapping[str, str]
    pids: Mapping[str, int]

    @property
    def without_wechat(self) -> Mapping[str, str]:
        """The environment of those whose messages go into a file."""
        return {name: value for name, value in self.environ.items() if "SERVICE_ACCOUNT" not in name}


def figures(place: Place, rounds: int, count: int) -> list[Figure]:
    """Drain so many notices in every round; prints each round with the CPU of each part, returns the figures."""
    with worker(place) as pid:
        drain(place, WARM, TEMPLATE)
        rates = rounds_of("delivery", place, pid, rounds, count)
    median = statistics.median(rates)
    busy = median * ANSWERS_IN / SLOTS
    return [Figure("delivery, of all slots", busy, 0.9), Figure("delivery, a second", median, 500)]


def rounds_of(name: str, place: Place, pid: int, rounds: int, count: int, channel: str = TEMPLATE) -> list[float]:
    """How many notices of a channel the worker `pid` sends in a second, in every round; prints what each part does."""
    rates, pids = [], {"worker": pid, **place.pids}
    for number in range(rounds):
        before = {part: cpu_of(pid) for part, pid in pids.items()}
        rates.append(count / drain(place, count, channel))
        cpu = {part: (cpu_of(pid) - before[part]) / count * 1000 for part, pid in pids.items()}
        told = ", ".join(f"{part} {value:.2f}" for part, value in cpu.items())
        print(f"{name} {number + 1}    {rates[-1]:.0f}/s; CPU ms per notice: {told}", flush=True)
    return rates


@contextmanager
def worker(place: Place, *, by_wechat: bool = True) -> Iterator[int]:
    """One worker process for notices; unless `by_wechat`, messages go into a file alone. Yields its id."""
    argv = (sys.executable, "-m", "workers.run", "worker", "notices")
    environ = place.environ if by_wechat else place.without_wechat
    program = Program("worker", argv, place.folder / "worker.log", environ, ROOT)
    child = spawn(program)
    try:
        yield child.pid
    finally:
        stop([(program, child)])


def drain(place: Place, count: int, channel: str) -> float:
    """Seconds from handing over the bell until every notice has ended."""
    with place.app.app_context():
        with transaction():
            session.execute(delete(Notice))
            _put(count, channel)
        began = time.monotonic()
        while True:
            with transaction():
                ids = notices.ring(datetime.now(UTC), BATCH)  # as the relay does, beside the worker
            if not ids:
                break
            hand_on(ids, place.redis)
        wait_until(_all_sent, PATIENCE, "the drain")
        return time.monotonic() - began


def _all_sent() -> bool:
    left = session.scalar(select(func.count()).where(Notice.state != "sent"))
    session.rollback()
    return left == 0


def _put(count: int, channel: str) -> None:
    account_id, now = _somebody(), datetime.now(UTC)
    common = {"case_id": None, "clock_id": None, "generation": 0, "topic": "digest", "urgent": True, "created_at": now}
    whom = {"recipient_role": "office", "recipient_id": account_id, "channel": channel, "route": [], "state": "due"}
    ids = [new_id() for _ in range(count)]
    rows = [common | whom | {"id": id_, "dedup_key": id_.bytes * 2, "due_at": now, "next_at": now} for id_ in ids]
    notices.put(rows)


@contextmanager
def running(folder: Path) -> Iterator[Place]:
    """All parts but the workers, in a folder of their own."""
    postgres, redis, port = start_postgres(folder / "postgres"), start_redis(folder / "redis"), free_port()
    environ = _environ(folder, postgres.url, redis.url, f"http://127.0.0.1:{port}")
    provider = Program(
        "sandbox", (sys.executable, "-m", "sandbox", str(port)), folder / "sandbox.log", folder=ROOT
    )
    child = spawn(provider)
    try:
        app = _found(environ, folder)
        wait_until(partial(_is_slow, port), START, "the sandbox")
        pids = {"PostgreSQL": postgres.child.pid, "provider": child.pid}
        yield Place(app, Redis.from_url(redis.url), folder, environ, pids)
    finally:
        stop([(provider, child)])
        redis.stop()
        postgres.stop()


def _environ(folder: Path, database: str, redis: str, base_url: str) -> dict[str, str]:
    known = Settings()
    appid, template = next(iter(known.apps)), list(known.templates)[-1]
    return dict(os.environ) | {
        "LIAISON_INSTANCE": str(folder),
        "LIAISON_DEMO": "true",
        "LIAISON_LOGGING__LEVEL": "WARNING",
        "DATABASE_URL": database,
        "REDIS_URL": redis,
        "LIAISON_SERVICE_ACCOUNT__APP_ID": appid,
        "LIAISON_SERVICE_ACCOUNT__SECRET": known.apps[appid],
        "LIAISON_SERVICE_ACCOUNT__TEMPLATE": template,
        "LIAISON_SERVICE_ACCOUNT__BASE_URL": base_url,
    }


def _found(environ: dict[str, str], folder: Path) -> Flask:
    """The demo town, one of whose accounts has an openid."""
    ensure_secrets(folder)
    subprocess.run([sys.executable, "-m", "liaison.prepare"], env=environ, cwd=ROOT, check=True)
    app = create_app(load(None, environ))
    with app.app_context(), transaction():
        keys, now = app.extensions["liaison"].keys, datetime.now(UTC)
        vault.keep_address(_somebody(), TEMPLATE, "o" + "a" * 27, keys, now)
    return app


def _somebody() -> UUID:
    return session.scalar(select(Account.id).where(Account.role == Role.OFFICE).order_by(Account.username).limit(1))


def _is_slow(port: int) -> bool:
    """Whether the sandbox is there and has been told to take its time."""
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}/_/faults",
        json.dumps({"latency_ms": ANSWERS_IN * 1000}).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(asked, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False
