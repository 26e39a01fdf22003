"""The job of inbound events in a process of its own: it works off all that is due, batch after batch."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from liaison.config import ROOT
from liaison.db import session, transaction
from liaison.models.inbound import InboundEvent, InboundNonce
from liaison.services.inbound import BATCH, WECHAT, receive
from tests.support.clock import FakeClock
from tests.support.pushes import text
from tests.support.servers import SECRETS_TOLD, Servers

JOB = "from workers.inbound import work_off; print(work_off())"


def test_the_job_works_off_every_batch_and_forgets_old_nonces(servers: Servers, tmp_path: Path) -> None:
    with servers.app("inbound_job", FakeClock()) as app, app.app_context():
        keys, earlier = app.extensions["liaison"].keys, datetime.now(UTC) - timedelta(hours=1)
        with transaction():
            for number in range(BATCH + 1):
                receive(WECHAT, text(number), earlier, keys, str(number))
        assert run(servers, "inbound_job", tmp_path) == BATCH + 1
        states = session.execute(select(InboundEvent.state, func.count()).group_by(InboundEvent.state)).all()
        assert [tuple(each) for each in states] == [("done", BATCH + 1)]
        assert session.scalar(select(func.count()).select_from(InboundNonce)) == 0
        session.remove()


def run(servers: Servers, name: str, folder: Path) -> int:
    """What the job returns, by the settings of that database alone."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("LIAISON_")}
    environ |= {"DATABASE_URL": servers.url(name), "REDIS_URL": servers.redis.url, "LIAISON_INSTANCE": str(folder)}
    environ |= SECRETS_TOLD
    ended = subprocess.run(
        [sys.executable, "-c", JOB], env=environ, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    return int(ended.stdout.splitlines()[-1])
