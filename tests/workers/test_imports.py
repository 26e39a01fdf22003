"""The job of long imports in a process of its own: killed halfway it leaves nothing, begun again it is done once."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
from sqlalchemy import func, select

from liaison.config import ROOT
from liaison.db import session, transaction
from liaison.domain.import_lines import Line
from liaison.models.audit import AuditEntry
from liaison.models.imports import Import, ImportedRow
from liaison.models.people import Deputy
from liaison.processes import wait_until
from liaison.services import imports
from liaison.services.imports import AT_ONCE, Upload
from tests.support.clock import FakeClock
from tests.support.servers import SECRETS_TOLD, Servers
from tests.support.town import build_town

JOB = [sys.executable, "-c", "from workers.imports import work_off; print(work_off())"]
ROW = {"level": "county", "region": "110101001"}
LAST = AT_ONCE + 60


def test_a_job_killed_in_the_middle_leaves_nothing_and_is_begun_again(servers: Servers, tmp_path: Path) -> None:
    clock, lines = FakeClock(), [Line(at, {**ROW, "code": f"L{at}", "name": f"王{at}"}) for at in range(1, LAST)]
    lines.append(Line(LAST, {"code": "D003", "unit": "第三选区"}))
    environ = {name: value for name, value in os.environ.items() if not name.startswith("LIAISON_")}
    environ |= {"DATABASE_URL": servers.url("imports_job"), "REDIS_URL": servers.redis.url}
    environ |= {"LIAISON_INSTANCE": str(tmp_path)} | SECRETS_TOLD
    with servers.app("imports_job", clock) as app, app.app_context():
        with transaction():
            actor = build_town().actor("administrator")
        with transaction():
            row = imports.preview(actor, Upload("deputy", "代表.xlsx", "00", lines, []), now=clock())
        assert ran(environ) == 1
        session.expire_all()
        assert row.counts["new"] == LAST - 1 and row.stage == ""
        with transaction():
            imports.confirm(actor, row.id, now=clock())
        with psycopg.connect(servers.url("imports_job")) as other:
            other.execute("LOCK TABLE audit IN EXCLUSIVE MODE")  # the last thing an import writes
            job = subprocess.Popen(JOB, env=environ, cwd=ROOT)

            def far() -> bool:
                session.rollback()
                return session.scalar(select(Import.progress).where(Import.id == row.id)) >= AT_ONCE + 50

            wait_until(far, 120, "the job to be almost through")
            job.kill()
            job.wait()
        with psycopg.connect(servers.url("imports_job")) as left:
            left.execute(
                "SELECT pg_advisory_xact_lock(%s)", [row.id.int >> 65]
            )  # what a dead one may leave for a while
            assert ran(environ) == 0 and session.get_one(Import, row.id, populate_existing=True).tries == 1
        wait_until(lambda: ran(environ) == 1, 60, "the database to notice that the first is dead")
        session.expire_all()
        assert row.done_at is not None and row.tries == 2
        assert counted(Deputy) == 3 + LAST and counted(ImportedRow) == LAST
        done = select(func.count()).select_from(AuditEntry).where(AuditEntry.act == "import.import")
        assert session.scalar(done) == 1
        session.remove()


def ran(environ: dict[str, str]) -> int:
    """How many imports the job begins."""
    session.rollback()
    told = subprocess.run(JOB, env=environ, cwd=ROOT, check=True, timeout=120, capture_output=True, text=True)
    return int(told.stdout.splitlines()[-1])


def counted(model: type) -> int:
    """How many rows a table has now."""
    session.rollback()
    return session.scalar(select(func.count()).select_from(model))
