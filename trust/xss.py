"""Payloads in every field people can type, and every page that shows them opened in a real Chromium under our policy.

A payload got through if it called its function, opened a dialog, broke the content policy, became an element, put a
dangerous address into one, or asked another host for anything. Only what a page shows counts as tried.
"""

import tempfile
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

from playwright.sync_api import Browser, BrowserContext, Dialog, Error, Page

from liaison.domain.actors import Role
from liaison.domain.policy import may
from tests.support.browser import chromium, served
from tests.support.journey import Matter
from tests.support.matrix import ACCOUNTS, ROLES, WITHOUT_SESSION, World, build_world, cells
from trust.payloads import MARK, payloads
from trust.scene import Words, at_desks, others, scrawl, tell
from trust.stage import Stage
from trust.tally import Tally

VIEWERS = {"": Role.ANYONE} | {ACCOUNTS.get(role, str(role)): role for role in ROLES if role not in WITHOUT_SESSION}
REFLECTING = ("/?q={}", "/public?q={}", "/m?number={}", "/m/{}", "/s/{}", "/s/S001?k={}", "/public/{}", "/{}")
REFLECTING_AT_A_DESK = ("/console/?q={}", "/console/?box={}", "/console/cases/{}", "/console/outbox?state={}", "/{}")
EACH_REFLECTED = 6  # payloads by every address that reflects, per scene
NO_PAGE = ("net::ERR_ABORTED", "Download is starting")  # what is said of an answer that shows none
NOT_PAGES = (".png", ".svg", ".pdf", ".json", ".csv", ".xlsx", "/metrics", "/healthz", "/readyz", "/callbacks/")

WATCH = """
window.__seen = {calls: [], broken: []};
window.xss = number => window.__seen.calls.push(number);
document.addEventListener('securitypolicyviolation', e =>
  window.__seen.broken.push(`${e.violatedDirective} ${e.blockedURI} ${e.sample}`));
"""
LOOK = f"""() => {{
  const bad = /^(javascript|vbscript|data:text)/i, addresses = ['href', 'src', 'action', 'xlink:href'];
  const all = [...document.querySelectorAll('*')];
  const typed = [...document.querySelectorAll('input, textarea, option')].map(each => each.value);
  const told = all.flatMap(each => [...each.attributes].map(one => one.value));
  return {{
    ...window.__seen,
    elements: all.filter(each => each.hasAttribute('{MARK}')).map(each => each.outerHTML.slice(0, 200)),
    addresses: all.flatMap(each => addresses.map(name => (each.getAttribute(name) || '').replace(/[\\x00-\\x20]/g, '')))
      .filter(each => bad.test(each)),
    text: [document.documentElement.textContent, ...typed, ...told].join(' '),
  }}
}}"""


def play(stage: Stage, count: int) -> Tally:
    """Show so many payloads, scene after scene."""
    tally, words = Tally(), Words(payloads())
    with (
        tempfile.TemporaryDirectory(prefix="trust-x-", dir="/tmp") as folder,
        served(stage.app) as address,
        chromium(Path(folder)) as browser,
    ):
        viewers, world = Viewers(stage, browser, address), build_world(stage.journey)
        while tally.tried < count:
            _scene(stage, world, viewers, words, tally, count)
        tally.figures |= {"pages": viewers.opened, "payloads": len(payloads())}
    return tally


def _scene(stage: Stage, world: World, viewers: "Viewers", words: Words, tally: Tally, count: int) -> None:
    words.placed.clear()
    matter = tell(stage.journey, words)
    others(stage.journey, words)
    at_desks(stage.life, matter.number, words)
    scrawl(words)
    placed = {folded(each): each for each in words.placed}
    for who, path in pages(world, matter):
        _judge(tally, viewers.look(who, path), placed)
        if tally.tried >= count:
            return
    for who, forms in (("", REFLECTING), ("office", REFLECTING_AT_A_DESK)):
        for form in forms:
            for payload in [words(60) for _ in range(EACH_REFLECTED)]:
                _judge(tally, viewers.look(who, form.format(quote(payload, safe=""))), {folded(payload): payload})


def _judge(tally: Tally, seen: dict, placed: dict[str, str]) -> None:
    """Count every payload the page shows, and hold the page's own faults against the first of them."""
    text = folded(seen["text"])
    faults = [f"{seen['path']}: {name} {seen[name][:3]}" for name in FAULTS if seen[name]]
    for payload in [shown for key, shown in placed.items() if key in text] or ([""] if faults else []):
        tally.count([f"{payload!r} or another: {fault}" for fault in faults])
        faults = []


NOTHING = {"calls": [], "broken": [], "elements": [], "addresses": [], "text": "", "failed": []}
FAULTS = ("calls", "broken", "elements", "addresses", "dialogs", "foreign", "complaints", "failed")


class Viewers:
    """A browser context for everybody who looks, and what each page did."""

    def __init__(self, stage: Stage, browser: Browser, address: str) -> None:
        self._stage, self._browser, self._address = stage, browser, address
        self._pages: dict[str, Page] = {}
        self._noted: dict[str, list[str]] = {}
        self.opened = 0

    def look(self, who: str, path: str) -> dict:
        """Open a page as somebody and tell what it shows and what it did."""
        page = self._pages.get(who) or self._page(who)
        self._noted = {"dialogs": [], "foreign": [], "complaints": []}
        told = {"path": f"{who or 'anyone'} {path[:80]}"}
        try:
            answer = page.goto(path, wait_until="load")
        except Error as error:
            if not any(each in error.message for each in NO_PAGE):
                raise
            return NOTHING | self._noted | told
        self.opened += 1
        failed = [answer.status] if answer and answer.status >= 500 else []
        return page.evaluate(LOOK) | self._noted | told | {"failed": failed}

    def _page(self, who: str) -> Page:
        context = self._browser.new_context(base_url=self._address, locale="zh-CN", timezone_id="Asia/Shanghai")
        context.add_init_script(WATCH)
        if who:
            self._sign_in(context, who)
        page = self._pages[who] = context.new_page()
        page.set_default_timeout(20_000)
        page.on("dialog", self._dialog)
        page.on("pageerror", lambda error: self._noted["complaints"].append(str(error)))
        page.on("request", lambda request: self._asked(request.url))
        return page

    def _sign_in(self, context: BrowserContext, who: str) -> None:
        carried = self._stage.browses(who).get_cookie("session", "testserver")
        host = urlsplit(self._address).hostname
        context.add_cookies([{"name": "session", "value": carried.value, "domain": host, "path": "/"}])

    def _dialog(self, dialog: Dialog) -> None:
        self._noted["dialogs"].append(dialog.message)
        dialog.dismiss()

    def _asked(self, url: str) -> None:
        if not url.startswith((self._address, "data:image/", "blob:")):
            self._noted["foreign"].append(url)


def pages(world: World, matter: Matter) -> Iterator[tuple[str, str]]:
    """Every page there is, for everybody who may open it; those about a matter about the one told last, too."""
    yield "", f"/m/{matter}?c={matter.secret}"
    yield from (("office_lead", f"/console/cases/{matter}"), ("housing_approver", f"/console/assignments/{matter}.1"))
    for who, role in VIEWERS.items():
        yield from ((who, path) for path in dict.fromkeys(_addresses(world, role)))


def _addresses(world: World, role: Role) -> Iterator[str]:
    for cell in cells(world.journey.app):
        is_page = not cell.rule.rule.startswith(("/api/", "/files/")) and not cell.rule.rule.endswith(NOT_PAGES)
        if cell.method != "GET" or not is_page or not may(role, cell.action):
            continue
        target = world.targets(cell.kind, role).own if cell.kind else ""
        if target is not None:
            yield cell.address(target)


def folded(text: str) -> str:
    """Text without white space and control characters, as it can be compared."""
    kept = "".join(char for char in unicodedata.normalize("NFC", text) if unicodedata.category(char) != "Cc")
    return "".join(kept.split())
