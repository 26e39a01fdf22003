"""What the workers' side carries: clocks that fall due, and reminders that leave through RQ.

*fall_due*: as many deputies' clocks as departments', open, with a rung that has just fallen, served by the very
function the job calls, in a process of its own: a notice in the inbox and one on its way for each person. Its floor is
what claiming them alone takes, in batches of 500.

*reminders through RQ*: one job carries a thousand notices, and a worker works them off by a channel that answers at
once. RQ itself is beside it, with a job that does nothing for each message: without a fork for each, as our workers
run, and with one. Celery is no part of the project: its rate is taken as RQ's without a fork times `CELERY`.

A job carries many and nothing forks because what RQ does for a job, with or without a fork, takes longer than sending.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
from sqlalchemy import select, text, update

from bench import drain
from bench.drain import Place
from bench.load import cpu_of
from bench.report import Figure
from liaison.config import ROOT
from liaison.db import session, transaction
from liaison.domain.actors import Role
from liaison.domain.calendar import local_day
from liaison.domain.clocks import Term, Unit
from liaison.domain.workflow import Party
from liaison.models.assignments import Assignment
from liaison.models.base import new_id
from liaison.models.cases import Case
from liaison.models.clocks import Clock
from liaison.models.people import Account
from liaison.models.regions import Region
from liaison.services import clocks
from liaison.services.calendars import current_calendar
from liaison.services.channels import LOG

CELERY = 575 / 240
"""How many times as many jobs that do nothing Celery works off as RQ without a fork, measured once on one machine."""
JOBS = 200
AGO = timedelta(days=20)

MULTIPLY = text("""
WITH copies AS (
    SELECT nth, gen_random_uuid() AS its, CAST(:deputies AS uuid[]) AS deputies
    FROM generate_series(1, :count) AS nth
), copied AS (
    INSERT INTO cases
    SELECT fresh.* FROM copies, cases, LATERAL jsonb_populate_record(cases, jsonb_build_object(
        'id', its, 'number', number || '-' || nth,
        'deputy_id', coalesce(deputies[1 + nth % greatest(1, cardinality(deputies))], deputy_id)
    )) AS fresh WHERE cases.id = :case_id
)
INSERT INTO clocks
SELECT fresh.* FROM copies, clocks, LATERAL jsonb_populate_record(
    clocks, jsonb_build_object('id', gen_random_uuid(), 'case_id', its)
) AS fresh WHERE clocks.id = :clock_id
""")
"""So many copies of a case with one of its clocks, spread over these deputies."""

CLAIM = """
UPDATE clocks SET reminded_to = now() WHERE id IN (
    SELECT id FROM clocks WHERE remind_at <= now() AND reminded_to < %s
    ORDER BY remind_at LIMIT 500 FOR UPDATE SKIP LOCKED
)
"""

SERVING = """
import json, sys, time
from datetime import UTC, datetime
from workers import jobs, setting
with setting.app().app_context():
    for line in sys.stdin:
        began, cpu = time.monotonic(), time.process_time()
        served = jobs.serve_due(datetime.now(UTC))
        print(json.dumps([served, time.monotonic() - began, time.process_time() - cpu]), flush=True)
"""

NOTHING = """
import os, sys, time
from redis import Redis
from rq import Queue, Worker
from rq.serializers import JSONSerializer
from workers.run import make_worker
redis, jobs = Redis.from_url(os.environ["REDIS_URL"]), int(sys.argv[2])
queue = Queue("nothing", connection=redis, serializer=JSONSerializer)
queue.enqueue_many([Queue.prepare_data("time.time", result_ttl=0) for _ in range(jobs)])
forking = Worker([queue], connection=redis, serializer=JSONSerializer)
worker = forking if sys.argv[1] == "forking" else make_worker("nothing", redis)
began = time.monotonic()
worker.work(burst=True, logging_level="WARNING")
print(jobs / (time.monotonic() - began))
"""


def measure(rounds: int, notices: int, due: int) -> list[Figure]:
    """All figures of the workers; prints each round."""
    with tempfile.TemporaryDirectory(prefix="workers-") as folder, drain.running(Path(folder)) as place:
        sent = [*drain.figures(place, rounds, notices), *_through_rq(place, rounds, notices)]
        return [*sent, *_falling(place, rounds, due)]


def multiply(case_id: UUID, clock_id: UUID, count: int, deputies: Sequence[UUID] = ()) -> None:
    """Copy a case and a clock of it so many times; with `deputies`, each has its share of the copies."""
    told = {"case_id": case_id, "clock_id": clock_id, "count": count, "deputies": [*deputies]}
    session.execute(MULTIPLY, told)


def _through_rq(place: Place, rounds: int, count: int) -> list[Figure]:
    """Rounds of all notices through a worker, between rounds of jobs that do nothing."""
    ours, simple = [], []
    with drain.worker(place, by_wechat=False) as pid:
        drain.drain(place, drain.WARM, LOG)
        for _ in range(rounds):
            ours += drain.rounds_of("reminders", place, pid, 1, count, LOG)
            simple.append(_nothing(place, "simple", JOBS))
            print(f"RQ's jobs that do nothing    {simple[-1]:.0f}/s", flush=True)
    print(f"with a fork for each    {_nothing(place, 'forking', JOBS // 8):.0f}/s", flush=True)
    celery = CELERY * statistics.median(simple)
    return [Figure("reminders through RQ ÷ Celery", statistics.median(ours) / celery, 3)]


def _nothing(place: Place, kind: str, count: int) -> float:
    told = [sys.executable, "-c", NOTHING, kind, str(count)]
    return float(subprocess.run(told, env=place.environ, cwd=ROOT, check=True, capture_output=True).stdout)


def _falling(place: Place, rounds: int, due: int) -> list[Figure]:
    """Rounds of serving and of merely claiming so many due clocks."""
    rates, database = [], place.environ["DATABASE_URL"]
    with place.app.app_context():
        _lay_out(due)
    with psycopg.connect(database, autocommit=True) as connection, _serving(place) as serve:
        connection.execute("VACUUM ANALYZE cases, clocks, assignments")
        _arm(connection)
        serve()
        for number in range(rounds):
            _arm(connection)
            floor = _claim(connection)
            _arm(connection)
            before = cpu_of(place.pids["PostgreSQL"])
            served, seconds, cpu = serve()
            spent = cpu_of(place.pids["PostgreSQL"]) - before
            rates.append(served / seconds)
            put = connection.execute("SELECT count(*) FROM notices").fetchone()[0]
            print(
                f"fall_due {number + 1}    {rates[-1]:.0f} clocks/s, {put / seconds:.0f} notices/s, of {floor:.0f}/s "
                f"claimed; CPU µs per clock: worker {cpu / served * 1e6:.0f}, PostgreSQL {spent / served * 1e6:.0f}",
                flush=True,
            )
    return [Figure("fall_due, clocks a second", statistics.median(rates), 20_000)]


@contextmanager
def _serving(place: Place) -> Iterator:
    """A process that serves what is due whenever it is asked."""
    told = [sys.executable, "-c", SERVING]
    with subprocess.Popen(
        told, env=place.without_wechat, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:

        def serve() -> list[float]:
            child.stdin.write("\n")
            child.stdin.flush()
            return json.loads(child.stdout.readline())

        yield serve
        child.stdin.close()


def _arm(connection: psycopg.Connection) -> None:
    """Let every clock fall due again, and nobody know of it."""
    connection.execute("TRUNCATE notices CASCADE")
    connection.execute("UPDATE clocks SET remind_at = started_at + interval '1 s', reminded_to = started_at")
    connection.execute("CHECKPOINT")


def _claim(connection: psycopg.Connection) -> float:
    """How many due clocks a second are claimed and nothing more."""
    began, claimed, moment = time.monotonic(), 0, datetime.now(UTC)
    while taken := connection.execute(CLAIM, [moment]).rowcount:
        claimed += taken
    return claimed / (time.monotonic() - began)


def _lay_out(due: int) -> None:
    """Half of the clocks wait for deputies, half for departments; two working days are left of each."""
    deputies = select(Account.deputy_id).where(Account.role == Role.DEPUTY, Account.active)
    departments = select(Account.department_id).where(Account.role == Role.HANDLER).distinct().limit(10)
    began = datetime.now(UTC) - AGO
    gone = current_calendar().between(local_day(began), local_day(datetime.now(UTC)))
    with transaction():
        session.execute(update(Clock).values(remind_at=None))
        case, clock = _original("deputy", Party.DEPUTY, gone + 2, began)
        multiply(case.id, clock.id, due // 2, session.scalars(deputies).all())
        own = session.scalars(departments).all()
        for department_id in own:
            case, clock = _original(f"department {department_id}", Party.DEPARTMENTS, gone + 2, began, department_id)
            multiply(case.id, clock.id, due // 2 // len(own))


def _original(number: str, owner: Party, days: int, began: datetime, department_id: UUID | None = None):
    """A matter with one clock, to be copied."""
    region = session.scalars(select(Region).order_by(Region.path.desc()).limit(1)).one()
    state = "assigned" if department_id else "with_deputy"
    common = {"kind": "matter", "title": "路灯", "text": "路灯坏了", "state_since": began, "created_at": began}
    case = Case(
        id=new_id(), number=number, region_id=region.id, region_path=region.path, state=state, round=1, **common
    )
    session.add(case)
    session.flush()
    assignment = department_id and Assignment(
        id=new_id(),
        case_id=case.id,
        position=1,
        round=1,
        department_id=department_id,
        part="lead",
        complexity="ordinary",
        state="acknowledged",
        assigned_at=began,
    )
    if assignment:
        session.add(assignment)
        session.flush()
    term = Term(days, Unit.working_days)
    clock = clocks.start(case, "handling", owner, term, began, assignment_id=assignment.id if assignment else None)
    session.flush()
    return case, clock
