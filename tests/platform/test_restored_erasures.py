"""The restore drill for what was erased since the backup: it does not come back, whoever lost what."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from liaison import housekeeping
from liaison.clients.files import open_store
from liaison.db import session, transaction
from liaison.models.audit import AuditEntry
from liaison.models.rights import ErasureRequest
from liaison.services import erasures, holds, rights
from liaison.services.photos import keep, prepare
from liaison.services.sealing import Keys
from liaison.services.vault import Contact, Spot, find_contact
from liaison.web.wiring import unit_of_work
from tests.platform.test_restore import house, restored
from tests.services.test_erasing import NAME, PHONE, PLACE, SPACED, photos_of, sealed, sightings
from tests.support.clock import MONDAY
from tests.support.installation import Installation
from tests.support.life import HAPPY, TEXT
from tests.support.pictures import photo

__all__ = ["house"]

WORDS = (NAME, PHONE, SPACED, PLACE)


def told(house: Installation, state: str = "closed") -> str:
    """A matter whose resident left everything there is, and wrote it into the text as well."""
    store = house.app.extensions["liaison"].store
    with house.at_work() as life:
        number = life.matter_in(
            "rating" if state == "closed" else state,
            text=f"我是{NAME}，电话{SPACED}，住在{PLACE}。{TEXT}",
            contact=Contact(NAME, PHONE),
            place=Spot(PLACE, 39.123456, 116.654321),
            files=(keep(store, prepare(photo())),),
        )
        if state == "closed":
            life.rate(number, HAPPY)
        return number


def erase(house: Installation, number: str) -> None:
    """Have it erased as the resident, at the edge, and the files removed as the worker does."""
    with house.at_work() as life:
        with unit_of_work():
            rights.ask_erasure(life.resident(number), number, True, life.keys, now=life.clock())
        housekeeping.remove_doomed(house.app.extensions["liaison"].store)


def erased(house: Installation) -> list[tuple[str, str, bool]]:
    """What the audit log tells of erasures: whose, by which rule, and whether it repeats one."""
    with house.at_work():
        entries = session.scalars(select(AuditEntry).where(AuditEntry.act == "data.erase").order_by(AuditEntry.seq))
        return [(each.about, each.data["rule"], "repeats" in each.data) for each in entries]


def lines(house: Installation) -> list[erasures.Erasure]:
    found, damaged = erasures.read([house.folder / "anchors" / erasures.NAME])
    assert damaged == []
    return found


@pytest.fixture
def backed_up(house: Installation, tmp_path: Path) -> Iterator[tuple[str, list[str]]]:
    """A closed matter and its files, in a backup and then erased."""
    number = told(house)
    with house.at_work() as life:
        files = photos_of(life, number)
    house.run("backup", tmp_path / "backup")
    house.clock.advance(minutes=5)
    erase(house, number)
    yield number, files


def test_what_was_erased_since_the_backup_does_not_come_back_however_often_it_is_lost(
    house: Installation, backed_up: tuple[str, list[str]], tmp_path: Path
) -> None:
    number, files = backed_up
    done = restored(house, tmp_path / "backup")
    assert "1 erasures that were lost are repeated, and 2 files removed" in done.output
    with house.at_work() as life:
        assert sightings(house.app, *WORDS, *files) == set() and sealed(life, number) == []
        assert life.kinds(number)[-1] == "erase" and life.events(number)[-1].by_role == "system"
        assert not set(files) & set(open_store(house.config.files.url).keys())
    checked = house.run("verify")
    assert checked.exit_code == 0 and "every chain holds" in checked.output, checked.output
    again = house.run("erasures", "repeat")
    assert again.exit_code == 0 and "0 erasures that were lost" in again.output, again.output
    house.destroy()
    assert "1 erasures that were lost" in house.run("restore", tmp_path / "backup").output
    assert erased(house) == [(number, rights.BY_REQUEST.rule, True)]
    with house.at_work():
        assert sightings(house.app, *WORDS, *files) == set()


def test_what_the_backup_knows_as_erased_is_left_alone(house: Installation, tmp_path: Path) -> None:
    number = told(house)
    erase(house, number)
    house.run("backup", tmp_path / "backup")
    with house.at_work() as life:
        later = life.matter_in("withdrawn", contact=Contact(NAME, PHONE))
    erase(house, later)
    done = restored(house, tmp_path / "backup")
    assert "0 erasures that were lost" in done.output and "1 more are of matters that are not there" in done.output
    assert erased(house) == [(number, rights.BY_REQUEST.rule, False)]


def test_what_retention_had_removed_goes_as_well(house: Installation, tmp_path: Path) -> None:
    number = told(house)
    house.run("backup", tmp_path / "backup")
    house.go_to(MONDAY.replace(year=2027, month=3, day=9))
    assert "contact_days: 1 removed" in house.run("retention").output
    done = restored(house, tmp_path / "backup", house.clock())
    assert "2 erasures that were lost" in done.output
    assert {each[1:] for each in erased(house)} == {("contact_days 365", True), ("place_days 365", True)}
    with house.at_work() as life:
        assert sightings(house.app, *WORDS) == set() and sealed(life, number) == []
        assert photos_of(life, number)  # whose term is not over


def test_a_copy_from_elsewhere_tells_what_the_lost_machine_knew(
    house: Installation, backed_up: tuple[str, list[str]], tmp_path: Path
) -> None:
    copy = tmp_path / "copy.jsonl"
    (house.folder / "anchors" / erasures.NAME).rename(copy)
    shutil.rmtree(house.folder / "anchors")
    done = restored(house, tmp_path / "backup")
    assert "nothing tells what was erased since the snapshot" in done.output
    with house.at_work():
        assert sightings(house.app, *WORDS)
    assert "1 erasures that were lost" in house.run("erasures", "repeat", copy).output
    with house.at_work():
        assert sightings(house.app, *WORDS) == set()
    house.destroy()
    assert "1 erasures that were lost" in house.run("restore", tmp_path / "backup", "--erasures", copy).output


def test_what_waits_or_is_held_in_the_backup_is_erased_again_and_what_is_held_since_is_left(
    house: Installation, tmp_path: Path
) -> None:
    asked, let_go, kept = told(house, "with_deputy"), told(house), told(house)
    erase(house, asked)
    with house.at_work() as life:
        life.act("office_lead", holds.set_hold, let_go, True, "审计需要。")
    house.run("backup", tmp_path / "backup")
    house.clock.advance(minutes=5)
    with house.at_work() as life:
        life.act("office_lead", holds.set_hold, let_go, False, "审计已结。")
        with unit_of_work():
            rights.decide_erasure(life.town.actor("office"), asked, True, "", life.keys, now=life.clock())
    erase(house, let_go)
    erase(house, kept)
    since = (house.folder / "anchors" / erasures.NAME).rename(tmp_path / "since")
    restored(house, tmp_path / "backup")
    with house.at_work() as life:
        life.act("office_lead", holds.set_hold, kept, True, "诉讼需要。")
    done = house.run("erasures", "repeat", since)
    assert f"{kept} is held since" in done.output and "2 erasures that were lost" in done.output, done.output
    with house.at_work() as life:
        [request] = session.scalars(select(ErasureRequest))
        assert request.granted and sealed(life, asked) == sealed(life, let_go) == []
        assert find_contact(life.case(kept).id, life.keys) == Contact(NAME, PHONE)


def test_neither_a_later_matter_of_that_number_nor_one_that_cannot_be_opened_is_erased(house: Installation) -> None:
    """Where somebody loads a dump by hand, numbers that were given out are given out again."""
    before, number = told(house), told(house)
    erase(house, before)
    [line] = lines(house)
    house.clock.advance(minutes=5)
    later = told(house)
    with house.at_work() as life:
        for each, keys, left in ((later, life.keys, ([later], [])), (number, Keys({}, {}, {}), ([], [number]))):
            with transaction():
                became = erasures.repeat([replace(line, number=each, hash="f" * 64)], keys, house.clock())
            assert (became.absent, became.failed) == left and became.done == []
            assert sealed(life, each)
