"""What the public is shown of the anchors: everything that was signed, and no case's number."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from liaison.domain.anchors import Head, Statement, Tree
from liaison.services import anchors
from tests.support.anchors import anchors_in
from tests.support.life import Life
from tests.support.servers import SECRETS

DAY = "/public/anchors/2026-03-02.json"


@pytest.fixture
def folder(app: Flask, tmp_path: Path) -> Iterator[Path]:
    with anchors_in(app, tmp_path) as folder:
        yield folder


def put(life: Life, folder: Path) -> anchors.Anchor:
    """The anchor of the day."""
    made = anchors.put_anchor(folder, SECRETS.anchor_key, life.clock())
    assert made is not None
    return made


def test_a_day_is_shown_as_leaves_of_which_a_resident_finds_the_own(
    life: Life, client: FlaskClient, folder: Path
) -> None:
    numbers = [life.matter_in("with_deputy"), life.matter_in("submitted")]
    made = put(life, folder)
    answer = client.get(DAY)
    told = json.loads(answer.data)
    assert answer.status_code == 200 and answer.mimetype == "application/json"
    assert Statement.read(told["statement"]) == made.statement
    assert (told["key"], told["signature"]) == (made.key, made.signature)
    assert not [number for number in numbers if number in answer.text]
    cases = [life.case(number) for number in numbers]
    assert sorted(told["leaves"]) == sorted(Head(each.number, each.seq, each.head).leaf.hex() for each in cases)
    tree = Tree()
    for leaf in told["leaves"]:
        tree.add(bytes.fromhex(leaf))
    assert (tree.root, tree.size) == (told["statement"]["changed_root"], told["statement"]["changed"])


def test_the_page_shows_the_key_and_a_month_of_anchors_with_their_digests(
    life: Life, client: FlaskClient, folder: Path
) -> None:
    assert "还没有存证" in client.get("/public/anchors").text
    made = []
    for _ in range(33):
        made.append(put(life, folder))
        life.clock.advance(days=1)
    page = client.get("/public/anchors").text
    assert anchors.public_key(SECRETS.anchor_key) in page
    assert all(each.statement.digest in page for each in made[2:]) and made[1].statement.digest not in page
    older = client.get(f"/public/anchors?before={date(2026, 3, 2) + timedelta(days=2)}").text
    assert made[1].statement.digest in older and made[2].statement.digest not in older


@pytest.mark.parametrize("day", ["2026-03-01", "yesterday", "..%2F2026-03-02", "2026-W10-1"])
def test_a_day_without_an_anchor_is_not_found(life: Life, client: FlaskClient, folder: Path, day: str) -> None:
    put(life, folder)
    assert client.get(f"/public/anchors/{day}.json").status_code == (200 if day == "2026-W10-1" else 404)


def test_a_page_with_published_answers_leads_to_the_anchors(client: FlaskClient, life: Life) -> None:
    assert "/public/anchors" in client.get("/public").text
