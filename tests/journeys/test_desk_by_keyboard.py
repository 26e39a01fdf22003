"""A clerk's morning without a mouse: sign in, find the matter, sign for it, answer, in a real browser at a desk."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from liaison.db import transaction
from liaison.services import photos
from liaison.services.quick_replies import Wording, save_quick_reply
from tests.support.browser import CHROMIUM, DESK, PHONE, Window, chromium, served
from tests.support.life import SAID, Life
from tests.support.pictures import photo
from tests.support.town import PASSWORD

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here; `make browser` installs it")

PIPE = "水管漏水把楼道泡了，老人上下楼容易滑倒，请派人来修。"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


def test_a_matter_is_found_signed_for_and_answered_by_keys_alone(
    browser: Browser, live_app: Flask, live_life: Life
) -> None:
    lamp, pipe = live_life.matter_in("assigned"), live_life.matter_in("assigned", text=PIPE)
    with served(live_app) as address:
        desk = Window(browser, address, **DESK)
        page = desk.page
        _signs_in(page)
        _moves_through_the_list(page)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("路灯")
        page.wait_for_load_state()
        page.keyboard.press("e")
        expect(page.get_by_role("button", name="签收", exact=True)).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").first).to_contain_text("已完成：签收")
        page.wait_for_load_state()
        _answers(page)
        assert live_life.assignment(f"{lamp}.1").state == "replied"
        page.wait_for_load_state()
        page.keyboard.press("g")
        page.keyboard.press("i")
        expect(page.locator("[data-row]")).to_have_count(1)
        _keys_are_off(page, live_life, pipe)
        desk.close()


def test_a_list_and_a_case_fit_a_phone_with_photos_and_texts_for_reuse(
    browser: Browser, live_app: Flask, live_life: Life
) -> None:
    store = live_app.extensions["liaison"].store
    number = live_life.matter_in("assigned", files=_kept(store))
    live_life.acknowledge(f"{number}.1")
    wording = Wording("已查看", "{编号}已现场查看。", "answer", None, False)
    live_life.act("housing_handler", save_quick_reply, wording, None)
    with served(live_app) as address:
        phone = Window(browser, address, **PHONE)
        page = phone.page
        _signs_in(page)
        narrowed, duty = "/console/?due_from=2026-01-01&sort=due", f"/console/assignments/{number}.1"
        for path in (narrowed, duty, "/console/quick-replies"):
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth") == PHONE["viewport"]["width"], path
        page.goto(f"/console/assignments/{number}.1")
        page.locator("a[data-full]").first.tap()
        viewer = page.get_by_role("dialog", name="照片")
        expect(viewer.get_by_text("1 / 2")).to_be_visible()
        page.keyboard.press("ArrowRight")
        expect(viewer.get_by_text("2 / 2")).to_be_visible()
        page.keyboard.press("Escape")
        expect(viewer).to_be_hidden()
        page.get_by_label("答复内容").fill("先说一句。")
        page.get_by_label("快捷回复").select_option("已查看")
        expect(page.get_by_label("答复内容")).to_have_value(f"先说一句。\n{number}已现场查看。")
        expect(page.get_by_role("button", name="用这个模板")).to_be_hidden()
        expect(page.get_by_text("已自动保存")).to_be_visible()
        assert live_life.assignment(f"{number}.1").state == "acknowledged"
        page.reload()
        page.get_by_role("button", name="丢弃草稿").tap()
        expect(page.get_by_role("status").first).to_contain_text("草稿已丢弃")
        expect(page.get_by_label("答复内容")).to_have_value("")
        phone.close()


def _kept(store) -> tuple:
    return tuple(photos.keep(store, photos.prepare(photo(colour), name="灯.jpg")) for colour in ((9, 9, 9), (99, 9, 9)))


def _signs_in(page: Page) -> None:
    page.goto("/console/")
    _tabs_to(page, "[name=username]")
    page.keyboard.type("housing_handler")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="交办单")).to_be_visible()
    page.wait_for_load_state()  # what is there to be read may be there before the keys are


def _tabs_to(page: Page, wanted: str) -> None:
    """Press Tab until what is wanted has the focus."""
    for _ in range(60):
        if page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no way to {wanted} by Tab")


def _moves_through_the_list(page: Page) -> None:
    links = page.locator("[data-row] .what a")
    expect(links).to_have_count(2)
    page.keyboard.press("j")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(page.locator("[data-row] input").nth(0)).to_be_checked()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="按键")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("路灯jkxe?")
    expect(page.locator("[name=q]")).to_have_value("路灯jkxe?")
    expect(page.get_by_role("dialog", name="按键")).to_be_hidden()
    for _ in range(5):
        page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    expect(links).to_have_count(1)
    page.wait_for_load_state()
    page.keyboard.press("j")
    expect(links.nth(0)).to_be_focused()


def _answers(page: Page) -> None:
    page.keyboard.press("e")
    expect(page.get_by_label("答复内容")).to_be_focused()
    page.keyboard.type(SAID)
    expect(page.get_by_text("已自动保存")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("更换灯具三盏并接通电源")
    page.keyboard.press("Tab")
    page.keyboard.type("市政科王科长")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("已完成：报送答复")


def _keys_are_off(page: Page, life: Life, number: str) -> None:
    with transaction():
        life.town.accounts["housing_handler"].single_keys = False
    page.goto("/console/")
    page.keyboard.press("j")
    assert not page.evaluate("document.activeElement.closest('[data-row]') !== null")
    _tabs_to(page, f"a[href='/console/assignments/{number}.1']")
