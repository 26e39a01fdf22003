"""A matter told on a phone that loses its signal, in a real browser: nothing typed is lost, and it counts once."""

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from liaison.db import session
from liaison.domain import station_codes
from liaison.models.cases import Attachment, Case
from liaison.models.matters import Matter
from tests.support.browser import CHROMIUM, MICROPHONE, PHONE, Window, chromium, served
from tests.support.pictures import photo
from tests.support.sounds import mp3
from tests.support.town import Town

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here; `make browser` installs it")

TEXT = "幸福路 12 号门前路灯坏了三盏，晚上老人孩子走路看不清，希望尽快修好。"
KEPT = "caches.open('pages-1').then((shelf) => shelf.keys()).then((kept) => kept.map((each) => each.url))"
HEAVIEST = 60_000  # bytes of a page with all it loads, as they go over the line
REFUSES = "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'))"
WAITS = "已存在手机里，有网时自动发出"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium"), *MICROPHONE) as browser:
        yield browser


@pytest.fixture
def address(live_app: Flask, live_town: Town) -> Iterator[str]:
    with served(live_app) as address:
        yield address


def scanned(app: Flask) -> str:
    """The address behind the QR code."""
    return f"/s/S001?k={station_codes.sign('S001', app.extensions['liaison'].keys.stations)}"


def stands_at_the_wall(page: Page, where: str) -> None:
    """Scan the code while there is a signal, and let the phone keep the station and its form."""
    page.goto(where)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")  # what it keeps is of use once it is at work
    for ending in ("/s/S001/new", "/static/tell.js", where):
        page.wait_for_function(f"(end) => {KEPT}.then((kept) => kept.some((each) => each.endsWith(end)))", arg=ending)


def tells_without_signal(context: BrowserContext, page: Page, folder: Path) -> None:
    """From the station's page to the words that it waits on the phone, all of it offline."""
    context.set_offline(True)
    page.get_by_role("link", name="我要说事").tap()
    page.get_by_label("什么事？").fill(TEXT)
    (folder / "IMG_0001.JPG").write_bytes(photo())
    page.locator("input[name=photos]").set_input_files([folder / "IMG_0001.JPG"])
    expect(page.get_by_role("button", name="去掉照片 1")).to_be_visible()
    page.get_by_role("button", name="提交").first.tap()
    expect(page.get_by_role("heading", name=WAITS)).to_be_visible()
    assert session.query(Case).count() == 0


def told_once() -> Case:
    session.rollback()
    assert session.query(Attachment).count() == 1
    assert session.query(Matter).one().source == "scan"
    return session.query(Case).one()


def closes(window: Window, *more: str) -> None:
    """Close the window, which may have complained of nothing but the missing signal and `more`."""
    expected = re.compile("|".join(("ERR_INTERNET_DISCONNECTED", "ERR_FAILED", *more)))
    window.complaints = [each for each in window.complaints if not expected.search(each)]
    window.close()


def test_what_is_told_without_a_signal_goes_out_once_when_it_is_back(
    browser: Browser, live_app: Flask, address: str, tmp_path: Path
) -> None:
    window = Window(browser, address, **PHONE)
    page = window.page
    stands_at_the_wall(page, scanned(live_app))
    window.context.set_offline(True)
    page.reload()
    expect(page.get_by_text("这是本站的二维码")).to_be_visible()  # the signed address, from the phone
    tells_without_signal(window.context, page, tmp_path)
    window.context.set_offline(False)
    expect(page.get_by_role("heading", name="收到了")).to_be_visible(timeout=20_000)
    case = told_once()
    expect(page.get_by_text(case.number)).to_be_visible()
    page.get_by_role("link", name="看回执和进度").tap()
    expect(page.get_by_role("heading", name=case.title)).to_be_visible()
    page.goto("/s/S001")
    expect(page.locator("[data-outbox]")).to_be_hidden()  # the phone has forgotten it
    assert not [each for each in page.evaluate(KEPT) if "/m" in each]
    closes(window)


def test_a_phone_put_away_while_it_waits_sends_it_once_at_the_next_opening(
    browser: Browser, live_app: Flask, address: str, tmp_path: Path
) -> None:
    window = Window(browser, address, **PHONE)
    stands_at_the_wall(window.page, scanned(live_app))
    tells_without_signal(window.context, window.page, tmp_path)
    window.page.close()
    window.context.set_offline(False)
    pages = [window.context.new_page(), window.context.new_page()]
    for page in pages:  # whoever comes first: one of the pages, or the worker
        page.goto("/s/S001")
    expect(pages[0].get_by_role("heading", name="已经发出")).to_be_visible(timeout=20_000)
    case = told_once()
    assert case.number not in pages[0].locator("main").inner_text(), "the next to hold this phone is asked first"
    pages[0].get_by_role("button", name="是我写的").tap()
    expect(pages[0].get_by_text(case.number)).to_be_visible()
    closes(window)


def test_a_draft_outlives_the_page_with_all_its_parts_and_can_be_thrown_away(
    browser: Browser, address: str, tmp_path: Path
) -> None:
    window = Window(browser, address, **PHONE)
    page = window.page
    page.goto("/s/S001/new")
    speaks(page)
    page.get_by_label("什么事？").fill(TEXT)
    page.get_by_text("补充更多").tap()
    page.get_by_label("称呼").fill("王")
    page.get_by_label("部门", exact=True).select_option("housing")
    page.get_by_label("同意让经办的人看到").check()
    Image.frombytes("RGB", (3000, 2000), random.Random(1).randbytes(18_000_000)).save(tmp_path / "IMG_0001.JPG")
    page.locator("input[name=photos]").set_input_files([tmp_path / "IMG_0001.JPG"])
    expect(page.get_by_text("草稿已保存在这部手机上")).to_be_visible()
    expect(page.get_by_role("button", name="去掉照片 1")).to_be_visible()
    page.wait_for_function(WRITTEN)
    width, size = page.evaluate(SHRUNK)
    assert width == 2048 and size < (tmp_path / "IMG_0001.JPG").stat().st_size
    page.reload()
    expect(page.get_by_label("什么事？")).to_have_value(TEXT)
    expect(page.get_by_label("称呼")).to_have_value("王")
    expect(page.get_by_label("部门", exact=True)).to_have_value("housing")
    expect(page.get_by_label("同意让经办的人看到")).to_be_checked()
    expect(page.get_by_role("button", name="去掉照片 1")).to_be_visible()
    expect(page.get_by_role("button", name="删掉录音")).to_be_visible()
    page.get_by_role("button", name="清空草稿").tap()
    expect(page.get_by_label("什么事？")).to_have_value("")
    closes(window)


DRAFT = """new Promise((told) => {
  const asked = indexedDB.open("liaison", 1);
  asked.onsuccess = () => {
    const found = asked.result.transaction("drafts").objectStore("drafts").get("S001");
    found.onsuccess = () => told(found.result || { photos: [], fields: [] });
  };
})"""
WRITTEN = f"""{DRAFT}.then((draft) => draft.photos.length && draft.voice
  && draft.fields.some((field) => field[0] === "share_identity"))"""
SHRUNK = f"""{DRAFT}.then((draft) => createImageBitmap(draft.photos[0]).then(
  (image) => [image.width, draft.photos[0].size]))"""


def speaks(page: Page) -> None:
    page.get_by_role("button", name="录一段话").tap()
    expect(page.get_by_text("正在录音 1 秒")).to_be_visible()
    page.get_by_role("button", name="停止录音").tap()
    expect(page.get_by_role("button", name="删掉录音")).to_be_visible()


def test_who_speaks_need_not_write(browser: Browser, address: str) -> None:
    window = Window(browser, address, **PHONE)
    page = window.page
    page.goto("/s/S001/new")
    submit = page.get_by_role("button", name="提交").first.bounding_box()
    assert submit["y"] + submit["height"] <= PHONE["viewport"]["height"], "words, photo, voice and button at a glance"
    speaks(page)
    page.get_by_role("button", name="提交").first.tap()
    expect(page.get_by_role("heading", name="收到了")).to_be_visible()
    session.rollback()
    assert session.query(Case).one().text == "（语音留言，见附件）"
    assert session.query(Attachment).one().mime == "audio/webm"
    heard = page.locator("audio")
    heard.evaluate("player => player.load()")
    page.wait_for_function("player => player.readyState >= 1 && player.duration > 0", arg=heard.element_handle())
    closes(window)


def test_whoever_may_not_record_is_told_why_and_chooses_a_file(browser: Browser, address: str, tmp_path: Path) -> None:
    window = Window(browser, address, **PHONE)
    page = window.page
    page.add_init_script(REFUSES)
    page.goto("/s/S001/new")
    page.get_by_role("button", name="录一段话").tap()
    expect(page.get_by_text("没有得到使用话筒的许可")).to_be_visible()
    expect(page.get_by_text("选择录音")).to_be_visible()
    (tmp_path / "memo.mp3").write_bytes(mp3())
    page.locator("input[name=voice]").set_input_files([tmp_path / "memo.mp3"])
    page.get_by_role("button", name="提交").first.tap()
    expect(page.get_by_role("heading", name="收到了")).to_be_visible()
    session.rollback()
    assert session.query(Attachment).one().mime == "audio/mpeg"
    closes(window)


def test_sending_can_be_taken_back_and_nothing_typed_is_lost(browser: Browser, address: str) -> None:
    window = Window(browser, address, **PHONE)
    page = window.page
    page.goto("/s/S001/new")
    page.get_by_label("什么事？").fill(TEXT)
    held = []
    page.context.route("**/s/S001/new", lambda route: held.append(route))
    page.get_by_role("button", name="提交").first.tap()
    expect(page.get_by_role("progressbar", name="发送进度")).to_be_visible()
    page.get_by_role("button", name="取消").tap()
    expect(page.get_by_text("已取消发送")).to_be_visible()
    page.context.unroute("**/s/S001/new")
    page.context.clear_cookies()  # so that the page's token is stale, as that of a page kept for bad times
    expect(page.get_by_label("什么事？")).to_have_value(TEXT)
    page.get_by_role("button", name="提交").first.tap()
    expect(page.get_by_role("heading", name="收到了")).to_be_visible()
    session.rollback()
    assert session.query(Case).count() == 1
    assert any("422" in each for each in window.complaints), "the stale token was noticed, and sent anew by itself"
    closes(window, "422")


def test_a_crowd_is_waited_for_and_a_refusal_comes_back_to_be_changed(browser: Browser, address: str) -> None:
    window = Window(browser, address, service_workers="block", **PHONE)  # no worker that asks past these routes
    page, asked = window.page, []
    answers = [
        (429, {"challenge": {"parameters": {}}}, {"Retry-After": "20"}),
        (422, {"errors": {"photos": ["第 1 张已损坏。"]}}, {}),
    ]

    def answer(route: Route) -> None:
        asked.append(route.request.headers)
        status, told, headers = answers[len(asked) - 1]
        route.fulfill(status=status, json=told, headers=headers)

    page.clock.install()
    page.goto("/s/S001/new")
    page.get_by_label("什么事？").fill(TEXT)
    page.route("**/s/S001/new", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    page.route("**/api/v1/stations/S001/matters", answer)
    page.get_by_role("button", name="提交").first.tap()
    page.get_by_role("button", name="现在就发").tap()
    expect(page.get_by_text("现在还发不出去")).to_be_visible()
    page.clock.fast_forward(31_000)
    expect(page.get_by_text("第 1 张已损坏。")).to_be_visible()
    assert [headers["idempotency-key"] for headers in asked] == [asked[0]["idempotency-key"]] * 2
    assert "x-proof-of-work" not in asked[0] and asked[1]["x-proof-of-work"]
    page.unroute_all()
    page.get_by_role("button", name="拿回来修改").tap()
    expect(page.get_by_label("什么事？")).to_have_value(TEXT)
    page.get_by_role("button", name="提交").first.tap()
    expect(page.get_by_role("heading", name="收到了")).to_be_visible()
    session.rollback()
    assert session.query(Case).one().text == TEXT
    closes(window, "429", "422", "blocked by Playwright")


@pytest.mark.parametrize("path", ["/s/S001", "/s/S001/new"])
def test_station_and_form_are_light_and_load_nothing_from_elsewhere(browser: Browser, address: str, path: str) -> None:
    window = Window(browser, address, **PHONE)
    line = window.context.new_cdp_session(window.page)
    line.send("Network.enable")
    sizes, asked = [], []
    line.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
    line.on("Network.requestWillBeSent", lambda told: asked.append(told["request"]["url"]))
    window.page.goto(path, wait_until="networkidle")
    assert len(sizes) >= 4
    assert sum(sizes) <= HEAVIEST, json.dumps(asked)
    assert not [each for each in asked if not each.startswith((address, "blob:", "data:"))]
    closes(window)
