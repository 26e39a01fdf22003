"""A deputy's phone is confirmed by the office on a phone and at a desk, and a clerk signs in by WeCom, in a browser."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from liaison.services import binding_desk
from tests.support.browser import CHROMIUM, DESK, PHONE, Window, chromium, served
from tests.support.faces import faults, sideways
from tests.support.life import Life
from tests.support.outside import Outside
from tests.support.phones import NUMBER, Phone, mini_program, on_file
from tests.support.town import PASSWORD

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here; `make browser` installs it")

MEMBER = "li.office"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture
def address(live_app: Flask) -> Iterator[str]:
    """Where the application is served, which it also tells WeCom to send people back to."""
    before = live_app.extensions["liaison"]
    with served(live_app) as address:
        live_app.extensions["liaison"] = replace(before, config=replace(before.config, base_url=address))
        yield address
        live_app.extensions["liaison"] = before


@pytest.fixture
def outside(live_app: Flask, address: str) -> Iterator[Outside]:
    with mini_program(live_app) as outside:
        yield outside


def test_the_office_comes_in_by_wecom_and_confirms_a_deputys_phone(
    browser: Browser, live_app: Flask, live_life: Life, address: str, outside: Outside
) -> None:
    on_file(live_life)
    phone = Phone(live_app, outside, "liu")
    assert phone.binds(shows=NUMBER).get_json()["state"] == "waiting"
    desk = Window(browser, address, **DESK)
    page = desk.page
    _signs_in_and_binds_wecom(page)
    page.get_by_role("button", name="退出", exact=True).click()
    _comes_by_wecom(page)
    page.get_by_role("link", name="微信绑定").click()
    assert faults(page) == [] and sideways(page, PHONE["viewport"]) == []
    page.get_by_role("button", name="已核实deputy的人本人，确认").click()
    expect(page.get_by_role("status")).to_contain_text("已确认")
    expect(page.get_by_text("现在没有等待确认的绑定。")).to_be_visible()
    assert phone.opens().status_code == 201
    _ends_it(page)
    desk.close()
    assert phone.opens().status_code == 403


def _signs_in(page: Page, username: str) -> None:
    page.goto("/console/sign-in")
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url("**/console/")


def _signs_in_and_binds_wecom(page: Page) -> None:
    _signs_in(page, "office")
    page.goto("/console/me")
    page.get_by_role("link", name="绑定企业微信").click()
    _confirms_on_the_phone(page)
    expect(page.get_by_role("status")).to_contain_text("已绑定企业微信")


def _comes_by_wecom(page: Page) -> None:
    page.goto("/console/sign-in?next=/console/notices")
    page.get_by_role("link", name="企业微信登录").click()
    _confirms_on_the_phone(page)
    page.wait_for_url("**/console/notices")


def _confirms_on_the_phone(page: Page) -> None:
    page.get_by_label("企业微信账号").fill(MEMBER)
    page.get_by_role("button", name="确认登录").click()


def _ends_it(page: Page) -> None:
    """Make an invitation, which is shown once, and unbind the phone."""
    page.get_by_role("button", name="给deputy的人生成邀请码").click()
    assert len(page.locator(".secret").inner_text().replace(" ", "")) == binding_desk.CODE_LENGTH
    page.get_by_role("link", name="完成").click()
    page.get_by_role("button", name="解除deputy的人的绑定").click()
    expect(page.get_by_role("status")).to_contain_text("已解除")
