"""The resident's rights on a phone of 360 by 740, and the office's side of them at a desk of 1440 by 900."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from liaison.db import session, transaction
from liaison.services import vault
from liaison.services.vault import Contact, Spot
from tests.support.browser import CHROMIUM, DESK, PHONE, Window, chromium, served
from tests.support.life import TEXT, Life
from tests.support.town import PASSWORD

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here; `make browser` installs it")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


def test_a_resident_looks_corrects_takes_back_and_is_erased(
    browser: Browser, live_app: Flask, live_life: Life, tmp_path: Path
) -> None:
    folder = Path(os.environ.get("LIAISON_PICTURES", tmp_path))
    told = live_life.submit(
        text=TEXT, contact=Contact("周小明", "13912345678"), place=Spot("北街路口"), share_identity=True
    )
    number = told.case.number
    session.remove()
    with served(live_app) as address:
        phone = Window(browser, address, **PHONE)
        page = phone.page
        page.goto(f"/m/{number}?c={told.secret}")
        page.get_by_role("link", name="我的信息").click()
        seen(page, folder / "data.png")
        page.get_by_label("称呼").fill("周明")
        page.get_by_role("button", name="更正").click()
        expect(page.get_by_role("status")).to_contain_text("已经更正")
        page.get_by_role("button", name="撤回").click()
        expect(page.get_by_role("status")).to_contain_text("立即生效")
        page.get_by_role("link", name="要求删除个人信息").click()
        expect(page.get_by_role("button")).to_have_text("提出要求")
        seen(page, folder / "erasure.png")
        page.get_by_label("我已看清").check()
        page.get_by_role("button", name="提出要求").click()
        expect(page.get_by_text("您已经要求删除")).to_be_visible()
        page.goto("/privacy")
        seen(page, folder / "privacy.png")
        decides(browser, address, number, folder)
        page.goto(f"/m/{number}/data")
        expect(page.get_by_text("已删除个人信息")).to_be_visible()
        seen(page, folder / "erased.png")
        assert phone.complaints == []
    with transaction():
        assert vault.find_contact(live_life.case(number).id, live_life.keys) is None


def decides(browser: Browser, address: str, number: str, folder: Path) -> None:
    """The office agrees, and looks at the year's figures."""
    desk = Window(browser, address, **DESK)
    page = desk.page
    page.goto("/console/sign-in")
    page.get_by_label("用户名").fill("office")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name=re.compile("登录")).click()
    page.goto(f"/console/cases/{number}")
    panel = page.locator("[data-form=erasure-decision]")
    panel.locator("summary").click()
    panel.get_by_label("同意", exact=True).check()
    seen(page, folder / "decision.png")
    panel.get_by_role("button").click()
    expect(page.get_by_text("已删除个人信息").first).to_be_visible()
    page.goto("/console/statistics")
    seen(page, folder / "statistics.png")
    assert desk.complaints == []


def seen(page: Page, picture: Path) -> None:
    """Nothing sticks out sideways; the page is kept as a picture for whoever wants to look."""
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.screenshot(path=picture, full_page=True)
