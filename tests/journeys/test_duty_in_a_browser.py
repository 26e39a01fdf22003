"""The duty calendar in a real browser: the liaison has somebody stand in today, residents see it, it is undone."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import CHROMIUM, DESK, PHONE, Window, chromium, served
from tests.support.life import Life
from tests.support.town import PASSWORD

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here; `make browser` installs it")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


def _change(page: Page, **chosen: str) -> None:
    form = page.locator("#change")
    form.get_by_label("怎样安排").select_option(label=chosen["change"])
    if "deputy" in chosen:
        form.get_by_label("由谁值班").select_option(value=chosen["deputy"])
    form.get_by_role("button", name="保存这一天").click()


def test_a_day_is_taken_over_and_given_back(browser: Browser, live_app: Flask, live_life: Life) -> None:
    with served(live_app) as address:
        window = Window(browser, address, **DESK)
        page = window.page
        page.goto("/console/sign-in?next=/console/stations/S001/duty")
        page.fill("[name=username]", "liaison")
        page.fill("[name=password]", PASSWORD)
        page.get_by_role("button", name="登录").click()
        today = page.locator("td.today")
        expect(today).to_contain_text("刘在岗")
        today.get_by_role("link", name="调整").click()
        _change(page, change="代班", deputy="D004")
        expect(today).to_contain_text("陈接手")
        expect(today).to_contain_text("代班")
        page.set_viewport_size(PHONE["viewport"])
        expect(today).to_contain_text("周一")
        resident = Window(browser, address, **PHONE)
        resident.page.goto("/s/S001")
        expect(resident.page.locator("li", has_text="现在值班")).to_contain_text("陈接手")
        resident.close()
        page.get_by_role("button", name="撤销").click()
        expect(today).to_contain_text("刘在岗")
        page.set_viewport_size(DESK["viewport"])
        page.locator("td", has_text=str((live_life.today + timedelta(days=1)).day)).first.get_by_role("link").click()
        _change(page, change="不值班")
        expect(page.locator("td.today + td")).to_contain_text("不值班")
        assert page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") == 1
        window.close()
