"""The overview and the board in a real browser: pictures under the strict policy, a wall that tells it is stale."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import CHROMIUM, DESK, PHONE, Window, chromium, served
from tests.support.life import TEXT, Life
from tests.support.town import PASSWORD

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here; `make browser` installs it")

WALL = {"viewport": {"width": 1920, "height": 1080}}
A_MINUTE = 61_000  # milliseconds: the board asks again every 60 s


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


def _opens(browser: Browser, address: str, path: str, **size: object) -> Window:
    """A window of the office's on that page."""
    window = Window(browser, address, **size)
    window.page.clock.install()
    window.page.goto(f"/console/sign-in?next={path}")
    window.page.fill("[name=username]", "office")
    window.page.fill("[name=password]", PASSWORD)
    window.page.get_by_role("button", name="登录").click()
    window.page.wait_for_url(f"**{path}")
    return window


def _width(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollWidth")


def test_figures_are_drawn_and_a_picture_opens_their_list(browser: Browser, live_app: Flask, live_life: Life) -> None:
    for state in ("closed", "assigned", "submitted"):
        live_life.matter_in(state)
    with served(live_app) as address:
        for size in (DESK, PHONE):
            window = _opens(browser, address, "/console/overview", **size)
            expect(window.page.locator(".picture canvas")).to_have_count(2)
            assert _width(window.page) == size["viewport"]["width"]
            window.page.locator("[data-chart=share] canvas").click()
            window.page.wait_for_url("**figure=open**")
            expect(window.page.locator("[data-row]")).to_have_count(2)
            window.close()


def test_the_board_fits_its_wall_and_says_when_it_is_stale(browser: Browser, live_app: Flask, live_life: Life) -> None:
    live_life.matter_in("assigned")
    with served(live_app) as address:
        window = _opens(browser, address, "/console/board", **WALL)
        page, stale = window.page, window.page.get_by_role("alert")
        assert page.evaluate("document.documentElement.scrollHeight") <= WALL["viewport"]["height"]
        assert TEXT[:6] not in page.content()
        expect(page.locator(".big b").first).to_have_text("1")
        live_life.submit()
        page.clock.run_for(A_MINUTE)
        expect(page.locator(".big b").first).to_have_text("2")
        expect(stale).to_be_hidden()
        assert window.complaints == []
        window.context.set_offline(True)
        page.clock.run_for(A_MINUTE)
        expect(stale).to_contain_text("刷新没有成功")
        window.context.set_offline(False)
        page.clock.run_for(A_MINUTE)
        expect(stale).to_be_hidden()
        window.complaints.clear()  # of having been offline
        page.keyboard.press("Escape")
        page.wait_for_url("**/console/overview")
        window.close()
