"""The file of erasures: whole whatever breaks off, of nobody, and missed when it cannot be written."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from liaison.config import ROOT
from liaison.db import session, transaction
from liaison.domain.actors import SYSTEM
from liaison.models.cases import Attachment
from liaison.models.clocks import Heartbeat
from liaison.programs import QUEUES
from liaison.services import audit, erasures, health
from liaison.services.erasures import NAME as FILE
from liaison.services.erasures import Erasure
from tests.services.test_erasing import closed, erase, number, photos_of
from tests.support.anchors import anchors_in
from tests.support.canary import EAST, KNOWN, NAME, NORTH, PHONE, TYPED
from tests.support.clock import FakeClock
from tests.support.journey import Journey, SignIn, done
from tests.support.life import Life
from tests.support.pictures import photo
from tests.support.servers import SECRETS_TOLD, Servers
from tests.support.town import Town

__all__ = ["closed", "number"]
WRITERS = 6
JOB = "from workers.life import write_down_erasures; print(write_down_erasures())"


@pytest.fixture
def journey(app: Flask, life: Life, api: SignIn, browser: SignIn) -> Journey:
    """The small town at work."""
    return Journey(app, life, api, browser)


@pytest.fixture
def folder(app: Flask, tmp_path: Path) -> Iterator[Path]:
    with anchors_in(app, tmp_path / "anchors") as folder:
        yield folder


def written(folder: Path) -> list[Erasure]:
    """What the file tells, all of it sound."""
    found, damaged = erasures.read([folder / FILE])
    assert damaged == []
    return found


def write(folder: Path) -> int:
    with transaction():
        return erasures.write_down(folder)


def test_whoever_erases_writes_it_down_at_once_and_nothing_of_the_person(journey: Journey, folder: Path) -> None:
    matter = journey.comes_to("closed", photos=[photo()], **KNOWN)
    files = [*photos_of(journey.life, matter.number), *session.scalars(select(Attachment.sha256))]
    assert done(matter.sends("erasure", confirm=True))["erased_at"]
    [line] = written(folder)
    assert (line.number, line.parts, line.ground) == (matter.number, ("contact", "photos", "place"), "right")
    kept = (folder / FILE).read_text()
    planted = (NAME, PHONE, TYPED, KNOWN["place"]["name"], NORTH, EAST, matter.secret, *files)
    assert len(files) == 3 and [word for word in planted if word in kept or ascii(word)[1:-1] in kept] == []
    assert set(json.loads(kept)) == {"seq", "at", "number", "parts", "ground", "rule", "hash", "repeats"}
    assert write(folder) == 0


def test_what_the_office_grants_is_written_down_at_once(journey: Journey, folder: Path) -> None:
    matter = journey.comes_to("with_deputy", **KNOWN)
    done(matter.sends("erasure", confirm=True))
    assert erasures.find_file(folder) is None
    journey.office("erasure-decision", matter, approve=True)
    assert [each.number for each in written(folder)] == [matter.number]


def test_an_erasure_stands_although_it_cannot_be_written_down(journey: Journey, folder: Path) -> None:
    matter = journey.comes_to("closed", **KNOWN)
    folder.write_text("in the way")
    assert done(matter.sends("erasure", confirm=True))["erased_at"]
    folder.unlink()
    assert write(folder) == 1


def test_where_the_log_does_not_know_the_last_line_all_lines_are_compared(
    life: Life, folder: Path, closed: str
) -> None:
    """As after a restore, from which on the log counts on from the snapshot."""
    erase(life, closed)
    write(folder)
    [line] = written(folder)
    lost = replace(line, seq=10_000, hash="f" * 64, number="M2026-999999-9")
    (folder / FILE).write_bytes(lost.line())
    assert [write(folder), write(folder)] == [1, 0]
    assert {each.number for each in written(folder)} == {lost.number, closed}


@pytest.mark.parametrize("left", [0, 1, 100, -1], ids=["nothing", "a byte", "a hundred", "all but its end"])
def test_a_line_cut_short_is_no_fault_and_is_written_again(life: Life, folder: Path, closed: str, left: int) -> None:
    other = life.matter_in("closed")
    erase(life, closed)
    assert write(folder) == 1
    first = (folder / FILE).read_bytes()
    erase(life, other)
    assert write(folder) == 1
    whole = (folder / FILE).read_bytes()
    (folder / FILE).write_bytes(first + whole[len(first) :][:left])
    assert closed in {each.number for each in written(folder)}
    assert write(folder) == 1
    assert (folder / FILE).read_bytes() == whole


def test_a_line_that_was_spoilt_is_named_and_written_again(life: Life, folder: Path, closed: str) -> None:
    erase(life, closed)
    write(folder)
    line = (folder / FILE).read_bytes()
    (folder / FILE).write_bytes(line.replace(b"hash", b"h\0sh"))
    assert write(folder) == 1
    found, damaged = erasures.read([folder / FILE])
    assert [each.number for each in found] == [closed]
    assert damaged == [f"{folder / FILE}: line 1 tells no erasure"]


def test_several_writers_leave_every_line_once(live_app: Flask, live_town: Town, tmp_path: Path) -> None:
    life = Life(live_town, live_app.extensions["liaison"].clock, live_app.extensions["liaison"].keys)
    numbers = [life.matter_in("closed") for _ in range(3)]
    for each in numbers:
        erase(life, each)
    start = Barrier(WRITERS)

    def write_on(_: int) -> int:
        with live_app.app_context():
            session.connection()
            start.wait(30)
            return write(tmp_path)

    with ThreadPoolExecutor(WRITERS) as hands:
        counts = list(hands.map(write_on, range(WRITERS)))
    assert sorted(counts) == [0] * (WRITERS - 1) + [3]
    lines = (tmp_path / FILE).read_bytes().splitlines()
    assert [json.loads(line)["number"] for line in lines] == numbers


def test_the_job_writes_down_what_is_missing_and_falls_silent_where_it_cannot(
    servers: Servers, tmp_path: Path
) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("LIAISON_")} | SECRETS_TOLD
    environ |= {"DATABASE_URL": servers.url("erasures_job"), "REDIS_URL": servers.redis.url}
    environ |= {"LIAISON_INSTANCE": str(tmp_path)}

    def run() -> str:
        job = [sys.executable, "-c", JOB]
        ended = subprocess.run(job, env=environ, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
        return ended.stdout.splitlines()[-1]

    with servers.app("erasures_job", clock := FakeClock()) as app, app.app_context():
        with transaction():
            told = {"rule": "contact_days 365", "parts": ["contact"], "counts": {}}
            audit.note(SYSTEM, audit.ERASE, clock(), about="M2026-000001-9", data=told)
        (tmp_path / "anchors").write_text("in the way")
        assert run() == "0" and session.get(Heartbeat, health.ERASURES) is None
        session.remove()
        (tmp_path / "anchors").unlink()
        assert [run(), run()] == ["1", "0"] and session.get(Heartbeat, health.ERASURES)
        session.remove()
    assert len(written(tmp_path / "anchors")) == 1


def test_operators_are_told_while_erasures_cannot_be_written_down(client: FlaskClient, clock: FakeClock) -> None:
    with transaction():
        for part in (*QUEUES, "tick", health.ERASURES):
            health.beat(part, clock())
    assert client.get("/readyz").json["alarms"] == [] and "not_written_down" not in health.alarms(clock())
    clock.advance(minutes=2)
    with transaction():
        for part in (*QUEUES, "tick"):
            health.beat(part, clock())
    answer = client.get("/readyz")
    assert answer.status_code == 200 and answer.json["alarms"] == ["erasures"]
    assert health.alarms(clock())["not_written_down"] == ["erasures"]
