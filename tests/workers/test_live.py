"""Real processes over real PostgreSQL and Redis: what falls due is told, also when Redis forgets everything.

Matters are told in the past, so that their deadlines are over by the time the processes look.
"""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import select, update

from liaison import programs
from liaison.config import ROOT
from liaison.db import session, transaction
from liaison.models.clocks import Heartbeat
from liaison.models.notices import Notice
from liaison.processes import Child, Program, spawn, stop, wait_until
from liaison.services import matters
from tests.support.clock import FakeClock
from tests.support.life import Life
from tests.support.servers import SECRETS_TOLD, Servers
from tests.support.town import build_town

PATIENCE = 60
Started = list[tuple[Program, Child]]
LONG_AGO = timedelta(days=30)
PHONE = "13912345678"


class Works:
    """The town before the background processes start: one matter overdue, one whose resident was asked in vain."""

    started: Started

    def __init__(self, app: Flask, servers: Servers, clock: FakeClock, log: Path) -> None:
        self.app, self.servers, self.clock, self.log = app, servers, clock, log
        with transaction():
            self.town = build_town()
        self.life = Life(self.town, clock, app.extensions["liaison"].keys)
        self.overdue, self.unanswered = self.told(), self.told()
        self.life.act("office", matters.ask, self.unanswered, "请问在哪条街？")

    def told(self) -> str:
        """The number of a matter told through the front door, when nobody has been written to for a while."""
        with transaction():
            session.execute(update(Notice).values(settled_at=Notice.settled_at - timedelta(hours=2)))
        self.clock.set(datetime.now(UTC) - LONG_AGO)
        phone = self.app.test_client()
        answer = phone.post(
            "/api/v1/stations/S001/matters",
            json={"text": "北街的路灯坏了三盏，晚上看不见路，请尽快修好。", "contact": {"phone": PHONE}},
            headers={"Idempotency-Key": os.urandom(8).hex()},
        )
        assert answer.status_code == 201, answer.text
        return answer.json["number"]

    def notices(self, number: str, topic: str) -> list[Notice]:
        """The notices of a matter as the database has them now."""
        session.rollback()
        rows = [notice for channel in ("inbox", "log") for notice in self.life.notices(number, channel=channel)]
        return [notice for notice in rows if notice.topic.startswith(topic)]

    def waits_until_sent(self, number: str, topic: str, channels: tuple[str, ...] = ("inbox", "log")) -> list[Notice]:
        """The notices on a topic once every one of those channels has gone out."""

        def sent() -> bool:
            found = [notice for notice in self.notices(number, topic) if notice.channel in channels]
            return bool(found) and all(notice.state in ("sent", "bundled") for notice in found)

        wait_until(sent, PATIENCE, f"notices on {topic}")
        return self.notices(number, topic)

    def logged(self, notices: list[Notice]) -> list[int]:
        """How often each of the notices that go to the messages' log stands in it; a bundle stands for its own."""
        lines = [json.loads(line)["message"] for line in self.log.read_text("utf-8").splitlines()]
        sent = [notice for notice in notices if notice.channel == "log"]
        return [lines.count(each.id.hex) + (each.state == "bundled") for each in sent]

    @contextmanager
    def workers_held(self) -> Iterator[None]:
        """Nothing is taken from the queues meanwhile."""
        workers = [child for program, child in self.started if program.name.startswith("worker-")]
        for worker in workers:
            worker.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for worker in workers:
                worker.send_signal(signal.SIGCONT)

    def forget_in_redis(self) -> None:
        """Lose everything Redis knows: queues, jobs, who is at work."""
        with Redis.from_url(self.servers.redis.url) as redis:
            redis.flushall()


@pytest.fixture(scope="module")
def works(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Works]:
    clock, folder = FakeClock(), tmp_path_factory.mktemp("works")
    with servers.app("works", clock) as app, app.app_context():
        works = Works(app, servers, clock, folder / "notices.log")
        with _processes(servers, folder) as works.started:
            yield works
        session.remove()


@contextmanager
def _processes(servers: Servers, folder: Path) -> Iterator[Started]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("LIAISON_")} | {
        "DATABASE_URL": servers.url("works"),
        "REDIS_URL": servers.redis.url,
        "LIAISON_INSTANCE": str(folder),
        "LIAISON_NOTICES__LOG_FILE": str(folder / "notices.log"),
        "LIAISON_LOGGING__LEVEL": "WARNING",
        "TZ": "Asia/Shanghai",
    }
    environ |= SECRETS_TOLD
    started = [(program, spawn(program)) for program in programs.background(environ, folder / "logs", ROOT)]
    try:
        yield started
        assert [program.name for program, child in started if child.poll() is not None] == [], "some ended early"
    finally:
        stop(started)


def test_a_submission_is_told_once_to_everybody_in_every_channel(works: Works) -> None:
    number = works.told()
    notices = works.waits_until_sent(number, "submit")
    people = {works.town.accounts[name].id for name in ("office", "office_lead")}
    assert {(notice.recipient_id, notice.channel) for notice in notices} == {
        (person, channel) for person in people for channel in ("inbox", "log")
    }
    assert works.logged(notices) == [1, 1]
    assert PHONE not in works.log.read_text("utf-8")
    assert "路灯" not in works.log.read_text("utf-8"), "a message says that there is news, not what"


def test_the_whole_clockwork_shows_signs_of_life(works: Works) -> None:
    names = {*programs.QUEUES, "tick"}

    def alive() -> bool:
        session.rollback()
        return set(session.scalars(select(Heartbeat.name))) >= names

    wait_until(alive, PATIENCE, "heartbeats")
    works.clock.set(datetime.now(UTC))
    ready = works.app.test_client().get("/readyz")
    assert (ready.status_code, ready.json["faults"]) == (200, [])
    works.clock.advance(minutes=2)
    late = works.app.test_client().get("/readyz")
    assert (late.status_code, set(late.json["faults"])) == (503, names), "two minutes of silence are noticed"


def test_a_deadline_long_past_is_reminded_of_and_comes_under_supervision(works: Works) -> None:
    notices = works.waits_until_sent(works.overdue, "reminder.", channels=("inbox",))
    assert {notice.topic for notice in notices} == {"reminder.repeat"}, "missed rungs collapse into the newest"
    assert len({notice.recipient_id for notice in notices}) == 2
    assert works.life.case(works.overdue).supervised_at is not None


def test_silence_is_moved_on_by_the_clockwork_itself(works: Works) -> None:
    works.waits_until_sent(works.unanswered, "lapse_information", channels=("inbox",))
    assert works.life.case(works.unanswered).state == "submitted"
    assert works.life.kinds(works.unanswered).count("lapse_information") == 1


def test_everything_arrives_although_redis_forgot_it(works: Works) -> None:
    with works.workers_held():
        numbers = [works.told() for _ in range(3)]
        works.forget_in_redis()
    for number in numbers:
        assert works.logged(works.waits_until_sent(number, "submit")) == [1, 1]
