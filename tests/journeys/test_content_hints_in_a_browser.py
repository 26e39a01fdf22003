"""A risky text in a real browser, past a sandbox of WeChat: taken in, shown to the office, let through, handled."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect
from redis import Redis
from sqlalchemy import select

from liaison.db import session, transaction
from liaison.models.cases import Case
from liaison.services import checking, inbound, visitors
from liaison.services.checking import Checker
from liaison.settings import Checks, ServiceAccount
from liaison.ways_out import open_checks
from sandbox.checks import media_checked
from sandbox.events import xml
from tests.support.browser import CHROMIUM, DESK, PHONE, Window, chromium, served
from tests.support.clock import FakeClock
from tests.support.outside import OPENID, Outside, open_outside
from tests.support.pictures import photo
from tests.support.pushes import SETTINGS, WeChat
from tests.support.servers import Servers, committed
from tests.support.town import PASSWORD, build_town

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here; `make browser` installs it")

UNSCREENED = "S002"
RISKY = "城东镇北街 12 号楼上有人卖冰毒，半夜很多人进出，老人孩子都害怕，请尽快处理。"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture
def outside() -> Iterator[Outside]:
    with open_outside() as outside:
        yield outside


@pytest.fixture
def asking(servers: Servers, outside: Outside, clock: FakeClock) -> Iterator[Flask]:
    """An installation that asks WeChat, on a database of its own."""
    account = ServiceAccount("wx-sandbox-service", "sandbox-secret", "sandbox-template", base_url=outside.url)
    sections = {"service_account": account, "checks": Checks(wechat=True), "callbacks": SETTINGS}
    with servers.app("asking", clock, **sections) as app, committed(app):
        with transaction():
            build_town()
        yield app


def check(app: Flask, address: str) -> int:
    """What the job does."""
    wiring = app.extensions["liaison"]
    with Redis.from_url(wiring.config.redis.url) as redis:
        return checking.check(Checker(open_checks(wiring.config, redis), wiring.read_keys, wiring.clock, address))


def comes_by_wechat(app: Flask, window: Window, address: str, clock: FakeClock) -> None:
    """Let whoever holds this phone be known by WeChat, as after the way out to it and back."""
    with transaction():
        token = visitors.enter(OPENID, app.extensions["liaison"].keys, clock()).token
    window.context.add_cookies([{"name": "wechat", "value": token, "url": address}])


def signed_in(browser: Browser, address: str, username: str, path: str) -> Window:
    window = Window(browser, address, **DESK)
    window.page.goto(f"/console/sign-in?next={path}")
    window.page.fill("[name=username]", username)
    window.page.fill("[name=password]", PASSWORD)
    window.page.get_by_role("button", name="登录").click()
    window.page.wait_for_url(f"**{path}**")
    return window


def test_a_risky_text_is_taken_in_read_by_the_office_let_through_and_handled(
    asking: Flask, outside: Outside, browser: Browser, clock: FakeClock
) -> None:
    with ExitStack() as stack:
        address = stack.enter_context(served(asking))
        resident = Window(browser, address, **PHONE)
        comes_by_wechat(asking, resident, address, clock)
        resident.page.goto(f"/s/{UNSCREENED}/new")
        resident.page.fill("#text", RISKY)
        picture = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo(size=(60, 40))}
        resident.page.set_input_files("input[name=photos]", picture)
        resident.page.get_by_role("button", name="提交").click()
        resident.page.wait_for_url("**/m/**")
        tracking = resident.page.url
        case = session.scalars(select(Case)).one()
        assert case.state == "submitted" and check(asking, address) == 2
        assert [each for each in outside.checks()["texts"] if "冰毒" in each] == [RISKY]
        session.expire_all()
        assert session.scalars(select(Case.state)).one() == "submitted"

        office = signed_in(browser, address, "office", "/console/queue/screening")
        page = office.page
        expect(page.locator(".hints")).to_contain_text("平台提示：可能涉及违法犯罪，提示较强")
        (trace_id,) = outside.checks()["media"]
        told = media_checked(OPENID, "wx-sandbox-service", trace_id, "review", 20001)
        assert WeChat(asking.test_client(), clock).push(xml(told).encode()).status_code == 200
        with transaction():
            assert inbound.work_off(clock(), asking.extensions["liaison"].keys) == 1
        page.get_by_role("link", name="只看有提示的").click()
        expect(page.locator(".hints")).to_contain_text("附件 1 可能涉及时政")
        page.get_by_role("button", name="通过初审").click()
        expect(page.get_by_text("有内容提示的没有了")).to_be_visible()
        office.close()

        deputy = signed_in(browser, address, "other_deputy", "/console/")
        deputy.page.locator(f"a[href*='{case.number}']").first.click()
        expect(deputy.page.get_by_text("楼上有人卖冰毒").first).to_be_visible()
        assert "内容提示" not in deputy.page.content() and "可能涉及" not in deputy.page.content()
        deputy.close()

        resident.page.goto(tracking)
        expect(resident.page.get_by_text("代表").first).to_be_visible()
        assert "提示，请人工判断" not in resident.page.content() and "可能涉及" not in resident.page.content()
        resident.close()
