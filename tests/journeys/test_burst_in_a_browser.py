"""The page that works off a proof by itself, in a real browser under its real policy, on a phone and at a desk."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from liaison.db import session
from liaison.models.cases import Attachment, Case
from liaison.web import bursts
from tests.support.browser import CHROMIUM, DESK, PHONE, Window, chromium, served
from tests.support.edge import limits_on
from tests.support.pictures import photo
from tests.support.town import Town

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here; `make browser` installs it")

TEXT = "幸福路 12 号门前路灯坏了三盏，晚上老人孩子走路看不清，希望尽快修好。"
SOLVER = "**/vendor/pbkdf2.js"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture
def address(live_app: Flask, live_town: Town) -> Iterator[str]:
    """The application with its limits on, while station S001 has had its fill."""
    with limits_on(live_app):
        for _ in range(bursts.PER_STATION[1].amount):
            live_app.extensions["bursts"].hit(bursts.PER_STATION[1], "station", "S001")
        with served(live_app) as address:
            yield address


def fills_in(page: Page, folder: Path) -> None:
    """Open the form and fill it in with a photo."""
    page.goto("/s/S001/new")
    page.get_by_label("什么事？").fill(TEXT)
    (folder / "IMG_0001.JPG").write_bytes(photo())
    page.locator("input[name=photos]").set_input_files([folder / "IMG_0001.JPG"])


def closes(window: Window) -> None:
    """Close the window, which may have complained of nothing but the answer that asks for a proof."""
    window.complaints = [each for each in window.complaints if "429" not in each]
    window.close()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_the_browser_works_it_off_and_sends_words_and_photo_by_itself(
    browser: Browser, address: str, tmp_path: Path, size: dict[str, Any]
) -> None:
    window = Window(browser, address, **size)
    fills_in(window.page, tmp_path)
    window.page.get_by_role("button", name="提交").first.click()
    expect(window.page.get_by_role("heading", name="收到了")).to_be_visible(timeout=20_000)
    assert any("429" in each for each in window.complaints), "it was asked for a proof"
    closes(window)
    assert session.query(Case).count() == session.query(Attachment).count() == 1


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_while_it_works_the_page_shows_that_everything_is_there(
    browser: Browser, address: str, tmp_path: Path, size: dict[str, Any]
) -> None:
    window = Window(browser, address, **size)
    held = []
    window.page.route(SOLVER, lambda route: held.append(route))  # a phone that takes its time
    fills_in(window.page, tmp_path)
    window.page.get_by_role("button", name="提交").first.click()
    expect(window.page.get_by_text("正在替您排队")).to_be_visible()
    expect(window.page.get_by_text(TEXT)).to_be_visible()
    expect(window.page.get_by_text("照片 1 张")).to_be_visible()
    expect(window.page.get_by_role("button", name="提交")).to_have_count(0)  # nothing to tap while it works
    assert window.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    window.page.screenshot(path=tmp_path / "queue.png")
    held[0].continue_()
    expect(window.page.get_by_role("heading", name="收到了")).to_be_visible(timeout=20_000)
    closes(window)
