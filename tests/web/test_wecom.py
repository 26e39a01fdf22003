"""Signing in to the console by WeCom, whose sandbox is asked over HTTP: whose phone it is, and every rule besides."""

import logging
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from liaison.clients.wecom import Wecom, WecomAccount, WecomOutlet
from liaison.db import session, transaction
from liaison.domain.errors import Conflict, NotAllowed, NotFound
from liaison.models.audit import AuditEntry
from liaison.models.people import Session
from liaison.services import accounts, binding_desk, sign_in, vault
from liaison.services.channels import Limit
from liaison.web.guards import TOKEN
from tests.support.authenticator import bind
from tests.support.canary import jobs, seen
from tests.support.forms import send as fills
from tests.support.life import Life
from tests.support.outside import Outside
from tests.support.phones import mini_program
from tests.support.sending import install, ring
from tests.support.sending import send as deliver

MEMBER, START, BACK = "zhang.canary", "/console/sign-in/wecom", "/console/sign-in/wecom/back"


@pytest.fixture
def outside(app: Flask) -> Iterator[Outside]:
    with mini_program(app) as outside:
        yield outside


def scans(client: FlaskClient, member: str = MEMBER, start: str = START) -> str:
    """Go to WeCom's page, have a phone confirm there; where the browser is sent back to."""
    left = client.get(start)
    assert left.status_code == 303, left.text
    told = httpx.post(left.location, data={"userid": member}).headers["Location"]
    parts = urlsplit(told)
    assert f"{parts.scheme}://{parts.netloc}" == "http://testserver"
    return f"{parts.path}?{parts.query}"


def signs_in(client: FlaskClient, member: str = MEMBER, start: str = START) -> TestResponse:
    return client.get(scans(client, member, start))


def named(life: Life, username: str = "housing_handler", member: str = MEMBER, by: str = "second_security") -> None:
    """An administrator names the member, a second one confirms."""
    admin, account = life.town.actor("security_administrator"), life.town.accounts[username]
    with transaction():
        binding_desk.name_userid(admin, account.id, member, life.keys, now=life.clock())
    (waiting,) = binding_desk.waiting(life.town.actor(by), life.clock())
    with transaction():
        binding_desk.confirm(life.town.actor(by), waiting.id, life.keys, now=life.clock())


def token_of(client: FlaskClient) -> str:
    with client.session_transaction() as cookie:
        return cookie.get(TOKEN, "")


def acts() -> list[str]:
    return list(session.scalars(select(AuditEntry.act).order_by(AuditEntry.seq)))


def test_a_member_an_administrator_named_and_a_second_confirmed_signs_in(
    client: FlaskClient, outside: Outside, life: Life
) -> None:
    named(life)
    assert "企业微信登录" in client.get("/console/sign-in").text
    answer = signs_in(client, start=f"{START}?next=/console/notices")
    assert (answer.status_code, answer.location) == (303, "/console/notices")
    assert client.get("/console/").status_code == 200
    assert session.scalars(select(Session.by)).all() == ["wecom"]
    assert acts() == ["account.userid", "binding.confirm", "session.wecom"]


def test_a_member_nobody_named_is_told_how_to_be_known(client: FlaskClient, outside: Outside, life: Life) -> None:
    answer = signs_in(client)
    assert answer.status_code == 403 and "还没有绑定" in answer.text and not token_of(client)


def test_what_one_administrator_named_alone_opens_nothing(client: FlaskClient, outside: Outside, life: Life) -> None:
    first, second = (life.town.actor(name) for name in ("security_administrator", "second_security"))
    with transaction():
        binding_desk.name_userid(first, life.town.accounts["office"].id, MEMBER, life.keys, now=life.clock())
    assert signs_in(client).status_code == 403
    waiting_id = binding_desk.waiting(second, life.clock())[0].id
    office, deputy = life.town.actor("office"), life.town.actor("deputy")
    for by, refusal in ((first, NotAllowed), (office, NotFound), (deputy, NotAllowed)):
        with pytest.raises(refusal), transaction():
            binding_desk.confirm(by, waiting_id, life.keys, now=life.clock())
    assert signs_in(client).status_code == 403


def test_nobody_names_or_confirms_the_own_member(life: Life) -> None:
    first, second = (life.town.actor(name) for name in ("security_administrator", "second_security"))
    with pytest.raises(NotAllowed):
        binding_desk.name_userid(first, first.account_id, MEMBER, life.keys, now=life.clock())
    with transaction():
        binding_desk.name_userid(first, second.account_id, MEMBER, life.keys, now=life.clock())
    with pytest.raises(NotAllowed):
        binding_desk.confirm(second, binding_desk.waiting(second, life.clock())[0].id, life.keys, now=life.clock())


def test_one_binds_oneself_after_signing_in_and_is_reached_there(browser, outside: Outside, life: Life) -> None:
    install(wecom=Limit())
    office, account = browser("office"), life.town.accounts["office"]
    answer = signs_in(office, start="/console/me/wecom")
    assert answer.location == "/console/me" and "zh****ry" in office.get("/console/me").text
    assert vault.find_addresses([account.id], life.keys) == {(account.id, "wecom"): MEMBER}
    assert signs_in(browser("liaison")).location == "/console/"
    assert acts() == ["binding.own", "session.wecom"]


def test_a_member_is_one_accounts(browser, outside: Outside, life: Life) -> None:
    named(life)
    office = browser("office")
    assert signs_in(office, start="/console/me/wecom").location == "/console/me"
    assert "已经绑定了另一个账号" in office.get("/console/me").text
    with pytest.raises(Conflict):
        named(life, "water_handler")


def test_the_session_is_a_new_one_and_the_one_before_is_over(browser, outside: Outside, life: Life) -> None:
    named(life)
    client = browser("office")
    before = token_of(client)
    signs_in(client)
    assert token_of(client) not in ("", before)
    assert sign_in.find_session(before, life.clock()) is None


def test_a_second_factor_is_asked_for_and_an_old_password_is_not(
    client: FlaskClient, outside: Outside, life: Life
) -> None:
    named(life, "office_lead")
    life.town.accounts["office_lead"].must_change = True
    authenticator = bind(life.town.actor("office_lead"), life.keys, life.clock)
    signs_in(client)
    assert client.get("/console/rules").location.startswith("/console/sign-in/code")
    answer = fills(client, client.get("/console/sign-in/code"), "sign-in/code", code=authenticator.shows())
    assert answer.status_code == 303 and client.get("/console/rules").status_code == 200


@pytest.mark.parametrize("how", ["disabled", "locked", "unbound"])
def test_a_closed_shut_or_unbound_account_is_not_signed_in(
    client: FlaskClient, outside: Outside, life: Life, how: str
) -> None:
    named(life)
    admin, account = life.town.actor("security_administrator"), life.town.accounts["housing_handler"]
    with transaction():
        if how == "disabled":
            accounts.disable_account(admin, account.id, life.clock())
        elif how == "unbound":
            binding_desk.name_userid(admin, account.id, "", life.keys, now=life.clock())
        for _ in range(sign_in.MAX_FAILURES if how == "locked" else 0):
            sign_in.check_password("housing_handler", "wrong", life.clock())
    assert signs_in(client).status_code == 403 and not token_of(client)


def test_unbinding_oneself_ends_every_session(browser, outside: Outside, life: Life) -> None:
    named(life)
    client, other = browser("housing_handler"), browser("housing_handler")
    answer = fills(client, client.get("/console/me"), "unbind/userid")
    assert answer.location == "/console/me" and client.get("/console/me").location.startswith("/console/sign-in")
    assert other.get("/console/").status_code == 302 and signs_in(client).status_code == 403


# Who comes back with something that is not theirs


def test_the_code_of_another_browser_opens_nothing(app: Flask, outside: Outside, life: Life) -> None:
    named(life)
    thief, victim = app.test_client(), app.test_client()
    back = scans(thief)  # a thief's own phone has confirmed, and the victim is sent there
    for client in (victim, app.test_client()):
        assert client.get(back).status_code == 409 and not token_of(client)
    scans(victim)  # even while the victim is on the way
    assert victim.get(back).status_code == 409 and not token_of(victim)


def test_a_state_is_good_once_and_for_ten_minutes(client: FlaskClient, outside: Outside, life: Life) -> None:
    named(life)
    back = scans(client)
    assert client.get(back).status_code == 303
    assert client.get(back).status_code == 409
    late = scans(client)
    life.clock.advance(minutes=10)
    assert client.get(late).status_code == 409


def test_whoever_began_to_bind_and_signed_in_as_somebody_else_binds_nobody(
    browser, outside: Outside, life: Life
) -> None:
    client = browser("office")
    back = scans(client, start="/console/me/wecom")
    with client.session_transaction() as cookie:
        left = cookie["wecom"]
    other = browser("deputy")
    with other.session_transaction() as cookie:
        cookie["wecom"] = left
    assert other.get(back).location == "/console/me"
    assert vault.find_marked(vault.USERID, MEMBER, life.keys) == []


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/console/../x", "/s/S001", "/\\evil"])
def test_it_leads_on_to_pages_of_the_console_alone(
    client: FlaskClient, outside: Outside, life: Life, target: str
) -> None:
    named(life)
    answer = signs_in(client, start=f"{START}?next={target}")
    assert answer.location == "/console/"


def test_wecom_is_told_our_own_address_to_send_back_to(client: FlaskClient, outside: Outside, life: Life) -> None:
    client.environ_base["HTTP_HOST"] = "evil.example"
    left = client.get(START, base_url="http://testserver")
    assert parse_qs(urlsplit(left.location).query)["redirect_uri"] == [f"http://testserver{BACK}"]
    assert left.location.startswith(f"{outside.url}/wwlogin/sso/login?")


@pytest.mark.parametrize(("code", "status"), [(40029, 422), (45009, 429), (-1, 503)], ids=str)
def test_what_wecom_refuses_is_said_on_the_page(
    client: FlaskClient, outside: Outside, life: Life, code: int, status: int
) -> None:
    named(life)
    outside.set("answers", path="/cgi-bin/auth/getuserinfo", body={"errcode": code, "errmsg": "no"})
    answer = signs_in(client)
    assert answer.status_code == status and not token_of(client)


def test_who_cancels_on_the_phone_may_try_again(client: FlaskClient, outside: Outside, life: Life) -> None:
    state = parse_qs(urlsplit(client.get(START).location).query)["state"][0]
    answer = client.get(f"{BACK}?state={state}")
    assert answer.status_code == 422 and "企业微信登录" in answer.text


def test_without_wecom_nothing_is_offered(client: FlaskClient, town) -> None:
    assert "企业微信登录" not in client.get("/console/sign-in").text
    assert client.get(START).status_code == client.get(BACK).status_code == 409


# Messages, and the canary


def test_a_bound_handlers_notice_arrives_at_the_member(outside: Outside, life: Life) -> None:
    install(wecom=Limit())
    named(life)
    number = life.matter_in("assigned")
    wecom = Wecom(WecomAccount("ww-sandbox", "sandbox-corp-secret", 1000001), None, base_url=outside.url)
    deliver(life, {"wecom": WecomOutlet(wecom)}, *ring(life))
    assert {each["address"] for each in outside.messages()} == {MEMBER}
    assert not [each for each in outside.messages() if number in str(each)]


def test_the_member_stands_nowhere(
    app: Flask, outside: Outside, browser, life: Life, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    install(wecom=Limit())
    admin, handler = browser("security_administrator"), browser("housing_handler")
    account = life.town.accounts["housing_handler"].id
    page = admin.get(f"/console/accounts/{account}")
    answers = [fills(admin, page, "userid", userid=MEMBER)]
    lead = browser("office_lead")
    answers += [lead.get("/console/bindings"), admin.get("/console/bindings")]
    answers += [fills(lead, lead.get("/console/bindings"), "confirm"), admin.get(f"/console/accounts/{account}")]
    assert "zh****ry" in answers[-1].text
    answers += [signs_in(app.test_client()), handler.get("/console/me"), handler.get("/console/reach")]
    answers += [browser("auditor").get("/console/audit")]
    assert {each.status_code for each in answers} == {200, 303}
    tables = ("bindings", "sessions", "audit", "accounts", "notices")
    rows = [str(session.execute(text(f"SELECT * FROM {table}")).all()).encode() for table in tables]
    said = [*(each.get_data() for each in answers), *rows, caplog.text.encode(), *jobs(app)]
    assert [each for each in said if seen(each, (MEMBER,))] == []
