"""A matter told in WeChat: scanned, known without a password, told of news there, rated from the message."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from redis import Redis

from liaison.db import transaction
from liaison.domain import station_codes
from liaison.services import matters
from liaison.services.delivery import Post, send_notices
from liaison.settings import Notices, ServiceAccount
from liaison.ways_out import open_outlets
from sandbox.people import openid_of
from tests.support.browser import CHROMIUM, PHONE, Window, chromium, served
from tests.support.clock import FakeClock
from tests.support.faces import faults, sideways
from tests.support.life import SAID, Life
from tests.support.outside import Outside, open_outside
from tests.support.pictures import photo
from tests.support.sending import relay
from tests.support.servers import Servers, committed
from tests.support.town import build_town

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here; `make browser` installs it")

APPID, SECRET = "wx-sandbox-service", "sandbox-secret"
AGENT = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/116.0 Mobile MicroMessenger/8.0.50 WeChat/arm64"
NARROW = {"width": 320, "height": 640}
TEXT = "幸福路 12 号门前路灯坏了三盏，晚上老人孩子走路看不清，希望尽快修好。"


@pytest.fixture
def outside() -> Iterator[Outside]:
    """WeChat, and the phones of those who use it."""
    with open_outside() as outside:
        yield outside


@pytest.fixture
def wechat_app(servers: Servers, clock: FakeClock, outside: Outside) -> Iterator[Flask]:
    """An application with a service account at that WeChat."""
    told = ServiceAccount(
        app_id=APPID,
        secret=SECRET,
        template="sandbox-template",
        base_url=outside.url,
        open_url=outside.url,
        script_url=f"{outside.url}/open/js/jweixin-1.6.0.js",
    )
    inside = Notices(private_hosts="127.0.0.1")
    with servers.app("wechat", clock, service_account=told, notices=inside) as app, committed(app):
        yield app


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


def test_a_matter_told_in_wechat_comes_back_there(
    browser: Browser, wechat_app: Flask, clock: FakeClock, outside: Outside, tmp_path: Path
) -> None:
    with transaction():
        town = build_town()
    life = Life(town, clock, wechat_app.extensions["liaison"].keys)
    with served(wechat_app) as address:
        _move_to(wechat_app, address, outside)
        phone = Window(browser, address, **PHONE, user_agent=AGENT)
        number = _tells(phone.page, life, outside, tmp_path)
        life.act("office", matters.accept, number)
        life.act("deputy", matters.hand_over, number, "到现场看过，三盏灯都不亮。", ["housing"])
        life.dispatch(number)
        life.work(f"{number}.1")
        life.act("deputy", matters.judge, number, True, "")
        _hears(life, wechat_app, address)
        _rates(phone.page, number, outside)
        phone.close()
    assert life.case(number).state == "closed"


def _move_to(app: Flask, address: str, outside: Outside) -> None:
    """Let the application be called by the address it is served at."""
    usual = app.extensions["liaison"]
    app.extensions["liaison"] = replace(usual, config=replace(usual.config, base_url=address))


def _tells(page: Page, life: Life, outside: Outside, folder: Path) -> str:
    """Scan, say at WeChat who one is, tell with a photo and wish to hear of news; returns the number."""
    page.goto(f"/s/S001?k={station_codes.sign('S001', life.keys.stations)}")
    assert page.url.startswith(f"{outside.url}/connect/oauth2/authorize")
    page.get_by_role("link", name="王秀英").tap()
    expect(page.get_by_text("这是本站的二维码")).to_be_visible()
    page.get_by_role("link", name="我要说事").tap()
    page.get_by_label("什么事？").fill(TEXT)
    page.wait_for_function("() => typeof ways !== 'undefined' && ways.photos")
    page.locator("label.pick[for=photos]").tap()
    expect(page.get_by_role("button", name="去掉照片 1")).to_be_visible()
    (folder / "IMG_0001.JPG").write_bytes(photo())
    page.locator("input[name=photos]").set_input_files(folder / "IMG_0001.JPG")
    expect(page.get_by_role("button", name="去掉照片 2")).to_be_visible()
    page.get_by_text("补充更多").tap()
    page.get_by_role("button", name="用我现在的位置").tap()
    expect(page.get_by_text("已记下位置")).to_be_visible()
    page.get_by_label("有进展时，微信告诉我").check()
    page.get_by_role("button", name="提交").first.tap()
    expect(page.get_by_role("heading", name="收到了")).to_be_visible()
    expect(page.get_by_text("已经放进“我的事项”")).to_be_visible()
    expect(page.locator("main img[src*='/files/']")).to_have_count(2)
    return re.search(r"M\d{4}-\d{6}-\w", page.locator("main").inner_text())[0]


def _hears(life: Life, app: Flask, address: str) -> None:
    """The worker's part: whatever is due goes out to WeChat."""
    config = app.extensions["liaison"].config
    with Redis.from_url(config.redis.url) as redis:
        post = Post(open_outlets(config, redis), lambda: life.keys, life.clock, address)
        assert send_notices(relay(life), post, slots=2) >= 1


def _rates(page: Page, number: str, outside: Outside) -> None:
    """On another day, without a code: from the message to the answer, and rate it."""
    page.context.clear_cookies(name="session")
    mine = [each for each in outside.messages() if each["address"] == openid_of(APPID, "wang")]
    assert mine and all("路灯" not in each["text"] + each["detail"] for each in mine), "that there is news, not what"
    page.goto(f"{outside.url}/?user=wang")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="查看详情").first.tap()
    matter = opened.value
    expect(matter.get_by_text(SAID)).to_be_visible()
    matter.get_by_role("radio", name="满意", exact=True).tap()
    for group, grade in (("态度", "5 分"), ("速度", "4 分")):
        matter.get_by_role("group", name=group).get_by_role("radio", name=grade).tap()
    matter.get_by_role("button", name="提交评价").tap()
    expect(matter.get_by_role("heading", name="已销号")).to_be_visible()
    page.goto(matter.url.partition("/m/")[0] + "/my")
    expect(page.get_by_role("link", name=TEXT[:10])).to_contain_text("已销号")
    for size in ("usual", "largest"):
        page.context.add_cookies([{"name": "size", "value": size, "url": page.url}])
        for path in ("/my", f"/m/{number}", "/s/S001/new"):
            page.goto(path)
            assert faults(page) + sideways(page, NARROW) == [], f"{size} {path}"
            page.set_viewport_size(PHONE["viewport"])
