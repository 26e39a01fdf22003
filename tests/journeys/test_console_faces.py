"""Every page of the console as everybody who may open it sees it: at a desk by axe, on a phone without moving sideways.

The pages come from the application, so that a new one is looked at by itself. With LIAISON_PICTURES=folder each is kept
as a picture in both sizes.
"""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import APIResponse, Browser

from liaison.db import session, transaction
from liaison.domain.actors import Role
from liaison.domain.policy import may
from liaison.services import sign_in
from liaison.web.guards import TOKEN
from tests.support.browser import CHROMIUM, DESK, PHONE, Window, chromium, served
from tests.support.faces import faults, keep, sideways
from tests.support.journey import Journey, SignIn
from tests.support.life import Life
from tests.support.matrix import ACCOUNTS, ROLES, WITHOUT_SESSION, World, build_world, cells

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here; `make browser` installs it")

OTHERWISE_FOR_EACH = {"console.home", "console.case_page", "console.assignment_page"}
"""Pages that show every role something else; of the others it is enough to see them once."""


@pytest.fixture(scope="module")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


def pages(app: Flask, world: World) -> Iterator[tuple[Role, str]]:
    """Every page there is, with a role that may open it; those that differ by role for each."""
    seen: set[str] = set()
    for role in (each for each in ROLES if each not in WITHOUT_SESSION):
        for cell in cells(app):
            endpoint = cell.rule.endpoint
            is_page = cell.method == "GET" and cell.rule.rule.startswith("/console/") and may(role, cell.action)
            own = world.targets(cell.kind, role).own if is_page and cell.kind else ""
            if is_page and own is not None and cell.rule.rule not in seen:
                seen |= set() if endpoint in OTHERWISE_FOR_EACH else {cell.rule.rule}
                yield role, cell.address(own)


@pytest.fixture
def signs_in(live_app: Flask, live_life: Life) -> SignIn:
    """`signs_in("office")`: a client that carries that account's token in either way, page's and API's."""

    def signed_in(username: str) -> FlaskClient:
        client = live_app.test_client()
        with transaction():
            account = live_life.town.accounts[username]
            token = sign_in.open_session(account, live_life.clock(), proven=True).token
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        with client.session_transaction() as cookie:
            cookie[TOKEN] = token
        return client

    return signed_in


def is_page(answer: APIResponse) -> bool:
    """Whether it is one, not a file, a part that is put into one, or the way to another."""
    is_html = answer.headers["content-type"].startswith("text/html")
    return answer.ok and is_html and answer.text().startswith("<!doctype")


def cookie_of(client: FlaskClient) -> str:
    """What its browser would send."""
    return client.get_cookie("session", "testserver").value


def test_no_page_of_the_console_keeps_anybody_out(
    chrome: Browser, live_app: Flask, live_life: Life, signs_in: SignIn
) -> None:
    asked = [*pages(live_app, build_world(Journey(live_app, live_life, signs_in, signs_in)))]
    cookies = {role: cookie_of(signs_in(ACCOUNTS.get(role, str(role)))) for role in {role for role, _ in asked}}
    session.remove()
    found, looked_at = list[str](), 0
    with served(live_app) as address:
        window = Window(chrome, address, **DESK)
        for role, path in asked:
            window.context.add_cookies([{"name": "session", "value": cookies[role], "url": address}])
            if not is_page(window.context.request.get(path, max_redirects=0)):
                continue
            window.page.set_viewport_size(DESK["viewport"])
            window.page.goto(path)
            looked_at += 1
            seen = faults(window.page) + window.complaints
            window.complaints.clear()
            keep(window.page, f"{role}-desk", path)
            seen += sideways(window.page, PHONE["viewport"])
            keep(window.page, f"{role}-phone", path)
            found += [f"{role} {path}: {fault}" for fault in seen]
    assert looked_at > 40
    assert not found, "\n".join(found)
