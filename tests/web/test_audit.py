"""The auditor's page, and that every door at which a name is shown leaves a line in the log."""

import ast
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from liaison.db import session
from liaison.domain.actors import Actor, Role
from liaison.models.audit import AuditEntry
from liaison.services import audit
from liaison.services.vault import Contact
from tests.support.forms import forms_of
from tests.support.life import Life
from tests.support.source import modules, within

CONTACT = Contact("周小明", "13800138000")
SignIn = Callable[[str], FlaskClient]
READERS = ("liaison.web.reading", "liaison.web.resident")
"""The only modules of the web that ask for a dossier: one commits what was read, the other shows people their own."""


def readings() -> list[tuple[str, str]]:
    """Who read whose contact, in order."""
    rows = select(AuditEntry.by_name, AuditEntry.about).where(AuditEntry.act == audit.READ_CONTACT)
    return [tuple(row) for row in session.execute(rows.order_by(AuditEntry.seq))]


@pytest.fixture
def number(life: Life) -> str:
    """A matter in a department's hands whose resident lets those who work on it know who it is."""
    return life.matter_in("assigned", contact=CONTACT, share_identity=True)


@pytest.mark.parametrize(
    ("who", "address"),
    [
        ("deputy", "/api/v1/deputy/matters/{}"),
        ("office", "/api/v1/office/matters/{}"),
        ("housing_handler", "/api/v1/department/assignments/{}.1"),
    ],
)
def test_every_api_that_shows_a_name_writes_it_down(api: SignIn, number: str, who: str, address: str) -> None:
    answer = api(who).get(address.format(number))
    assert CONTACT.phone in answer.text
    assert readings() == [(f"{who}的人", number)]


@pytest.mark.parametrize("who", ["deputy", "office", "housing_handler"])
def test_every_page_that_shows_a_name_writes_it_down(life: Life, browser: SignIn, number: str, who: str) -> None:
    page = browser(who)
    place = f"assignments/{number}.1" if who == "housing_handler" else f"cases/{number}"
    assert CONTACT.phone in page.get(f"/console/{place}").text
    page.get("/console/")
    page.get("/console/cases/M2026-999999-1")
    assert readings() == [(f"{who}的人", number)]


def test_a_refused_move_that_shows_the_page_again_is_a_reading(life: Life, browser: SignIn, number: str) -> None:
    handler = browser("housing_handler")
    token = forms_of(handler.get("/console/"))[0].values["csrf_token"][0]
    answer = handler.post(f"/console/assignments/{number}.1/reply", data={"text": "短", "csrf_token": token})
    assert answer.status_code == 422 and CONTACT.phone in answer.text
    assert readings() == [("housing_handler的人", number)]


def test_what_is_shown_without_a_name_leaves_no_line(life: Life, api: SignIn, browser: SignIn) -> None:
    number = life.matter_in("assigned", contact=CONTACT)
    shown = api("office").get(f"/api/v1/office/matters/{number}"), browser("office").get(f"/console/cases/{number}")
    for answer in shown:
        assert answer.status_code == 200 and CONTACT.phone not in answer.text
    assert readings() == []


def test_no_door_of_the_web_reads_a_dossier_without_committing_that_it_did() -> None:
    callers = {
        module.name
        for module in modules()
        if within(module.name, "liaison.web")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "get_dossier"
    }
    assert callers and [name for name in callers if not within(name, *READERS)] == []


def test_the_auditor_narrows_the_log_and_turns_its_pages(life: Life, browser: SignIn) -> None:
    for place in range(25):
        audit.note(Actor(Role.SYSTEM, f"管理员{place}"), "clock.confirm", life.clock.advance(minutes=1))
    office, later = life.town.actor("office"), life.clock.advance(days=1)
    audit.note(office, "setting.rule", later, about="三定方案", data={"x": "<script>"})
    session.commit()
    page = browser("auditor")
    first = page.get("/console/audit").text
    assert "共 26 条" in first and "三定方案" in first and "管理员6<" in first and "管理员5<" not in first
    assert "<script>" not in first and "至少保存 3 年" in first
    following = first.split('href="/console/audit?after=')[1].split('"')[0]
    rest = page.get(f"/console/audit?after={following.replace('&amp;', '&')}").text
    assert "管理员5<" in rest and "管理员0<" in rest and "管理员6<" not in rest
    assert "三定方案" not in page.get("/console/audit?act=clock.confirm").text
    assert "管理员3<" in page.get("/console/audit?who=管理员3").text
    assert "没有符合条件的记录" in page.get("/console/audit?until=2026-03-01").text
    assert "三定方案" in page.get("/console/audit?since=2026-03-03&until=2026-03-03&about=三定方案").text


@pytest.mark.parametrize("query", ["since=yesterday", "until=2026-13-01", "after=nowhere", "limit=0"])
def test_a_filter_that_cannot_be_read_is_refused_in_words(life: Life, browser: SignIn, query: str) -> None:
    answer = browser("auditor").get(f"/console/audit?{query}")
    assert answer.status_code == 422 and "筛选条件有误" in answer.text


def test_the_auditor_finds_the_log_from_the_first_page(life: Life, browser: SignIn) -> None:
    assert "/console/audit" in browser("auditor").get("/console/").text
    assert browser("administrator").get("/console/audit").status_code == 403
