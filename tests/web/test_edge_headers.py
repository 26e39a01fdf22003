"""Every route, whatever it answers, tells browsers, caches and search engines what they may do with the answer."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from liaison.app import create_app
from liaison.config import ROOT
from liaison.domain.actors import Role
from liaison.web.guards import TOKEN
from tests.support.clients import DoorClient
from tests.support.edge import header_faults, inline, limits_on
from tests.support.journey import Journey, SignIn
from tests.support.life import Life
from tests.support.matrix import ABSENT, Asker, Cell, World, build_world, cells, undone
from tests.support.servers import Servers

ASKING = (Role.RESIDENT, Role.OFFICE_LEAD, Role.HANDLER, Role.AUDITOR)
"""Enough roles to see nearly every route open, closed and asked about what is not there."""

PLAIN = ("/static/logo.svg", "/static/resident.js", "/static/none.js", "/api/v1/openapi.json", "/no/such/page", "/%00")
NAMED = {"number": ABSENT, "reference": ABSENT, "code": "S001", "region": "1", "day": "2026-01-01"}


@pytest.fixture
def world(app: Flask, life: Life, api: SignIn, browser: SignIn) -> World:
    """Something for everybody."""
    return build_world(Journey(app, life, api, browser))


def faults(app: Flask, answer: TestResponse) -> list[str]:
    """What is wrong with an answer, each with where it came from."""
    found = list(header_faults(app, answer))
    if answer.mimetype == "text/html":
        found += [f"inline {each}" for each in inline(answer.text)]
    return [f"{answer.request.method} {answer.request.path} {answer.status_code}: {fault}" for fault in found]


def answers(asker: Asker, asked: list[Cell]) -> Iterator[TestResponse]:
    """Each route as somebody asks it about their own, about nothing there is, and with nothing filled in."""
    for cell in asked:
        targets = asker.world.targets(cell.kind, asker.role) if cell.kind else None
        for target in {targets.own or targets.absent, targets.absent} if targets else {""}:
            yield asker.ask(cell, target)
            if cell.method == "POST":
                yield empty(asker, cell.address(target))


def empty(asker: Asker, address: str) -> TestResponse:
    """The same with no field but the form's own."""
    with undone():
        if address.startswith("/api/"):
            return asker.phone.post(address, json={"no such field": 1}, headers={"Idempotency-Key": "edge"})
        return asker.browser.post(address, data={"csrf_token": asker.csrf_token})


def test_every_answer_of_every_route_carries_its_headers_and_no_page_holds_anything_inline(
    app: Flask, world: World
) -> None:
    asked, seen, found = list({(cell.rule.rule, cell.method): cell for cell in cells(app)}.values()), set(), []
    for role in ASKING:
        for answer in answers(Asker(world, role), asked):
            seen.add(answer.status_code)
            found += faults(app, answer)
    assert {200, 302, 303, 401, 403, 404, 409, 422} <= seen
    assert not found, "\n".join(found[:40])


def test_what_has_no_guard_or_does_not_exist_carries_them_too(app: Flask, client: FlaskClient) -> None:
    told = [client.get(address) for address in PLAIN] + [client.post("/healthz"), client.post("/callbacks/sms")]
    assert {answer.status_code for answer in told} == {200, 400, 404, 405}
    assert [fault for answer in told for fault in faults(app, answer)] == []
    for answer in told:
        answer.close()


def everything(app: Flask, client: FlaskClient) -> Iterator[TestResponse]:
    """Each route once, as somebody whose browser and phone carry a session."""
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer somebody"
    with client.session_transaction() as cookie:
        cookie[TOKEN] = "somebody"
    client.post("/console/sign-in")  # learn the token of forms
    with client.session_transaction() as cookie:
        kept = dict(cookie)
    for cell in cells(app):
        with client.session_transaction() as cookie:
            cookie.update(kept)
        headers = {"Idempotency-Key": "edge"}
        yield client.open(cell.address(str(NAMED.get("number"))), method=cell.method, headers=headers)


def broken_clock() -> datetime:
    """A fault nobody thought of."""
    raise LookupError("no time")


@pytest.mark.parametrize("status", [500, 503])
def test_an_answer_to_a_fault_carries_them_whatever_the_route(servers: Servers, tmp_path: Path, status: int) -> None:
    config = replace(servers.config(servers.url("nowhere")), instance=tmp_path)
    app = create_app(config, clock=broken_clock if status == 500 else datetime.now)
    app.config["WTF_CSRF_ENABLED"] = False
    app.test_client_class = DoorClient
    told = list(everything(app, app.test_client()))
    reached = [answer for answer in told if answer.status_code == status]
    assert len(reached) > 0.9 * len(told), [answer for answer in told if answer.status_code != status]
    assert [fault for answer in told for fault in faults(app, answer)] == []


def test_over_https_browsers_are_told_to_stay_there(servers: Servers, tmp_path: Path) -> None:
    config = replace(servers.config(servers.url("nowhere")), base_url="https://liaison.example", instance=tmp_path)
    client = create_app(config).test_client()
    assert client.get("/healthz").headers["Strict-Transport-Security"] == "max-age=31536000"
    with client.session_transaction(base_url="https://liaison.example") as cookie:
        cookie["any"] = 1
    assert client.get_cookie("session", "liaison.example").secure
    plain = create_app(replace(config, base_url="http://liaison.example")).test_client()
    assert "Strict-Transport-Security" not in plain.get("/healthz").headers


@pytest.mark.parametrize("page", sorted((ROOT / "liaison" / "templates").rglob("*.html")), ids=lambda page: page.name)
def test_no_template_holds_anything_inline(page: Path) -> None:
    assert inline(page.read_text()) == []


def test_files_are_named_and_answer_as_nothing_but_files(app: Flask, world: World) -> None:
    asker = Asker(world, Role.RESIDENT)
    shown = asker.browser.get(f"/files/{world.east}/1")
    assert shown.status_code == 200 and shown.headers["Content-Disposition"].startswith("inline; filename=")
    sheet = asker.browser.get("/s/S001/poster.pdf")
    assert sheet.headers["Content-Disposition"].startswith("attachment; filename=")
    for answer in (shown, sheet, asker.browser.get("/s/S001/qr.svg")):
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert answer.headers["Content-Security-Policy"].endswith("sandbox")


@pytest.fixture
def limited(app: Flask) -> Iterator[FlaskClient]:
    """A visitor of the application with its limits on."""
    with limits_on(app):
        yield app.test_client()


def test_too_many_requests_are_answered_with_them(app: Flask, limited: FlaskClient) -> None:
    told = [limited.get("/m/M2026-000001-X?c=ABCD-EFGH-JKMN", environ_base={"REMOTE_ADDR": "10.9.0.1"})]
    while told[-1].status_code != 429 and len(told) < 100:
        told.append(limited.get("/m/M2026-000001-X?c=ABCD-EFGH-JKMN", environ_base={"REMOTE_ADDR": "10.9.0.1"}))
    assert told[-1].status_code == 429
    assert [fault for answer in told for fault in faults(app, answer)] == []
