"""A screen on a wall in a real browser: paired by its code, fresh each minute, dark when it is closed."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from liaison.db import transaction
from liaison.services import sign_in
from liaison.web.guards import TOKEN
from tests.support.browser import CHROMIUM, DESK, Window, chromium, served
from tests.support.faces import faults
from tests.support.life import TEXT, Life

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here; `make browser` installs it")

WALL = {"viewport": {"width": 1920, "height": 1080}}
A_MINUTE = 61_000  # milliseconds: the board asks again every 60 s


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


def test_a_screen_is_paired_and_closed(browser: Browser, live_app: Flask, live_life: Life) -> None:
    live_life.matter_in("assigned")
    client = live_app.test_client()
    with transaction():
        token = sign_in.open_session(live_life.town.accounts["office_lead"], live_life.clock(), proven=True).token
    with client.session_transaction() as cookie:
        cookie[TOKEN] = token
    with served(live_app) as address:
        lead, wall = Window(browser, address, **DESK), Window(browser, address, **WALL)
        signed_in = client.get_cookie("session", "testserver").value
        lead.context.add_cookies([{"name": "session", "value": signed_in, "url": address}])
        lead.page.goto("/console/boards")
        lead.page.get_by_label("挂在哪里").fill("一楼大厅")
        lead.page.get_by_role("button", name="生成配对码").click()
        code = lead.page.locator(".secret").inner_text()
        wall.page.clock.install()
        wall.page.goto("/wall")
        assert faults(wall.page) == []
        wall.page.get_by_label("配对码").fill(code)
        wall.page.get_by_role("button", name="显示大屏").click()
        expect(wall.page.locator(".big b").first).to_have_text("1")
        assert wall.page.evaluate("document.documentElement.scrollHeight") <= WALL["viewport"]["height"]
        assert faults(wall.page) == []
        assert TEXT[:6] not in wall.page.content() and wall.page.locator("a").count() == 0
        live_life.submit()
        wall.page.clock.run_for(A_MINUTE)
        expect(wall.page.locator(".big b").first).to_have_text("2")
        lead.page.get_by_role("link", name="完成").click()
        expect(lead.page.locator("tbody")).to_contain_text("使用中")
        lead.page.get_by_role("button", name="收回").click()
        assert wall.complaints == []
        wall.page.clock.run_for(A_MINUTE)
        expect(wall.page.get_by_role("alert")).to_contain_text("已到期或被收回")
        wall.complaints.clear()  # of having been answered 401
        lead.close()
        wall.close()
