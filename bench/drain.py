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
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
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
from workers.relay import hand_on

ANSWERS_IN = 0.05
START, PATIENCE = 30.0, 120.0  # seconds to come up, and for one round to end


def measure(rounds: int, count: int) -> list[Figure]:
    """Drain so many notices in every round; prints each round with the CPU of each part, returns the figures."""
    rates = []
    with tempfile.TemporaryDirectory(prefix="drain-") as folder, _running(Path(folder)) as (app, redis, parts):
        for number in range(rounds):
            before = {name: cpu_of(pid) for name, pid in parts.items()}
            rates.append(count / _drain(app, redis, count))
            cpu = {name: (cpu_of(pid) - before[name]) / count * 1000 for name, pid in parts.items()}
            told = ", ".join(f"{name} {value:.2f}" for name, value in cpu.items())
            print(f"delivery {number + 1}    {rates[-1]:.0f}/s; CPU ms per notice: {told}", flush=True)
    median = statistics.median(rates)
    busy = median * ANSWERS_IN / SLOTS
    return [Figure("delivery, of all slots", busy, 0.9), Figure("delivery, a second", median, 500)]


def _drain(app: Flask, redis: Redis, count: int) -> float:
    """Seconds from handing over the bell until every notice has ended."""
    with app.app_context():
        with transaction():
            session.execute(delete(Notice))
            _put(count)
        began = time.monotonic()
        while True:
            with transaction():
                ids = notices.ring(datetime.now(UTC), limit=count)
            if not ids:
                break
            hand_on(ids, redis)
        wait_until(_all_sent, PATIENCE, "the drain")
        return time.monotonic() - began


def _all_sent() -> bool:
    left = session.scalar(select(func.count()).where(Notice.state != "sent"))
    session.rollback()
    return left == 0


def _put(count: int) -> None:
    account_id, now = _somebody(), datetime.now(UTC)
    common = {"case_id": None, "clock_id": None, "generation": 0, "topic": "digest", "urgent": True, "created_at": now}
    whom = {"recipient_role": "office", "recipient_id": account_id, "channel": TEMPLATE, "route": [], "state": "due"}
    ids = [new_id() for _ in range(count)]
    rows = [common | whom | {"id": id_, "dedup_key": id_.bytes * 2, "due_at": now, "next_at": now} for id_ in ids]
    notices.put(rows)


@contextmanager
def _running(folder: Path) -> Iterator[tuple[Flask, Redis, dict[str, int]]]:
    """All parts in a folder of their own, with one account that WeChat reaches."""
    postgres, redis, port = start_postgres(folder / "postgres"), start_redis(folder / "redis"), free_port()
    environ = _environ(folder, postgres.url, redis.url, f"http://127.0.0.1:{port}")
    told = (sys.executable, "-m")
    provider = Program("sandbox", (*told, "sandbox", str(port)), folder / "sandbox.log", folder=ROOT)
    worker = Program("worker", (*told, "workers.run", "worker", "notices"), folder / "worker.log", environ, ROOT)
    children = [(provider, spawn(provider))]
    try:
        app = _found(environ, folder)
        wait_until(partial(_is_slow, port), START, "the sandbox")
        children.append((worker, spawn(worker)))
        pids = {"worker": children[1][1].pid, "PostgreSQL": postgres.child.pid, "provider": children[0][1].pid}
        yield app, Redis.from_url(redis.url), pids
    finally:
        stop(children)
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
