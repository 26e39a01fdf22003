"""An office sets up what a new town needs in a real browser, sees the QR code answer, and closes it again."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import CHROMIUM, DESK, PHONE, Window, chromium, served
from tests.support.faces import faults, keep, sideways
from tests.support.life import Life
from tests.support.town import PASSWORD

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here; `make browser` installs it")

DEPARTMENT, STATION, DEPUTY = "林业局", "城东镇松林村人大代表联络站", "林立新"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


def well(page: Page, name: str) -> None:
    """The page as it stands passes axe, and does not move sideways on a phone."""
    seen = faults(page) + sideways(page, PHONE["viewport"])
    keep(page, "phone", name)
    page.set_viewport_size(DESK["viewport"])
    assert seen == [], f"{page.url}: {seen}"


def add(page: Page, word: str, **told: str) -> None:
    """Add a row of a register from its list."""
    page.get_by_role("link", name=f"添加{word}").click()
    for label, value in told.items():
        field = page.get_by_label(label, exact=False).first
        field.select_option(label=value) if field.evaluate("each => each.tagName") == "SELECT" else field.fill(value)
    page.get_by_role("button", name="添加", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text(f"已添加{word}")


def test_a_department_a_station_and_a_deputy_are_set_up_answer_and_are_retired(
    browser: Browser, live_app: Flask, live_life: Life
) -> None:
    with served(live_app) as address:
        window = Window(browser, address, **DESK)
        page = window.page
        page.goto("/console/sign-in?next=/console/departments")
        page.fill("[name=username]", "office")
        page.fill("[name=password]", PASSWORD)
        page.get_by_role("button", name="登录").click()
        add(page, "承办单位", 名称=DEPARTMENT, 所在区域="城东镇", 职责="山林防火、古树保护")
        page.goto("/console/stations")
        add(page, "联络站", 站名=STATION, 类型="人大代表联络站", 所在区域="城东镇", 地址="松林村口")
        expect(page.get_by_role("heading", level=1)).to_have_text(STATION)
        code = page.url.rpartition("/")[2]
        assert page.locator("img.qr").evaluate("each => each.decode().then(() => each.naturalWidth)") > 0
        poster = window.context.request.get(f"/s/{code}/poster.pdf")
        assert poster.ok and poster.body().startswith(b"%PDF")
        page.goto("/console/deputies/new")
        page.get_by_label("姓名").fill(DEPUTY)
        page.get_by_label("代表层级").select_option(label="乡镇人大代表")
        page.get_by_label("所在区域").select_option(label="城东镇")
        page.get_by_text("值班联络站（可不选）").click()
        page.get_by_label(STATION).check()
        page.get_by_text("分管或任职的单位（可不选）").click()
        page.get_by_label(DEPARTMENT).check()
        page.get_by_role("button", name="添加", exact=True).click()
        expect(page.locator(".facts")).to_contain_text(STATION)
        expect(page.locator(".facts")).to_contain_text(DEPARTMENT)
        well(page, "deputy")

        page.goto("/console/stations?q=松林")
        expect(page.locator(".leaves li")).to_have_count(1)
        expect(page.locator(".leaves")).to_contain_text("值班代表 1 人")
        well(page, "tree")
        page.goto(f"/s/{code}")
        expect(page.get_by_role("heading", level=1)).to_have_text(STATION)
        expect(page.locator(".people")).to_contain_text(DEPUTY)

        page.goto(f"/console/stations/{code}/register")
        page.locator("summary", has_text="停用").click()
        page.get_by_role("button", name=f"确认停用“{STATION}”").click()
        expect(page.get_by_role("button", name="恢复使用")).to_be_visible()
        well(page, "retired")
        assert window.complaints == []
        assert page.goto(f"/s/{code}").status == 410
        expect(page.get_by_role("heading", name="附近的联络站")).to_be_visible()
        well(page, "closed")
        page.get_by_role("link", name="城东人大代表联络站").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("城东人大代表联络站")
        window.complaints.clear()  # of the answer 410
        window.close()
