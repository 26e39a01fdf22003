"""A worker killed in the midst of thousands of due clocks: the next goes on, and each is told of exactly once."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from bench.workers import multiply
from liaison.config import ROOT
from liaison.db import session, transaction
from liaison.domain.calendar import local_day
from liaison.domain.clocks import Term, Unit
from liaison.domain.workflow import Party
from liaison.models.clocks import Clock
from liaison.models.notices import Notice
from liaison.processes import wait_until
from liaison.services import clocks
from liaison.services.calendars import current_calendar
from liaison.services.notices import dedup_key
from liaison.services.reminders import BATCH
from tests.support.clock import FakeClock
from tests.support.life import Life
from tests.support.servers import SECRETS_TOLD, Servers
from tests.support.town import build_town

PATIENCE = 120
COPIES = 3 * BATCH
WORKER = (sys.executable, "-c", "from workers import jobs; print(jobs.fall_due())")
OF_CLOCKS = Notice.topic.startswith("reminder.")


@pytest.fixture(scope="module")
def falling(servers: Servers) -> Iterator[Flask]:
    """A town with thousands of matters that wait for their deputy, the half of whose time is over."""
    clock = FakeClock()
    clock.set(datetime.now(UTC) - timedelta(days=20))
    with servers.app("falling", clock) as app, app.app_context():
        with transaction():
            life = Life(build_town(), clock, app.extensions["liaison"].keys)
        case = life.case(life.matter_in("with_deputy"))
        with transaction():
            clocks.stop_all(case.id, clock())
            gone = current_calendar().between(local_day(clock()), local_day(datetime.now(UTC)))
            term = Term(gone + 2, Unit.working_days)
            its = clocks.start(case, "deputy", Party.DEPUTY, term, clock())
            session.flush()
            multiply(case.id, its.id, COPIES)
        yield app
        session.remove()


@pytest.fixture(scope="module")
def environ(servers: Servers) -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIAISON_")}
    told = {"DATABASE_URL": servers.url("falling"), "REDIS_URL": servers.redis.url, "LIAISON_LOGGING__LEVEL": "ERROR"}
    return kept | told | SECRETS_TOLD | {"LIAISON_INSTANCE": str(servers.folder / "falling")}


def count(*conditions: object) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(Notice).where(OF_CLOCKS, *conditions))


def is_writing() -> bool:
    """Whether a batch is being written at this moment."""
    session.rollback()
    busy = "datname = current_database() AND state = 'active' AND ltrim(query, E'\\n') LIKE 'WITH fallen%'"
    return session.scalar(text(f"SELECT count(*) FROM pg_stat_activity WHERE {busy}")) > 0


def test_a_worker_killed_in_the_midst_leaves_no_clock_out_and_tells_of_none_twice(
    falling: Flask, environ: Mapping[str, str]
) -> None:
    killed = subprocess.Popen(WORKER, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL)
    wait_until(lambda: count() > 0, PATIENCE, "the first batch")
    wait_until(is_writing, PATIENCE, "the middle of the next")
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    wait_until(lambda: not is_writing(), PATIENCE, "its end")
    before = count()
    assert 0 < before < 2 * COPIES, "killed too late to show anything"
    subprocess.run(WORKER, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, check=True, timeout=PATIENCE)
    told = select(Notice.clock_id, func.count(), func.count(Notice.channel.distinct())).where(OF_CLOCKS)
    rows = session.execute(told.group_by(Notice.clock_id)).all()
    assert {tuple(row[1:]) for row in rows} == {(2, 2)} and len(rows) == COPIES + 1
    left = select(func.count()).select_from(Clock).where(Clock.remind_at <= func.now())
    assert session.scalar(left) == 0


def test_what_falls_together_has_the_keys_of_what_falls_alone(falling: Flask) -> None:
    notice = session.scalars(select(Notice).where(OF_CLOCKS, Notice.channel == "inbox").limit(1)).one()
    about = {"case_id": notice.case_id, "clock_id": notice.clock_id, "generation": notice.generation}
    occasion = notice.topic.removeprefix("reminder.")
    assert notice.dedup_key == dedup_key(about, occasion, notice.recipient_id, "inbox")
