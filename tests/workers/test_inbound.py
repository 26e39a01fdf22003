"""The job of inbound events in a process of its own: it works off all that is due, batch after batch."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from liaison.config import ROOT
from liaison.db import session, transaction
from liaison.domain.actors import ANYONE
from liaison.domain.safety import read_words
from liaison.models.checks import ContentCheck
from liaison.models.inbound import InboundEvent, InboundNonce
from liaison.services import intake, visitors
from liaison.services.content_checks import RULES, Rules
from liaison.services.inbound import BATCH, WECHAT, receive
from liaison.services.intake import Submission
from tests.support.clock import FakeClock
from tests.support.outside import open_outside
from tests.support.pushes import OPENID, text
from tests.support.servers import SECRETS_TOLD, Servers
from tests.support.town import build_town

CHECK = "from workers.checks import check_content; print(check_content())"
ANSWER = "from workers.inbound import answer; print(answer())"
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


def test_who_wrote_is_answered_and_words_are_looked_at_by_processes_of_their_own(
    servers: Servers, tmp_path: Path
) -> None:
    with open_outside() as outside, servers.app("answering_job", FakeClock()) as app, app.app_context():
        account = {"APP_ID": "wx-sandbox-service", "SECRET": "sandbox-secret", "TEMPLATE": "sandbox-template"}
        told = {f"LIAISON_SERVICE_ACCOUNT__{name}": value for name, value in account.items()}
        told |= {"LIAISON_SERVICE_ACCOUNT__BASE_URL": outside.url, "LIAISON_CHECKS__WECHAT": "true"}
        keys, at = app.extensions["liaison"].keys, datetime.now(UTC)
        outside.set("words", app_id="wx-sandbox-service", openid=OPENID, text="路灯坏了")
        with transaction():
            town = build_town()
            receive(WECHAT, text(1), at, keys, "1")
            token = visitors.enter(OPENID, keys, at).token
            visit = visitors.find_visit(token, at)
            session.connection().execution_options(**{RULES: Rules(read_words(""), asks=True)})
            submission = Submission("北街的路灯坏了，有人借修灯诈骗老人。", visitor_id=visit.visitor_id)
            intake.submit(ANYONE, town.stations.west.code, submission, key="k", digest="d", keys=keys, now=at)
        assert run(servers, "answering_job", tmp_path) == 1
        assert run(servers, "answering_job", tmp_path, job=ANSWER, **told) == 1
        assert [each["channel"] for each in outside.messages()] == ["wechat_chat"]
        assert run(servers, "answering_job", tmp_path, job=CHECK, **told) == 1
        row = session.scalars(select(ContentCheck).execution_options(populate_existing=True)).one()
        assert (row.state, row.suggest, row.hint, row.source) == ("done", "review", "fraud", "platform")
        session.remove()


def run(servers: Servers, name: str, folder: Path, job: str = JOB, **told: str) -> int:
    """What the job returns, by the settings of that database alone, and those told."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("LIAISON_")}
    environ |= {"DATABASE_URL": servers.url(name), "REDIS_URL": servers.redis.url, "LIAISON_INSTANCE": str(folder)}
    environ |= SECRETS_TOLD | told
    ended = subprocess.run(
        [sys.executable, "-c", job], env=environ, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    return int(ended.stdout.splitlines()[-1])
