"""The job of the daily anchor in a process of its own: once a day, and not while the clock cannot be trusted."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from liaison.config import ROOT
from liaison.db import session, transaction
from liaison.domain.timekeeping import Uptime
from liaison.models.clocks import ClockWatch
from liaison.services import anchors, timekeeping
from tests.support.clock import FakeClock
from tests.support.servers import SECRETS, SECRETS_TOLD, Servers

JOB = "from workers.history import anchor; print(anchor())"


def test_the_job_writes_one_anchor_a_day(servers: Servers, tmp_path: Path) -> None:
    with servers.app("history_job", FakeClock()):
        assert [run(servers, "history_job", tmp_path) for _ in range(2)] == ["True", "False"]
    made, damaged = anchors.read_folder(tmp_path / "anchors")
    assert len(made) == 1 and damaged == []
    assert made[0].is_signed_by([anchors.public_key(SECRETS.anchor_key)])
    assert abs((made[0].statement.at - datetime.now(UTC)).total_seconds()) < 3600


def test_no_anchor_is_written_by_a_clock_that_jumped(servers: Servers, tmp_path: Path) -> None:
    with servers.app("history_clock", FakeClock()) as app, app.app_context():
        with transaction():
            boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
            timekeeping.trusted_time(Uptime(boot, 1.0))
            row = session.get_one(ClockWatch, timekeeping.ONLY)
            row.jumped_seconds, row.alarm_since = 90_000.0, datetime.now(UTC)
        assert run(servers, "history_clock", tmp_path) == "False"
        session.remove()
    assert anchors.days(tmp_path / "anchors") == []


def run(servers: Servers, name: str, folder: Path) -> str:
    """What the job returns, by the settings of that database alone."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("LIAISON_")}
    environ |= {"DATABASE_URL": servers.url(name), "REDIS_URL": servers.redis.url, "LIAISON_INSTANCE": str(folder)}
    environ |= SECRETS_TOLD
    ended = subprocess.run(
        [sys.executable, "-c", JOB], env=environ, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    return ended.stdout.splitlines()[-1]
