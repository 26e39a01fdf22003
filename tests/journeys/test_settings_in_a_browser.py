"""The settings page in a real browser: a change is shown from what to what, taken back, and the second is told."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from liaison.db import transaction
from liaison.services import sign_in
from liaison.web.guards import TOKEN
from tests.support.browser import CHROMIUM, DESK, PHONE, Window, chromium, served
from tests.support.life import Life

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here; `make browser` installs it")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture
def cookie(live_app: Flask, live_life: Life) -> str:
    """The cookie of the administrator, signed in with both factors."""
    client = live_app.test_client()
    with transaction():
        token = sign_in.open_session(live_life.town.accounts["administrator"], live_life.clock(), proven=True).token
    with client.session_transaction() as cookie:
        cookie[TOKEN] = token
    return client.get_cookie("session", "testserver").value


def _opens(browser: Browser, address: str, cookie: str, **size: object) -> Window:
    window = Window(browser, address, **size)
    window.context.add_cookies([{"name": "session", "value": cookie, "url": address}])
    window.page.goto("/console/settings")
    return window


def test_a_number_is_changed_by_one_of_two_and_taken_back(browser: Browser, live_app: Flask, cookie: str) -> None:
    with served(live_app) as address:
        first, second = (_opens(browser, address, cookie, **size) for size in (DESK, PHONE))
        for window, typed in ((first, "20"), (second, "25")):
            window.page.locator("#set-answer_shortest").fill(typed)
            window.page.get_by_role("button", name="保存：答复要求").click()
        expect(first.page.get_by_role("status")).to_contain_text("答复最少字数：沿用 → 20 字")
        expect(second.page.get_by_role("alert")).to_contain_text("他人修改")
        expect(second.page.locator("#set-answer_shortest")).to_have_value("25")
        second.complaints.clear()  # of having been answered 409
        second.page.get_by_role("button", name="保存：答复要求").click()
        expect(second.page.get_by_role("status")).to_contain_text("20 字 → 25 字")
        second.page.locator(".undo").get_by_role("button", name="撤销").click()
        expect(second.page.locator("#set-answer_shortest")).to_have_value("20")
        first.close()
        second.close()
