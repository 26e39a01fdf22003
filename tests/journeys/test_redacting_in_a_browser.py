"""A clerk draws over a photo with the mouse: the public is served black pixels there, and the original is untouched."""

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from liaison.db import session
from liaison.services import matters, photos
from tests.support.browser import CHROMIUM, DESK, PHONE, Window, chromium, served
from tests.support.life import HAPPY, TEXT, Life
from tests.support.pictures import photo
from tests.support.town import PASSWORD

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here; `make browser` installs it")

PERSONAL = f"{TEXT}我叫王小明，电话13812345678，住3栋2单元501室，车牌苏A12345。"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


def closed_with_photo(app: Flask, life: Life) -> str:
    """The number of a closed matter with one photo."""
    kept = photos.keep(app.extensions["liaison"].store, photos.prepare(photo(size=(800, 600))))
    number = life.submit(text=PERSONAL, files=(kept,)).case.number
    life.act("office", matters.accept, number)
    life.act("deputy", matters.hand_over, number, "情况属实。", ["housing"])
    life.dispatch(number)
    life.work(f"{number}.1")
    life.act("deputy", matters.judge, number, True, "")
    life.rate(number, HAPPY)
    session.remove()
    return number


def darkest(data: bytes, x: float, y: float) -> int:
    """The brightest colour of a point, at shares of the picture: nothing but black has none."""
    image = Image.open(BytesIO(data)).convert("RGB")
    return max(image.getpixel((int(x * image.width), int(y * image.height))))


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw a box over the photo, at shares of it."""
    layer = page.locator(".canvas svg")
    layer.scroll_into_view_if_needed()
    frame = layer.bounding_box()
    spots = [(frame["x"] + frame["width"] * x, frame["y"] + frame["height"] * y) for x, y in (start, end)]
    page.mouse.move(*spots[0])
    page.mouse.down()
    page.mouse.move(*spots[1], steps=4)
    page.mouse.up()


def test_what_is_drawn_over_is_black_for_the_public_and_whole_in_the_original(
    browser: Browser, live_app: Flask, live_life: Life, tmp_path: Path
) -> None:
    folder = Path(os.environ.get("LIAISON_PICTURES", tmp_path))
    number = closed_with_photo(live_app, live_life)
    with served(live_app) as address:
        desk = Window(browser, address, **DESK)
        page = desk.page
        page.goto("/console/sign-in")
        page.get_by_label("用户名").fill("office")
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("main").get_by_role("button", name="登录").click()
        page.goto(f"/console/cases/{number}")
        page.get_by_role("link", name="公开答复").click()
        expect(page.get_by_label("公开的事由")).not_to_have_value("13812345678")
        before = desk.context.request.get(f"/files/{number}/1").body()
        drag(page, (0.1, 0.1), (0.3, 0.3))
        drag(page, (0.5, 0.5), (0.9, 0.9))
        expect(page.locator(".canvas rect")).to_have_count(2)
        page.locator(".canvas rect").first.click()
        expect(page.locator(".canvas rect")).to_have_count(1)
        page.screenshot(path=folder / "redacting.png", full_page=True)
        page.get_by_label("群众已同意公开").check()
        page.get_by_role("button", name="预览").click()
        shown = page.locator("#preview img")
        expect(shown).to_have_js_property("complete", True)
        page.screenshot(path=folder / "preview.png", full_page=True)
        page.get_by_role("button", name="公开", exact=True).click()
        expect(page.get_by_role("status")).to_contain_text("已公开")
        page.screenshot(path=folder / "published.png", full_page=True)
        public = Window(browser, address, **PHONE)
        public.page.goto(f"/public/{number}")
        expect(public.page.get_by_role("img", name="照片 1")).to_be_visible()
        public.page.screenshot(path=folder / "public.png", full_page=True)
        served_to_all = public.context.request.get(f"/public/{number}/photos/1").body()
        assert darkest(served_to_all, 0.7, 0.7) <= 4 < darkest(served_to_all, 0.2, 0.2)
        assert desk.context.request.get(f"/files/{number}/1").body() == before
        assert darkest(before, 0.7, 0.7) > 30
        public.close()
        desk.close()
