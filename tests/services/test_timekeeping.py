"""The watch on the clock: a jump stops what only time brings about, until it returns or a person confirms."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from liaison.config import ROOT
from liaison.db import database_time, session, transaction
from liaison.domain.errors import WrongState
from liaison.domain.timekeeping import JUMP_SECONDS, Uptime
from liaison.models.clocks import Clock, ClockWatch
from liaison.models.notices import Notice
from liaison.services import health, timekeeping
from liaison.services.timekeeping import ONLY
from tests.support.clock import FakeClock
from tests.support.life import Life
from tests.support.servers import SECRETS_TOLD, Servers
from tests.support.town import build_town
from workers.setting import uptime as machine_uptime

UP = 10_000.0
HOUR = 3600.0
JOBS = "from workers import jobs; print(jobs.fall_due(), jobs.lapse(), jobs.digest())"
pytestmark = pytest.mark.usefixtures("app")


def read(seconds: float = UP, boot: str = "boot") -> datetime | None:
    """Ask for the time as a job does, on a machine that has been up for so long.

    The database's own clock hardly moves in a test, so that fewer seconds mean that it jumped ahead by as many.
    """
    with transaction():
        return timekeeping.trusted_time(Uptime(boot, seconds))


def row() -> ClockWatch:
    """What is remembered."""
    return session.get_one(ClockWatch, ONLY, populate_existing=True)


def test_what_is_seen_first_is_believed() -> None:
    now = read()
    assert now is not None and timekeeping.find_alarm() is None
    assert (row().at, row().boot_id, row().boot_seconds) == (now, "boot", UP)


def test_a_clock_that_goes_on_as_the_machine_does_is_trusted() -> None:
    read()
    assert read() and read(UP + JUMP_SECONDS - 5) and timekeeping.find_alarm() is None


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["ahead", "back"])
def test_a_jump_is_an_alarm_until_it_returns(jump: float) -> None:
    read()
    assert read(UP - jump) is None
    alarm = timekeeping.find_alarm()
    assert abs(alarm.jumped_seconds - jump) < JUMP_SECONDS
    assert read(UP - jump + 1) is None
    assert timekeeping.find_alarm().since == alarm.since
    assert read() is not None and timekeeping.find_alarm() is None


def test_an_alarm_is_among_what_somebody_must_look_at(life: Life) -> None:
    read()
    assert "clock_jump_seconds" not in health.alarms(life.clock())
    read(UP - HOUR)
    assert abs(health.alarms(life.clock())["clock_jump_seconds"] - HOUR) < JUMP_SECONDS


def test_a_person_who_looked_confirms_the_clock_as_it_stands(life: Life) -> None:
    read()
    read(UP - HOUR)
    with transaction():
        timekeeping.confirm("李值班", life.clock())
    assert (row().confirmed_by, row().confirmed_at, row().alarm_since) == ("李值班", life.clock(), None)
    assert read(UP - HOUR) is not None
    assert read() is None  # for now it would be going back that is the jump


def test_there_is_nothing_to_confirm_without_an_alarm(life: Life) -> None:
    with pytest.raises(WrongState):
        timekeeping.confirm("李值班", life.clock())
    read()
    with pytest.raises(WrongState):
        timekeeping.confirm("李值班", life.clock())


def test_after_another_boot_only_going_back_is_told() -> None:
    read()
    remember(at=row().at - timedelta(days=3))
    assert read(5.0, "other") is not None
    remember(at=row().at + timedelta(hours=1))
    assert read(5.0, "another") is None
    assert abs(timekeeping.find_alarm().jumped_seconds + HOUR) < JUMP_SECONDS


def test_of_two_machines_each_finds_a_jump_and_both_count_it_once() -> None:
    read(UP, "east")
    read(2 * UP, "west")
    assert read(UP - HOUR, "east") is None  # though west, whose uptime is another, asked in between
    assert read(2 * UP - HOUR, "west") is None
    assert abs(timekeeping.find_alarm().jumped_seconds - HOUR) < JUMP_SECONDS
    assert read(2 * UP, "west") is not None
    assert read(UP, "east") is not None and timekeeping.find_alarm() is None


def test_what_a_machine_read_before_a_person_looked_does_not_count_any_more(life: Life) -> None:
    read(UP, "east")
    read(2 * UP, "west")
    assert read(UP - HOUR, "east") is None
    with transaction():
        timekeeping.confirm("李值班", life.clock())
    assert read(2 * UP - HOUR, "west") is not None and read(UP - HOUR, "east") is not None


def test_a_machine_that_did_not_ask_for_long_does_not_hold_its_drift_against_the_clock() -> None:
    read(UP, "east")
    read(UP, "west")
    late = UP + timekeeping.OLDEST + HOUR  # a day in which the database's clock hardly moved
    assert read(late, "east") is not None


def test_a_call_that_fails_remembers_nothing() -> None:
    read()
    with pytest.raises(ZeroDivisionError), transaction():
        timekeeping.trusted_time(Uptime("boot", UP - HOUR))
        raise ZeroDivisionError
    assert timekeeping.find_alarm() is None and read(UP + 1) is not None


def remember(**values: object) -> None:
    """Change what is remembered."""
    with transaction():
        session.execute(update(ClockWatch).values(**values))


# The jobs


@pytest.fixture
def house(servers: Servers) -> Iterator[Flask]:
    """An application with a matter whose reminders are due and one whose time to be rated is over."""
    with servers.app("timekeeping_jobs", FakeClock(datetime.now(UTC) - timedelta(days=1))) as app, app.app_context():
        with transaction():
            town = build_town()
        life = Life(town, app.extensions["liaison"].clock, app.extensions["liaison"].keys)
        life.submit()
        rated = life.matter_in("rating")
        past = datetime(2020, 1, 1, tzinfo=UTC)
        with transaction():
            session.execute(update(Clock).where(Clock.remind_at.is_not(None)).values(remind_at=past))
            running = (Clock.case_id == life.case(rated).id, Clock.stopped_at.is_(None))
            session.execute(update(Clock).where(*running).values(lapse_at=past))
        yield app
        session.remove()


def test_the_jobs_do_nothing_while_the_alarm_stands_and_all_of_it_afterwards(
    house: Flask, servers: Servers, tmp_path: Path
) -> None:
    uptime = machine_uptime()
    ahead = {"at": database_time() + timedelta(hours=1), "boot_id": uptime.boot_id, "boot_seconds": uptime.seconds}
    with transaction():
        session.add(ClockWatch(id=ONLY, jumped_seconds=0.0, **ahead))
        before = session.scalar(select(func.count()).select_from(Notice))
    assert run(servers, tmp_path) == [0, 0, 0]
    assert session.scalar(select(func.count()).select_from(Notice)) == before
    assert timekeeping.find_alarm().jumped_seconds < -JUMP_SECONDS
    with transaction():
        timekeeping.confirm("李值班", database_time())
    fallen, lapsed, _ = run(servers, tmp_path)
    assert fallen >= 2 and lapsed == 1


def run(servers: Servers, folder: Path) -> list[int]:
    """What the three jobs return, in a process of their own by the settings of that database."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("LIAISON_")}
    environ |= {"DATABASE_URL": servers.url("timekeeping_jobs"), "REDIS_URL": servers.redis.url}
    environ |= SECRETS_TOLD
    environ["LIAISON_INSTANCE"] = str(folder)
    ended = subprocess.run(
        [sys.executable, "-c", JOBS], env=environ, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    return [int(each) for each in ended.stdout.splitlines()[-1].split()]
