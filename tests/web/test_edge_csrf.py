"""No form is taken that did not come from our own page, in the very session it was shown in; read off the url_map.

The API takes no cookie at all, so that there is nothing another site could ride on.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from liaison.db import db, session
from liaison.domain.actors import DEPARTMENT_ROLES, Role
from liaison.domain.policy import may
from liaison.models.cases import Case
from liaison.web.console.panels import forms_of as forms_by_role
from tests.support.forms import forms_of
from tests.support.journey import Journey, SignIn
from tests.support.life import TEXT, Life
from tests.support.matrix import ROLES, Asker, Cell, World, build_world, cells
from tests.support.town import Town
from tests.web.test_resident_pages import hidden

BEARER = ("/api/", "/callbacks/")
REFUSED = {
    "no token": (400, 302, 422),  # said again, with signing in or the form
    "another session's": (400, 302, 422),
    "foreign origin": (403,),
    "sibling origin": (403,),
    "cross-site": (403,),
    "same-site": (403,),
}
"""How each attempt is answered."""


@dataclass(frozen=True)
class Attempt:
    """One way another site may try it: the token it sends, if any, and what the browser adds."""

    token: str
    headers: Mapping[str, str]


@pytest.fixture
def world(app: Flask, life: Life, api: SignIn, browser: SignIn) -> World:
    """Something for everybody."""
    return build_world(Journey(app, life, api, browser))


def unsafe(app: Flask) -> list[Cell]:
    """Every page's route that changes something."""
    return [each for each in cells(app) if each.method != "GET" and not each.rule.rule.startswith(BEARER)]


def able(cell: Cell) -> Iterator[Role]:
    """The roles for which the form exists, most at home first."""
    for role in (Role.RESIDENT, *ROLES):
        is_own = role in DEPARTMENT_ROLES or not cell.rule.rule.startswith("/console/assignments/")
        has_form = not cell.is_move or any(form.name == cell.word for form in forms_by_role(role))
        if may(role, cell.action) and is_own and has_form:
            yield role


def attempts(good: str, others: str) -> dict[str, Attempt]:
    """All the ways."""
    return {
        "no token": Attempt("", {}),
        "another session's": Attempt(others, {}),
        "foreign origin": Attempt(good, {"Origin": "https://evil.example"}),
        "sibling origin": Attempt(good, {"Origin": "http://testserver.evil.example"}),
        "cross-site": Attempt(good, {"Sec-Fetch-Site": "cross-site", "Origin": "null"}),
        "same-site": Attempt(good, {"Sec-Fetch-Site": "same-site", "Origin": "null"}),
    }


def everything_kept() -> dict[str, str]:
    """A fingerprint of every table."""
    tables = [f'"{table.schema or "public"}"."{table.name}"' for table in db.metadata.sorted_tables]
    prints = " UNION ALL ".join(
        f"SELECT '{name}', coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {name} t"
        for name in tables
        if "calendar_days" not in name
    )
    return dict(session.execute(text(prints)).all())


def sent(asker: Asker, cell: Cell, address: str, attempt: Attempt) -> TestResponse:
    """Send the form as another site would make the browser send it."""
    asker.browser.set_cookie("session", asker.cookie, domain="testserver")
    data = dict(cell.body) | ({"csrf_token": attempt.token} if attempt.token else {})
    return asker.browser.open(address, method=cell.method, data=data, headers=attempt.headers)


def test_no_unsafe_page_takes_a_form_that_is_not_its_own(app: Flask, world: World) -> None:
    asked = unsafe(app)
    assert len({cell.rule.rule for cell in asked}) > 25
    askers: dict[Role, Asker] = {}
    stranger = app.test_client()
    others = forms_of(stranger.get("/console/sign-in"))[0].values["csrf_token"][0]
    roles = [(cell, next(able(cell), Role.OFFICE)) for cell in asked]
    for role in {role for _, role in roles}:
        askers[role] = Asker(world, role)
    before, found = everything_kept(), []
    for cell, role in roles:
        asker = askers[role]
        targets = world.targets(cell.kind, role) if cell.kind else None
        address = cell.address(targets.own or targets.absent if targets else "")
        for name, attempt in attempts(asker.csrf_token, others).items():
            answer = sent(asker, cell, address, attempt)
            if answer.status_code not in REFUSED[name]:
                found.append(f"{role} {cell} {name}: answered {answer.status_code} {answer.location or ''}")
        after = everything_kept()
        if after != before:
            changed = [table for table, print_ in after.items() if before[table] != print_]
            found.append(f"{role} {cell}: changed {changed}")
            before = after
    assert not found, "\n".join(found)


def test_our_own_pages_are_taken_whatever_name_we_are_called_by(client: FlaskClient, town: Town) -> None:
    for headers in (
        {},
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},  # what browsers send from pages without a referrer
        {"Origin": "http://testserver"},
        {"Origin": "http://10.0.0.7:8000", "Host": "10.0.0.7:8000"},
    ):
        page = client.get("/s/S001/new", headers={"Host": headers.get("Host", "testserver")})
        form = {name: hidden(page.text, name) for name in ("csrf_token", "key")}
        assert client.post("/s/S001/new", data=form | {"text": TEXT}, headers=headers).status_code == 303
    assert session.query(Case).count() == 4


def test_over_https_a_form_needs_no_referrer_which_our_pages_forbid(client: FlaskClient, town: Town) -> None:
    page = client.get("/console/sign-in", base_url="https://testserver")
    form = {"csrf_token": hidden(page.text, "csrf_token"), "username": "office", "password": town.password}
    assert client.post("/console/sign-in", data=form, base_url="https://testserver").status_code == 303


def test_a_stale_form_of_a_resident_comes_back_whole_and_is_taken_at_the_second_tap(
    client: FlaskClient, world: World
) -> None:
    client.get(f"/m/{world.east}?c={world.east.secret}")
    address, words = f"/m/{world.east}/additions", "北街第三盏也不亮了。"
    stale = client.post(address, data={"csrf_token": "old", "text": words})
    assert stale.status_code == 400 and words in stale.text
    again = client.post(address, data={"csrf_token": hidden(stale.text, "csrf_token"), "text": words})
    assert again.status_code == 303 and words in client.get(again.location).text


def test_the_api_knows_nobody_by_a_cookie(app: Flask, browser: SignIn) -> None:
    signed_in = browser("office")
    assert signed_in.get("/console/").status_code == 200
    for cell in cells(app):
        if cell.rule.rule.startswith("/api/") and not may(Role.ANYONE, cell.action):
            answer = signed_in.open(cell.address("M2026-000001-X"), method=cell.method, json={})
            assert answer.status_code == 401, cell
