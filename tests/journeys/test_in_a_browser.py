"""One matter in a real browser: a phone of 360 by 740 with photo files, and the office at a desk of 1440 by 900."""

import io
import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from liaison.config import ROOT
from liaison.db import transaction
from liaison.domain import station_codes
from liaison.services import matters
from tests.support.browser import CHROMIUM, DESK, PHONE, Window, chromium, served
from tests.support.clock import MONDAY
from tests.support.life import SAID, Life
from tests.support.pictures import CAMERA, photo
from tests.support.town import PASSWORD

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here; `make browser` installs it")

TEXT = "幸福路 12 号门前路灯坏了三盏，晚上老人孩子走路看不清，希望尽快修好。"
DRAFTS = """new Promise((told) => {
  const asked = indexedDB.open("liaison", 1);
  asked.onsuccess = () => {
    const counted = asked.result.transaction("drafts").objectStore("drafts").count();
    counted.onsuccess = () => told(counted.result);
  };
})"""
PICTURE_BYTES = 120_000
NEIGHBOURS = (
    (4, "with_deputy", "老街菜场门口的下水道常常堵，下雨天积水没过脚面，买菜的人绕着走。"),
    (6, "assigned", "阳光小区 3 号楼的水管漏水一个多月，地下室泡了水，物业说不归他们管。"),
    (3, "rating", "人民公园的健身器材断了两处，带孩子玩的时候差点受伤，请修理或更换。"),
    (2, "closed", "城东路口的红绿灯时间太短，老人走到一半就变灯，请延长几秒。"),
    (1, "reopened", "村口的路灯杆歪了半个月，刮风时晃得厉害，怕倒下来砸到人。"),
    (0, "submitted", "实验小学门口放学时车辆乱停，孩子过马路很危险，希望划线并派人疏导。"),
)
"""What else lies on the office's desk: told so many days ago, come to this state."""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


def test_a_matter_from_the_scanned_code_to_the_rating(
    browser: Browser, live_app: Flask, live_life: Life, tmp_path: Path
) -> None:
    with transaction():
        live_life.town.accounts["office"].name = "李晓梅"
    for days, state, text in NEIGHBOURS:
        live_life.clock.set(MONDAY - timedelta(days=days))
        live_life.matter_in(state, text=text)
    live_life.clock.advance(minutes=40)
    signature = station_codes.sign("S001", live_app.extensions["liaison"].keys.stations)
    with served(live_app) as address:
        phone = Window(browser, address, **PHONE)
        number = _submits(phone.page, f"/s/S001?k={signature}", tmp_path)
        _dispatches(browser, address, live_life, number)
        live_life.work(f"{number}.1")
        live_life.act("deputy", matters.judge, number, True, "")
        _rates(phone.page)
        phone.close()
    assert live_life.case(number).state == "closed"


def _submits(page: Page, scanned: str, folder: Path) -> str:
    """Scan, tell, and be shown the receipt; returns the number on it."""
    page.goto(scanned)
    expect(page.get_by_text("这是本站的二维码")).to_be_visible()
    page.get_by_role("link", name="我要说事").tap()
    page.get_by_label("什么事？").fill("路灯坏了")
    _takes_photos(page, folder)
    page.get_by_role("button", name="提交").first.tap()
    assert page.get_by_label("什么事？").evaluate("area => area.validity.tooShort || area.validity.valid === false")
    page.get_by_label("什么事？").fill(TEXT)
    _keep(page, "phone")
    page.get_by_role("button", name="提交").first.tap()
    expect(page.get_by_role("heading", name="收到了")).to_be_visible()
    number = re.search(r"M\d{4}-\d{6}-\w", page.locator("main").inner_text())
    assert number
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["viewport"]["width"]
    _sees_the_photos_upright(page)
    assert page.evaluate(DRAFTS) == 0, "the draft is gone once the matter is received"
    return number[0]


def _takes_photos(page: Page, folder: Path) -> None:
    for name, colour in (("IMG_0001.JPG", (34, 44, 84)), ("IMG_0002.JPG", (24, 30, 50))):
        (folder / name).write_bytes(photo(colour))
    page.locator("input[name=photos]").set_input_files([folder / "IMG_0001.JPG", folder / "IMG_0002.JPG"])
    expect(page.get_by_role("button", name="去掉照片 2")).to_be_visible()


def _sees_the_photos_upright(page: Page) -> None:
    shown = page.locator("main img[src*='/files/']")
    expect(shown).to_have_count(2)
    for position in range(2):
        shown.nth(position).scroll_into_view_if_needed()
        page.wait_for_function("image => image.complete && image.naturalHeight > image.naturalWidth",
                               arg=shown.nth(position).element_handle())  # fmt: skip
    kept = page.request.get(shown.first.get_attribute("src").removesuffix("/thumb")).body()
    assert CAMERA.encode() not in kept


def _dispatches(browser: Browser, address: str, life: Life, number: str) -> None:
    """The office screens the matter and, after the deputy handed it over, dispatches it."""
    desk = Window(browser, address, **DESK)
    page = desk.page
    page.goto(f"/console/cases/{number}")
    page.get_by_label("用户名").fill("office")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", name=TEXT[:10])).to_be_visible()
    _presses(page, "初审通过", "通过初审")
    life.act("deputy", matters.hand_over, number, "到现场看过，三盏灯都不亮，建议住建局更换。", ["housing"])
    page.goto("/console/?box=all")
    _keep(page, "console")
    page.get_by_role("link", name=TEXT[:10]).click()
    panel = _opens(page, "交办")
    expect(panel.get_by_label("主办单位")).to_have_value("housing")
    panel.get_by_text("一般", exact=False).first.click()
    panel.get_by_role("button", name="交办", exact=True).click()
    expect(page.get_by_role("status").first).to_be_visible()
    assert life.case(number).state == "assigned"
    desk.close()


def _presses(page: Page, title: str, button: str) -> None:
    _opens(page, title).get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_role("status").first).to_be_visible()


def _opens(page: Page, title: str):
    """The panel of a move, opened."""
    panel = page.locator("details.panel").filter(has=page.locator("summary", has_text=re.compile(rf"^\s*{title}")))
    if panel.get_attribute("open") is None:
        panel.locator("summary").first.click()
    return panel


def _rates(page: Page) -> None:
    page.reload()
    expect(page.get_by_text(SAID)).to_be_visible()
    page.get_by_role("radio", name="满意", exact=True).tap()
    for group, grade in (("态度", "5 分"), ("速度", "4 分")):
        page.get_by_role("group", name=group).get_by_role("radio", name=grade).tap()
    page.get_by_role("button", name="提交评价").tap()
    expect(page.get_by_role("heading", name="已销号")).to_be_visible()


def _keep(page: Page, name: str) -> None:
    """Keep a small picture of the page for the README, when asked to."""
    if os.environ.get("LIAISON_SCREENSHOTS") != "1":
        return
    page.evaluate("scrollTo(0, 0)")
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    path = ROOT / "docs" / f"{name}.png"
    for colours in (256, 128, 64, 32):
        image.quantize(colours).save(path, optimize=True)
        if path.stat().st_size <= PICTURE_BYTES:
            return
    raise AssertionError(f"{path} is too large for a README")
