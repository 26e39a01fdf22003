"""`flask verify` names what does not hold, says what it compared with, and tells by its exit status."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from liaison.db import session
from liaison.services import anchors, photos
from tests.support.anchors import anchors_in
from tests.support.life import Life
from tests.support.pictures import photo
from tests.support.servers import SECRETS

Run = Callable[..., Result]


@pytest.fixture
def folder(app: Flask, tmp_path: Path) -> Iterator[Path]:
    with anchors_in(app, tmp_path / "anchors") as folder:
        yield folder


@pytest.fixture
def run(app: Flask, folder: Path) -> Run:
    """`run("--anchors", "elsewhere")`: the command as the operator types it."""
    return lambda *words: app.test_cli_runner().invoke(args=["verify", *map(str, words)])


def anchor(life: Life, folder: Path, seed: bytes = SECRETS.anchor_key) -> None:
    """Write the day's anchor."""
    assert anchors.put_anchor(folder, seed, life.clock())


def test_without_anchors_an_edit_is_found_and_what_cannot_be_is_said(run: Run, life: Life, folder: Path) -> None:
    number = life.matter_in("assigned")
    done = run()
    assert done.exit_code == 0 and "every chain holds" in done.output and "compared with no anchor" in done.output
    session.execute(text("ALTER TABLE events DISABLE TRIGGER keep_events"))
    session.execute(text("UPDATE events SET text = '改过的话' WHERE seq = 2"))
    session.expire_all()
    done = run()
    assert done.exit_code == 1
    assert f"{number}: event 2 altered" in done.output and "1 things do not hold" in done.output


def test_with_anchors_a_cut_is_found_and_their_days_are_told(run: Run, life: Life, folder: Path) -> None:
    number = life.matter_in("assigned")
    anchor(life, folder)
    life.clock.advance(days=1)
    anchor(life, folder)
    last = life.case(number).seq
    assert f"compared with 2 anchors in {folder}, of 2026-03-02 to 2026-03-03" in run().output
    session.execute(text("ALTER TABLE events DISABLE TRIGGER keep_events"))
    session.execute(text("DELETE FROM events WHERE seq > 1"))
    session.execute(text("UPDATE cases SET seq = 1, head = (SELECT hash FROM events WHERE seq = 1)"))
    session.expire_all()
    done = run()
    assert done.exit_code == 1 and f"{number}: event {last} missing (anchor of 2026-03-02)" in done.output


def test_copies_kept_elsewhere_are_compared_with_ours(run: Run, life: Life, folder: Path, tmp_path: Path) -> None:
    life.matter_in("submitted")
    anchor(life, folder)
    copies = tmp_path / "copies"
    shutil.copytree(folder, copies)
    done = run("--anchors", copies)
    assert done.exit_code == 0 and f"compared with 1 anchors in {copies}, of 2026-03-02" in done.output
    next(folder.iterdir()).unlink()
    done = run("--anchors", copies)
    assert done.exit_code == 1 and "anchor 2026-03-02: deleted" in done.output
    (tmp_path / "empty").mkdir()
    done = run("--anchors", tmp_path / "empty")
    assert done.exit_code == 1 and "there are no anchors in" in done.output


def test_a_file_that_is_no_anchor_does_not_keep_the_rest_unverified(run: Run, life: Life, folder: Path) -> None:
    life.matter_in("submitted")
    anchor(life, folder)
    (folder / "2026-03-01.json").write_text("nothing")
    done = run()
    assert done.exit_code == 1 and "2026-03-01.json is no anchor" in done.output and "of 2026-03-02" in done.output


def test_another_key_is_believed_only_when_it_is_named(run: Run, life: Life, folder: Path) -> None:
    other = b"o" * 32
    anchor(life, folder, other)
    done = run()
    assert done.exit_code == 1 and "anchor 2026-03-02: forged" in done.output
    assert run("--key", anchors.public_key(other)).exit_code == 0


def test_a_file_that_is_gone_is_named_when_files_are_asked_for(app: Flask, run: Run, life: Life) -> None:
    store = app.extensions["liaison"].store
    kept = photos.keep(store, photos.prepare(photo((9, 9, 9))))
    number = life.submit(files=(kept,)).case.number
    assert run("--files").exit_code == 0
    store.delete(kept.key)
    assert run().exit_code == 0
    done = run("--files")
    assert done.exit_code == 1 and f"{number}: file 1 missing" in done.output
