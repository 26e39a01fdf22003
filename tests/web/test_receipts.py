"""A resident checks the own history: on the page, and with the script of the README that trusts nobody."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from liaison.config import ROOT
from liaison.db import session
from liaison.domain import chain
from liaison.domain.errors import NotAllowed
from liaison.services import anchors, receipts
from tests.support.anchors import anchors_in
from tests.support.journey import Journey, Matter, SignIn
from tests.support.life import Life
from tests.support.servers import SECRETS

SCRIPT = ROOT / "docs" / "verify_receipt.py"


@pytest.fixture
def folder(app: Flask, tmp_path: Path) -> Iterator[Path]:
    with anchors_in(app, tmp_path / "anchors") as folder:
        yield folder


@pytest.fixture
def journey(app: Flask, life: Life, api: SignIn, browser: SignIn) -> Journey:
    return Journey(app, life, api, browser)


@pytest.fixture
def matter(journey: Journey) -> Matter:
    """A matter with events its resident is not shown."""
    return journey.comes_to("replied")


def page(matter: Matter, receipt: str = "") -> str:
    """The page of the receipt in the resident's own phone."""
    matter.phone.get(f"/m/{matter}?c={matter.secret}")
    return matter.phone.get(f"/m/{matter}/receipt?receipt={receipt}").text


def verified(folder: Path, matter: dict, receipt: str, *days: dict) -> subprocess.CompletedProcess:
    """What the script says of a matter's JSON."""
    paths = [folder / f"{place}.json" for place in range(1 + len(days))]
    for path, told in zip(paths, (matter, *days), strict=True):
        path.write_text(json.dumps(told), "utf-8")
    words = [sys.executable, "-I", str(SCRIPT), str(paths[0]), receipt, *map(str, paths[1:])]
    return subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)


def test_the_page_finds_a_sound_history_and_the_receipt_by_its_beginning(matter: Matter, folder: Path) -> None:
    kept = matter.given["receipt"]["hash"]
    assert "经过完整" in page(matter) and "还没有存证" in page(matter)
    assert "回执相符" in page(matter, kept) and "回执相符" in page(matter, f" {kept[:8].upper()} ")
    assert "回执不符" in page(matter, "0" * 64) and "前 8 个字符" in page(matter, kept[:7])
    assert f"/m/{matter}/receipt" in matter.phone.get(f"/m/{matter}").text


def test_the_page_tells_of_the_anchor_that_has_seen_it(matter: Matter, folder: Path, life: Life) -> None:
    life.clock.advance(days=1)
    anchors.put_anchor(folder, SECRETS.anchor_key, life.clock())
    assert "存证相符" in page(matter) and "2026年3月3日" in page(matter)
    matter.adds("补充一句，还有两盏也坏了。")
    assert "存证相符" in page(matter)


def test_the_page_tells_of_every_way_a_history_was_changed(matter: Matter, folder: Path, life: Life) -> None:
    life.clock.advance(days=1)
    anchors.put_anchor(folder, SECRETS.anchor_key, life.clock())
    session.execute(text("ALTER TABLE events DISABLE TRIGGER keep_events"))
    kept = session.connection().begin_nested()
    session.execute(text("UPDATE events SET text = '改过的话' WHERE seq = 3"))
    session.expire_all()
    assert "对不上" in page(matter) and "第 3 条" in page(matter)
    kept.rollback()
    session.execute(text("DELETE FROM events WHERE seq > 2"))
    session.execute(text("UPDATE cases SET seq = 2, head = (SELECT hash FROM events WHERE seq = 2)"))
    session.expire_all()
    assert "经过完整" in page(matter) and "存证不符" in page(matter)


def test_nobody_else_gets_the_page(matter: Matter, folder: Path, client: FlaskClient) -> None:
    answer = client.get(f"/m/{matter}/receipt")
    assert answer.status_code == 303 and answer.location == f"/m/{matter}"


def test_what_is_internal_is_a_bare_link_and_nobody_else_gets_salts(
    matter: Matter, life: Life, journey: Journey
) -> None:
    seen = matter.seen
    events = life.events(str(matter))
    hidden = [event for event in events if event.internal]
    assert hidden and len(seen["chain"]) == len(events) == len(seen["events"]) + len(hidden)
    for event, link in zip(events, seen["chain"], strict=True):
        assert link["hash"] == event.hash
        assert link["salt"] == (None if event.internal else event.salt.hex())
        assert (link["at"] is None) == event.internal
    case = life.case(str(matter))
    for who in ("office", "deputy", "housing_handler"):
        with pytest.raises(NotAllowed):
            receipts.events_of(life.town.actor(who), case)
    shown = journey.shown_to("housing_handler", matter.part())
    assert not [event.salt.hex() for event in events if event.salt.hex() in shown]


def test_the_script_recomputes_all_that_is_shown_from_the_json_alone(
    matter: Matter, folder: Path, life: Life, client: FlaskClient, tmp_path: Path
) -> None:
    life.clock.advance(days=1)
    anchors.put_anchor(folder, SECRETS.anchor_key, life.clock())
    anchor = json.loads(client.get("/public/anchors/2026-03-03.json").data)
    done = verified(tmp_path, matter.seen, matter.given["receipt"]["hash"], anchor)
    assert done.returncode == 0, done.stdout + done.stderr
    digest = anchors.find_anchor(folder, life.today).statement.digest
    shown = len(matter.seen["events"])
    assert digest in done.stdout and f"all {shown} of {shown + 1} events shown to you fit" in done.stdout


CHANGES = {
    "words": lambda told: told["events"][1].update(text="改过的话"),
    "data": lambda told: told["events"][0]["data"].update(source="phone"),
    "who": lambda told: told["events"][2].update(by_role="office"),
    "time": lambda told: told["chain"][1].update(at="2026-03-01T00:00:00.000000+00:00"),
    "a withheld link": lambda told: next(link for link in told["chain"] if not link["salt"]).update(hash="0" * 64),
    "a link less": lambda told: told["chain"].pop(2),
    "other order": lambda told: told["chain"].reverse(),
    "another number": lambda told: told.update(number="M2026-000001-5"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_the_script_finds_every_change(matter: Matter, tmp_path: Path, what: str) -> None:
    told = matter.seen
    CHANGES[what](told)
    assert verified(tmp_path, told, matter.given["receipt"]["hash"]).returncode == 1


def test_the_script_finds_a_foreign_receipt_and_an_anchor_that_has_not_seen_the_matter(
    matter: Matter, folder: Path, life: Life, client: FlaskClient, tmp_path: Path
) -> None:
    told, kept = matter.seen, matter.given["receipt"]["hash"]
    assert verified(tmp_path, told, "0" * 64).returncode == verified(tmp_path, told, kept[:7]).returncode == 1
    anchors.put_anchor(folder, SECRETS.anchor_key, life.clock())
    anchor = json.loads(client.get("/public/anchors/2026-03-02.json").data)
    assert verified(tmp_path, told, kept, anchor).returncode == 0
    assert verified(tmp_path, told, kept, anchor | {"leaves": anchor["leaves"][:-1]}).returncode == 1
    assert verified(tmp_path, told, kept, anchor | {"leaves": ["00" * 32]}).returncode == 1


def test_the_script_is_short_and_needs_nothing_but_python() -> None:
    lines = SCRIPT.read_text("utf-8").splitlines()
    assert len(lines) <= 60
    imported = {line.split()[1] for line in lines if line.startswith(("import ", "from "))}
    assert imported <= sys.stdlib_module_names


def test_the_module_and_the_script_write_alike() -> None:
    space: dict = {"__name__": "script"}
    source = SCRIPT.read_text("utf-8").split("\nmatter, *anchors")[0]
    exec(compile(source, str(SCRIPT), "exec"), space)
    body = {"乙": ["甲\u2028", 1, None, True, {"": "\x7f\\\"\n"}], "a": "é😀"}
    assert space["canonical"](body) == chain.canonical(body)
