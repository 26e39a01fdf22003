"""Every page a resident can open, as a phone shows it: light, dark and in the largest letters, on a narrow screen.

The pages come from the application, so that a new one is looked at by itself. With LIAISON_PICTURES=folder each page is
kept as a picture, at a desk and in the other languages as well.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from liaison.db import session
from liaison.services import publication
from liaison.services.anchors import put_anchor
from liaison.services.intake import Submitted
from liaison.services.vault import Contact, Spot
from tests.support.browser import CHROMIUM, DESK, PHONE, Window, chromium, served
from tests.support.faces import PICTURES, faults, keep, sideways
from tests.support.life import SAID, TEXT, Life

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here; `make browser` installs it")

ELSEWHERE = ("/api/", "/console", "/files/", "/static/", "/callbacks/", "/checked/", "/wechat/", "/wall", "/duty/")
"""Where addresses begin that are no pages of residents."""

ABSENT = "/no/such/page"
STATES = ("needs_info", "assigned", "rating", "closed", "redirected")
TOUCHED = "button, summary, select, input:not([type=hidden]), textarea, .weui-cell, .foot a, .size, .tile, a.button"
LEAST = {"usual": 44, "largest": 60}  # px a finger needs, and one that trembles
NARROW, USUAL = {"width": 320, "height": 640}, PHONE["viewport"]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


class Remembering(Life):
    """Keeps what every submission was answered with."""

    def __init__(self, life: Life) -> None:
        super().__init__(life.town, life.clock, life.keys)
        self.told: dict[str, Submitted] = {}

    def submit(self, *arguments, **named) -> Submitted:
        """Submit a matter as a visitor, and keep its code."""
        told = super().submit(*arguments, **named)
        self.told[told.case.number] = told
        return told


def addresses(app: Flask, life: Remembering) -> list[str]:
    """Every page with something on it: each of a matter once, and the matter itself in several states."""
    told = life.submit(text=TEXT, contact=Contact("周小明", "13912345678"), place=Spot("北街路口"), share_identity=True)
    matters = [life.matter_in(state) for state in STATES]
    closed = matters[STATES.index("closed")]
    words = {"title": "北街路灯已经修好", "text": TEXT, "answer": SAID, "consent": True}
    life.act("office", publication.publish, closed, **words)
    config = app.extensions["liaison"].config
    put_anchor(Path(config.history.anchors), config.secrets.anchor_key, life.clock())
    known = {"code": "S001", "number": told.case.number, "version": "1", "day": "2026-03-02"}
    elsewhere = {"/public/<number>": {"number": closed}, "/deputies/<code>": {"code": "D003"}}
    found = [f"/m/{number}" for number in matters] + [ABSENT, "/public?q=没有这样的事"]
    for rule in app.url_map.iter_rules():
        is_file = rule.arguments & {"position", "proof"}
        if "GET" in rule.methods and not is_file and not rule.rule.startswith(ELSEWHERE):
            named = known | elsewhere.get(rule.rule, {})
            assert rule.arguments <= set(named), f"{rule}: say in `known` what its arguments are"
            with app.test_request_context():
                found.append(app.url_map.bind("").build(rule.endpoint, {each: named[each] for each in rule.arguments}))
    return found


def pages(window: Window, life: Remembering, asked: list[str]) -> list[str]:
    """Those of the addresses that answer with a page; the window carries the codes of all matters from now on."""
    for number, told in life.told.items():
        assert window.context.request.get(f"/m/{number}?c={told.secret}").ok
    found = []
    for address in asked:
        answer = window.context.request.get(address)
        if answer.headers["content-type"].startswith("text/html"):
            assert answer.ok or address == ABSENT, f"{address}: {answer.status}"
            found.append(address)
    return found


def narrow(page: Page) -> list[str]:
    """What sticks out at 320 px."""
    found = sideways(page, NARROW)
    page.set_viewport_size(USUAL)
    return found


def small(page: Page, least: int) -> list[str]:
    """What is shown to be touched and lower than a finger needs; a tick counts with the words beside it."""
    low = page.locator(TOUCHED).evaluate_all(
        "(all, least) => all.map(each => each.closest('.check') || each)"
        ".filter(each => each.offsetParent && each.getBoundingClientRect().height < least - 0.5)"
        ".filter(each => getComputedStyle(each).position !== 'absolute')"
        ".map(each => each.outerHTML.slice(0, 120))",
        least,
    )
    return [f"lower than {least} px: {each}" for each in low]


def test_no_page_of_residents_keeps_anybody_out(browser: Browser, live_app: Flask, live_life: Life) -> None:
    life = Remembering(live_life)
    asked = addresses(live_app, life)
    session.remove()
    found: list[str] = []
    with served(live_app) as address:
        window = Window(browser, address, **PHONE)
        page, shown = window.page, pages(window, life, asked)
        assert len(shown) > 15, shown
        for size in ("usual", "largest"):
            window.context.add_cookies([{"name": "size", "value": size, "url": address}])
            for each in shown:
                page.goto(each)
                seen = faults(page) + small(page, LEAST[size]) + narrow(page)
                keep(page, size, each)
                page.emulate_media(color_scheme="dark")
                seen += faults(page, {"runOnly": ["color-contrast"]}) if size == "usual" else []
                keep(page, f"{size}-dark", each)
                page.emulate_media(color_scheme="light")
                found += [f"{size} {each}: {fault}" for fault in seen]
        window.context.clear_cookies(name="size")
        for tongue in ("en", "mn") if PICTURES else ():
            window.context.add_cookies([{"name": "language", "value": tongue, "url": address}])
            for each in shown:
                page.goto(each)
                found += [f"{tongue} {each}: {fault}" for fault in narrow(page)]
                keep(page, tongue, each)
        if PICTURES:
            window.context.clear_cookies(name="language")
            page.set_viewport_size(DESK["viewport"])
            for each in shown:
                page.goto(each)
                keep(page, "desk", each)
    assert not found, "\n".join(found)


def test_the_switches_in_the_head_and_foot_are_one_tap_each(
    browser: Browser, live_app: Flask, live_life: Life
) -> None:
    with served(live_app) as address:
        window = Window(browser, address, **PHONE)
        page = window.page
        page.goto("/deputies?q=刘")
        for name, letters in (("大字", 24), ("特大字", 30), ("标准字", 18)):
            page.get_by_role("link", name=name, exact=True).tap()
            expect(page.locator("html")).to_have_css("font-size", f"{letters}px")
        page.get_by_role("link", name="English").tap()
        expect(page.get_by_role("heading", name="Roster of deputies")).to_be_visible()
        expect(page.get_by_role("link", name="刘在岗")).to_be_visible()
        page.goto("/deputies?q=刘")
        page.get_by_role("link", name="中文").tap()
        expect(page.get_by_role("heading", name="人大代表名册")).to_be_visible()
        window.close()
