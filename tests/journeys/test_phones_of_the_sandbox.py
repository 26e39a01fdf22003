"""The sandbox's phones in a browser: they change by themselves, and nobody is kept out of them."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from sandbox import create_app
from tests.support.browser import CHROMIUM, DESK, PHONE, Window, chromium, served
from tests.support.faces import faults, sideways

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
PAGES = ("/", "/people", "/people?q=nobody", "/?user=oPerson1", "/?user=wang", "/people/wang/words")
PAGES += ("/pages/station?scene=x3mrry.1.abc",)
APP = {"grant_type": "client_credential", "appid": "wx-sandbox", "secret": "sandbox-secret"}


def send(client: FlaskClient, number: int) -> None:
    """One more message on a phone."""
    token = client.post("/cgi-bin/stable_token", json=APP).json["access_token"]
    data = {"thing1": {"value": f"第 {number} 条提醒"}, "time2": {"value": "2026-11-27 10:30"}}
    body = {"touser": "oPerson1", "template_id": "sandbox-template", "url": f"https://x.example.cn/{number}"}
    answer = client.post(f"/cgi-bin/message/template/send?access_token={token}", json=body | {"data": data})
    assert answer.json["errcode"] == 0


def test_a_phone_shows_what_comes_while_one_looks_and_keeps_nobody_out(tmp_path: Path) -> None:
    app = create_app()
    client = app.test_client()
    send(client, 1)
    with served(app) as address, chromium(tmp_path) as browser:
        for kind in (PHONE, DESK):
            window = Window(browser, address, **kind)
            for path in PAGES:
                window.page.goto(path)
                assert faults(window.page) + sideways(window.page, kind["viewport"]) == [], path
            window.page.goto("/?user=oPerson1")
            window.page.focus("a.open >> nth=0")
            count = window.page.locator(".card").count()
            send(client, count + 1)
            window.page.locator(f'.card:has-text("第 {count + 1} 条提醒")').wait_for()
            assert window.page.evaluate("document.activeElement.href").endswith(f"/{count}")
            window.close()
