"""Payloads in every field people can type, and every page that shows them opened in a real Chromium under our policy.

A payload got through if it called its function, opened a dialog, broke the content policy, became an element, put a
dangerous address into one, or asked another host for anything. Only what a page shows counts as tried.
"""

import tempfile
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Dialog, Page

from liaison.domain.actors import Role
from liaison.domain.policy import may
from tests.support.browser import chromium, served
from tests.support.journey import Matter
from tests.support.matrix import cells
from tests.support.town import COUNTY
from trust.payloads import MARK, payloads
from trust.scene import Words, others, rename, tell
from trust.stage import Stage
from trust.tally import Tally

VIEWERS = {
    Role.OFFICE_LEAD: "office_lead",
    Role.OFFICE: "office",
    Role.APPROVER: "housing_approver",
    Role.DEPUTY: "deputy",
    Role.LIAISON: "liaison",
    Role.AUDITOR: "auditor",
    Role.ADMINISTRATOR: "administrator",
}
REFLECTING = ("/?q={}", "/public?q={}", "/m?number={}", "/m/{}", "/s/{}", "/s/S001?k={}", "/public/{}", "/{}")
REFLECTING_AT_A_DESK = ("/console/?q={}", "/console/?box={}", "/console/cases/{}", "/console/outbox?state={}", "/{}")
EACH_REFLECTED = 6  # payloads by every address that reflects, per scene
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
        viewers = Viewers(stage, browser, address)
        while tally.tried < count:
            _scene(stage, viewers, words, tally, count)
        tally.figures |= {"pages": viewers.opened, "payloads": len(payloads())}
    return tally


def _scene(stage: Stage, viewers: "Viewers", words: Words, tally: Tally, count: int) -> None:
    words.placed.clear()
    rename(stage, words)
    matter = tell(stage.journey, words)
    others(stage.journey, words)
    placed = {folded(each): each for each in words.placed}
    for who, path in pages(stage, matter):
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


FAULTS = ("calls", "broken", "elements", "addresses", "dialogs", "foreign", "complaints")


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
        page.goto(path, wait_until="load")
        self.opened += 1
        return page.evaluate(LOOK) | self._noted | {"path": f"{who or 'anyone'} {path[:80]}"}

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


def pages(stage: Stage, matter: Matter) -> Iterator[tuple[str, str]]:
    """Every page there is, for everybody who may open it, about the matter where it is about one."""
    named = {
        "number": str(matter),
        "code": "S001",
        "region": COUNTY,
        "rule_id": str(stage.town.rules[0].id),
        "notice_id": str(stage.life.notices(matter.number, channel="log")[0].id),
    }
    yield "", f"/m/{matter}?c={matter.secret}"
    yield from (("office_lead", f"/console/cases/{matter}"), ("housing_approver", f"/console/assignments/{matter}.1"))
    for who in ("", *VIEWERS.values()):
        role = next((role for role, name in VIEWERS.items() if name == who), Role.ANYONE)
        yield from ((who, path) for path in dict.fromkeys(_addresses(stage.app, role, named)))


def _addresses(app: Flask, role: Role, named: dict[str, str]) -> Iterator[str]:
    for cell in cells(app):
        is_page = not cell.rule.rule.startswith(("/api/", "/files/")) and not cell.rule.rule.endswith(NOT_PAGES)
        if cell.method != "GET" or not is_page or not may(role, cell.action) or "name" in cell.rule.arguments:
            continue
        known = named | {"reference": f"{named['number']}.1" if "assignments" in cell.rule.rule else named["number"]}
        if cell.rule.arguments <= set(known):
            yield cell.rule.build({name: known[name] for name in cell.rule.arguments}, append_unknown=False)[1]


def folded(text: str) -> str:
    """Text without white space and control characters, as it can be compared."""
    kept = "".join(char for char in unicodedata.normalize("NFC", text) if unicodedata.category(char) != "Cc")
    return "".join(kept.split())
