"""A paired screen opens its board and nothing else, and nothing on it leads to a matter or names anybody."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from liaison.db import transaction
from liaison.domain.actors import Role
from liaison.services import boards
from tests.support.canary import KNOWN, NAME, PHONE
from tests.support.forms import form_of, send
from tests.support.journey import Journey, SignIn
from tests.support.life import TEXT, Life
from tests.support.matrix import build_world, cells
from tests.support.town import COUNTY

SHOWN_TO_ALL = ("public.read", "station.read", "asset.read", "operations.read")


@pytest.fixture
def screen(app: Flask, life: Life) -> FlaskClient:
    """A screen of the county, just paired by its form."""
    with transaction():
        _, code = boards.add(life.town.actor("office_lead"), "一楼大厅", COUNTY, life.clock())
    client = app.test_client()
    page = client.get("/wall/pair")
    answer = send(client, page, "pair", code=code)
    assert answer.status_code == 303 and answer.location.endswith("/wall")
    return client


def test_its_cookie_is_sent_to_its_own_pages_alone(app: Flask, life: Life) -> None:
    with transaction():
        _, code = boards.add(life.town.actor("office_lead"), "一楼大厅", COUNTY, life.clock())
    client = app.test_client()
    answer = send(client, client.get("/wall/pair"), "pair", code=code)
    (told,) = [each for each in answer.headers.getlist("Set-Cookie") if each.startswith("board=")]
    assert {"HttpOnly", "SameSite=Strict", "Path=/wall"} <= {part.strip() for part in told.split(";")}
    assert code not in told
    wrong = send(client, client.get("/wall/pair"), "pair", code=code)
    assert wrong.status_code == 422 and "配对码不正确" in wrong.text


def test_it_shows_sums_and_no_matter_and_nobody(screen: FlaskClient, life: Life) -> None:
    for _ in range(6):
        life.matter_in("assigned")
    life.submit(station="S002")
    for address in ("/wall", "/wall/figures"):
        page = screen.get(address)
        assert page.status_code == 200 and "城东人大代表联络站" in page.text
        assert ">6<" in page.text and ">1–4<" in page.text  # of the eastern station; of the western one matter
        assert TEXT[:6] not in page.text and "刘在岗" not in page.text and 'href="/console' not in page.text


def test_its_key_opens_nothing_else_even_when_it_is_sent_there(
    app: Flask, life: Life, api: SignIn, browser: SignIn, screen: FlaskClient
) -> None:
    world = build_world(Journey(app, life, api, browser), **KNOWN)
    key = screen.get_cookie("board", "testserver", "/wall").value
    client = app.test_client()
    client.set_cookie("board", key, domain="testserver", path="/")
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"
    open_to_nobody = 0
    for cell in cells(app):
        if cell.method != "GET" or cell.action in SHOWN_TO_ALL:
            continue
        targets = world.targets(cell.kind, Role.ANYONE) if cell.kind else None
        answer = client.get(cell.address((targets.own or targets.absent) if targets else ""))
        assert NAME not in answer.text and PHONE not in answer.text, cell
        open_to_nobody += answer.status_code in (302, 303, 401, 403, 404)
    assert open_to_nobody > 40
    assert client.get("/console/overview").status_code == 302
    assert client.get("/console/board/figures", headers={"HX-Request": "true"}).status_code == 401


def test_a_closed_one_says_so(screen: FlaskClient, life: Life, browser: Callable[[str], FlaskClient]) -> None:
    lead = browser("office_lead")
    page = lead.get("/console/boards")
    assert "使用中" in page.text
    assert lead.post(form_of(page, "close").action, data=form_of(page, "close").values).status_code == 303
    assert screen.get("/wall/figures").status_code == 401
    assert screen.get("/wall").location.endswith("/wall/pair")
    assert "已到期或被收回" in screen.get("/wall/pair").text


def test_a_code_is_shown_once(life: Life, browser: Callable[[str], FlaskClient]) -> None:
    lead = browser("office_lead")
    shown = send(lead, lead.get("/console/boards"), "boards", name="一楼大厅", region=COUNTY)
    assert shown.status_code == 200 and "只显示这一次" in shown.text and "/wall/pair" in shown.text
    assert "等待配对" in lead.get("/console/boards").text
    refused = send(lead, lead.get("/console/boards"), "boards", name="厅", region="110102")
    assert refused.status_code == 422
