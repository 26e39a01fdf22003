"""The restore drill: an installation at work is backed up, goes on, is destroyed, and comes back from its backup.

What it sent between snapshot and loss must not be sent again by itself, and everything later must go out.
"""

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import select

from liaison import cli
from liaison.app import create_app
from liaison.clients.files import open_store
from liaison.db import db, session, transaction
from liaison.embedded import postgres_ready, postgres_url
from liaison.folder import hold
from liaison.models.cases import Attachment, Case
from liaison.models.notices import Notice
from liaison.services import anchors, claims, matters, notices, restoring, verification
from liaison.services.restoring import IN_DOUBT
from liaison.settings import Database, Files
from tests.support.clock import MONDAY
from tests.support.installation import Installation
from tests.support.servers import Servers
from workers.schedule import TICKS

LOST = MONDAY.replace(day=3, hour=15)
"""When the installation is destroyed: a day after its snapshot."""
BACK = MONDAY.replace(day=5, hour=9)
"""When it is restored."""


@pytest.fixture
def house(servers: Servers, tmp_path: Path) -> Iterator[Installation]:
    house = Installation(servers, "drill", tmp_path / "instance")
    yield house
    house.remove()


def restored(house: Installation, folder: Path, back: datetime = BACK) -> Result:
    """Go on until the loss, lose everything and come back."""
    house.tick()
    house.go_to(LOST)
    house.tick()
    house.destroy()
    house.go_to(back)
    done = house.run("restore", folder)
    assert done.exit_code == 0, done.output
    return done


def test_the_drill_brings_back_rows_chains_and_files(house: Installation, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    numbers = house.tell_matters()
    made = house.run("backup", folder)
    assert made.exit_code == 0 and "snapshot of 2026-03-02 10:00:00" in made.output, made.output
    with house.at_work() as life:
        life.act("office", matters.accept, numbers[-1])
        later = life.submit().case.number
    done = restored(house, folder)
    assert "what was done in the 255600 s since then is lost" in done.output
    manifest = json.loads((folder / "manifest.json").read_bytes())
    assert manifest["counts"]["cases"] == 6 and len(manifest["files"]) == 4
    with house.at_work() as life:
        assert sorted(session.scalars(select(Case.number))) == sorted(numbers)
        assert list(verification.findings()) == []
        store = open_store(house.config.files.url)
        for row in session.scalars(select(Attachment)):
            assert hashlib.sha256(store.get(row.key)).hexdigest() == row.sha256
            assert store.get(row.thumb_key)
        assert life.case(numbers[-1]).state == "submitted"  # what was done after the snapshot is to be done again
        assert life.submit().case.number not in {*numbers, later}


def test_anchors_newer_than_the_snapshot_tell_what_is_lost_and_the_next_says_that_there_was_a_restore(
    house: Installation, tmp_path: Path
) -> None:
    folder, kept = tmp_path / "backup", house.folder / "anchors"
    key = house.config.secrets.anchor_key
    numbers = house.tell_matters()
    with house.at_work():
        anchors.put_anchor(kept, key, house.clock())
    house.clock.advance(hours=1)
    house.run("backup", folder)
    house.go_to(MONDAY.replace(day=3))
    with house.at_work() as life:
        life.act("office", matters.accept, numbers[-1])
        later = life.submit().case.number
        anchors.put_anchor(kept, key, house.clock())
    done = restored(house, folder)
    assert f"{numbers[-1]}: event 2 was lost with a restore, and is no fault (anchor of 2026-03-03)" in done.output
    assert f"{later}: event 1 was lost with a restore, and is no fault (anchor of 2026-03-03)" in done.output
    with house.at_work() as life:
        assert life.submit().case.number not in {*numbers, later}
        made = anchors.put_anchor(kept, key, house.clock())
        assert [(each.taken_at, each.at) for each in made.statement.restores] == [(MONDAY.replace(hour=11), BACK)]
    assert house.run("verify").exit_code == 0
    assert "lost with a restore" in house.run("verify").output


def test_anchors_come_back_with_the_backup_where_there_are_none(house: Installation, tmp_path: Path) -> None:
    kept = house.folder / "anchors"
    numbers = house.tell_matters()
    with house.at_work():
        anchors.put_anchor(kept, house.config.secrets.anchor_key, house.clock())
    name = "2026-03-02.json"
    before = (kept / name).read_bytes()
    house.run("backup", tmp_path / "backup")
    shutil.rmtree(kept)
    restored(house, tmp_path / "backup")
    assert (kept / name).read_bytes() == before and numbers
    assert "compared with 1 anchors" in house.run("verify").output


@pytest.mark.parametrize("back", [BACK, BACK.replace(hour=22)], ids=["in the morning", "at night"])
def test_nothing_sent_before_the_loss_is_sent_again_by_itself(
    house: Installation, tmp_path: Path, back: datetime
) -> None:
    folder = tmp_path / "backup"
    house.tell_matters()
    assert house.outside("due")
    house.run("backup", folder)
    waiting = house.outside("due")
    restored(house, folder, back)
    assert waiting and waiting <= set(house.effects) and waiting <= house.outside(IN_DOUBT)
    assert house.outside("due") == set()
    so_far = len(house.effects)
    house.tick()
    house.go_to(back.replace(day=6, hour=8, minute=29))
    house.tick()
    assert len(house.effects) == so_far and max(Counter(house.effects).values()) == 1


def test_what_was_on_its_way_at_the_snapshot_is_in_doubt(house: Installation, tmp_path: Path) -> None:
    house.tell_matters()
    with house.at_work() as life:
        with transaction():
            rung = notices.ring(house.clock())
        with transaction():
            messages = claims.claim(rung[: len(rung) // 2], life.keys, house.clock())
        ids = [each.notice_id for each in messages if each.channel != "inbox"]
        leased = set(session.scalars(select(Notice.dedup_key).where(Notice.id.in_(ids))))
    on_the_bell = house.outside("due")
    assert leased and on_the_bell
    house.run("backup", tmp_path / "backup")
    house.destroy()
    house.clock.advance(seconds=5)
    house.run("restore", tmp_path / "backup")
    assert house.outside(IN_DOUBT) == leased | on_the_bell


def test_rungs_of_the_gap_wait_for_a_person_and_later_ones_go_out(house: Installation, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    house.tell_matters()
    house.run("backup", folder)
    restored(house, folder)
    with house.at_work():
        reminders = session.scalars(
            select(Notice).where(Notice.topic.startswith("reminder."), Notice.channel != "inbox")
        ).all()
        assert reminders and {each.state for each in reminders} == {IN_DOUBT}
        assert all(MONDAY < each.due_at < BACK for each in reminders)
        once = Counter((each.clock_id, each.recipient_id) for each in reminders)
        assert set(once.values()) == {1}  # three days missed, yet one rung of each clock
    held, so_far = house.outside(IN_DOUBT), set(house.effects)
    house.go_to(BACK.replace(day=9, hour=9))
    house.tick()
    new = house.outside("sent") - so_far
    assert new and not new & held and house.outside(IN_DOUBT) == held


def test_a_notice_for_later_than_the_restore_goes_out_normally(house: Installation, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    house.tell_matters()
    house.tick()
    house.go_to(MONDAY.replace(hour=20))
    with house.at_work() as life:
        life.submit()  # at night: outside the inbox nobody hears of it before the morning
    house.run("backup", folder)
    waiting = house.outside("due")
    house.destroy()
    house.go_to(MONDAY.replace(hour=23))
    assert house.run("restore", folder).exit_code == 0
    assert waiting and house.outside("due") == waiting
    house.go_to(MONDAY.replace(day=3, hour=9))
    house.tick()
    assert set(house.effects) >= waiting


def test_a_person_cancels_what_went_out_and_releases_the_rest(house: Installation, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    house.tell_matters()
    house.run("backup", folder)
    restored(house, folder)
    before = Counter(house.effects)
    assert "notices in doubt" in house.run("notices", "in-doubt").output
    assert house.run("notices", "release").exit_code == 2
    assert house.run("notices", "cancel", "--before", f"{LOST:%Y-%m-%dT%H:%M}").exit_code == 0
    rest = house.outside(IN_DOUBT)
    assert rest and not rest & set(before)
    assert house.run("notices", "release", "--all").exit_code == 0
    assert "0 notices in doubt" in house.run("notices", "in-doubt").output
    house.tick()
    assert set((Counter(house.effects) - before).elements()) == rest - house.outside("cancelled")
    assert max(Counter(house.effects).values()) == 1


def test_releasing_at_night_waits_for_the_morning(house: Installation, tmp_path: Path) -> None:
    house.tell_matters()
    house.go_to(MONDAY.replace(hour=22))
    with house.at_work():
        with transaction():
            restoring.take_up(MONDAY, house.clock())
        with transaction():
            assert restoring.release(house.clock())
        morning = MONDAY.replace(day=3, hour=8, minute=30)
        released = select(Notice.next_at).where(Notice.state == "due", Notice.channel != "inbox")
        assert set(session.scalars(released)) == {morning}


def test_it_comes_back_on_a_machine_where_nothing_runs_yet(house: Installation, tmp_path: Path) -> None:
    house.tell_matters()
    house.run("backup", tmp_path / "backup")
    house.stop()
    bare = tmp_path / "bare"
    database, files = Database(postgres_url(bare / "postgres")), Files(str(bare / "files"))
    app = create_app(replace(house.config, instance=bare, database=database, files=files))  # by the database's clock
    cli.register(app)
    with hold(bare):
        done = app.test_cli_runner().invoke(args=["restore", str(tmp_path / "backup")])
        assert "end it first" in done.output
    done = app.test_cli_runner().invoke(args=["restore", str(tmp_path / "backup")])
    assert done.exit_code == 0, done.output
    done = app.test_cli_runner().invoke(args=["erasures", "repeat"])
    assert done.exit_code == 0 and not postgres_ready(bare / "postgres"), done.output
    done = app.test_cli_runner().invoke(args=["backup", str(tmp_path / "second")])
    assert done.exit_code == 0 and "6 cases" in done.output
    assert not postgres_ready(bare / "postgres")
    with app.app_context():
        db.engine.dispose()
    with app.app_context():
        db.engine.dispose()


def test_every_job_that_puts_notices_by_the_clock_runs_inside_a_restore() -> None:
    without_notices = {"relay", "sweep", "sweep_files", "beat", "work_off", "anchor"}
    without_notices |= {"retain", "remove_doomed", "write_down_erasures", "rewrap"}
    without_notices |= {"check_content", "answer"}  # by what somebody says, not because time has passed
    ticks = {tick.job.rpartition(".")[2] for tick in TICKS} - without_notices
    assert ticks == {"lapse", "fall_due", "digest"} and len(restoring.BY_THE_CLOCK) == len(ticks)
