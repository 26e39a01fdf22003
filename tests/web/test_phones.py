"""A deputy's phone over HTTP before the sandbox of WeChat: bound by the office or its invitation, by nobody else."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, text

from liaison.clients.wechat import MessageTemplate, SubscribeOutlet, Wechat, WechatAccount
from liaison.db import session, transaction
from liaison.domain.actors import Role
from liaison.domain.errors import NotAllowed, NotFound
from liaison.models.audit import AuditEntry
from liaison.models.bindings import Binding, Invitation
from liaison.models.people import Session
from liaison.services import accounts, binding_desk, bindings, channels, retention, sign_in, vault
from liaison.services.channels import Limit
from liaison.settings import Retention
from sandbox.mini_program import SESSION_KEY
from tests.support.authenticator import bind
from tests.support.canary import jobs, seen
from tests.support.edge import limits_on
from tests.support.journey import problem
from tests.support.life import Life
from tests.support.outside import Outside
from tests.support.phones import BINDINGS, NUMBER, SESSIONS, Phone, bound, confirmed, invited, mini_program, on_file
from tests.support.sending import CONSENTED, Way, install, ring, send
from tests.support.town import COUNTY

CONSENTS = "/api/v1/deputy/consents"


@pytest.fixture
def outside(app: Flask) -> Iterator[Outside]:
    with mini_program(app) as outside:
        yield outside


@pytest.fixture
def phone(app: Flask, outside: Outside) -> Phone:
    return Phone(app, outside, "liu")


@pytest.fixture
def thief(app: Flask, outside: Outside) -> Phone:
    return Phone(app, outside, "thief")


def acts() -> list[str]:
    return list(session.scalars(select(AuditEntry.act).order_by(AuditEntry.seq)))


def waiting_for(life: Life) -> UUID:
    """The id of the one phone that waits for the office."""
    (waiting,) = binding_desk.waiting(life.town.actor("office"), life.clock())
    return waiting.id


# Binding


def test_a_phone_nobody_knows_is_told_what_to_do_and_opens_nothing(phone: Phone, life: Life) -> None:
    told = problem(phone.opens(), 403)
    assert told["needs"] == "binding" and told["ticket"] and told["ticket_expires_at"].startswith("2026-03-02T10:10")
    phone.carries(told["ticket"])
    assert phone.client.get("/api/v1/me").status_code == 401
    assert phone.client.get("/api/v1/deputy/matters").status_code == 401


def test_a_number_on_file_waits_for_the_office_and_then_opens_the_deputys_matters(phone: Phone, life: Life) -> None:
    on_file(life)
    asked = phone.binds(shows=NUMBER)
    assert (asked.status_code, asked.get_json()["state"], asked.get_json()["token"]) == (201, "waiting", None)
    assert problem(phone.opens(), 403)["needs"] == "confirmation"
    assert confirmed(life) == life.town.accounts["deputy"].id
    signed = phone.opens()
    assert signed.status_code == 201 and signed.get_json()["actor"]["role"] == "deputy"
    assert phone.carries(signed.get_json()["token"]).client.get("/api/v1/deputy/matters").status_code == 200
    assert session.scalars(select(Session.by)).all() == ["wechat"]
    assert acts() == ["account.phone", "binding.ask", "binding.confirm"]
    assert session.scalars(select(Binding)).all() == []


def test_an_invitation_binds_at_once_and_never_again(phone: Phone, thief: Phone, life: Life) -> None:
    code = invited(life)
    signed = phone.binds(invitation=f" {code[:4]}-{code[4:8].lower()} {code[8:]}")
    assert (signed.status_code, signed.get_json()["state"]) == (201, "bound")
    assert phone.carries(signed.get_json()["token"]).client.get("/api/v1/me").status_code == 200
    problem(thief.binds(invitation=code), 403)
    assert phone.opens().status_code == 201 and thief.opens().status_code == 403
    assert acts() == ["binding.invite", "binding.accept"]


def test_the_contracts_own_address_signs_in_as_well(phone: Phone, app: Flask, outside: Outside, life: Life) -> None:
    bound(app, outside, life)
    code = outside.set("mini-program/codes", user="liu")["code"]
    assert phone.client.post("/api/v1/sessions/wechat", json={"code": code}).status_code == 201


@pytest.mark.parametrize("number", ["13700137001", "+85291234567", ""])
def test_a_number_that_is_not_on_file_asks_for_nobody(phone: Phone, life: Life, number: str) -> None:
    on_file(life)
    on_file(life, "office", "13700137001")  # no deputy
    problem(phone.binds(shows=number) if number else phone.binds(), 422)
    assert binding_desk.waiting(life.town.actor("office"), life.clock()) == []


def test_two_deputies_of_one_number_are_told_apart_by_invitation_alone(phone: Phone, life: Life) -> None:
    on_file(life)
    on_file(life, "other_deputy")
    problem(phone.binds(shows=NUMBER), 422)
    assert phone.binds(shows=NUMBER, invitation=invited(life, "other_deputy")).status_code == 201


# What is stolen


def test_a_stolen_ticket_opens_nothing_without_what_the_deputy_has(phone: Phone, thief: Phone, life: Life) -> None:
    on_file(life)
    stolen = phone.ticket()
    for answer in (
        thief.binds(stolen, shows="13900000000"),
        thief.binds(stolen, invitation="ABCDEFGHJKMN"),
        thief.binds(f"{stolen}x", invitation=invited(life), shows=NUMBER),
    ):
        assert answer.status_code in (403, 409, 422) and "token" not in answer.get_json()
    assert session.scalars(select(Session)).all() == []


def test_a_stolen_ticket_is_over_once_the_phone_is_bound_and_after_ten_minutes(
    phone: Phone, thief: Phone, life: Life
) -> None:
    late = thief.ticket()
    life.clock.advance(minutes=10)
    problem(thief.binds(late, invitation=invited(life)), 409)
    used = phone.ticket()
    assert phone.binds(used, invitation=invited(life)).status_code == 201
    problem(thief.binds(used, invitation=invited(life, "other_deputy")), 409)


def test_an_overheard_invitation_opens_nothing_where_a_number_is_on_file(
    phone: Phone, thief: Phone, life: Life
) -> None:
    on_file(life)
    code = invited(life)
    assert "phone_code" in problem(thief.binds(invitation=code), 422)["errors"]
    problem(thief.binds(invitation=code, shows="13900000000"), 403)
    assert thief.opens().status_code == 403
    assert phone.binds(invitation=code, shows=NUMBER).status_code == 201  # it was not used up by the others


def test_an_invitation_ends_after_a_week_and_by_a_newer_one(phone: Phone, life: Life) -> None:
    stale = invited(life)
    fresh = invited(life)
    problem(phone.binds(invitation=stale), 403)
    life.clock.advance(days=7)
    problem(phone.binds(invitation=fresh), 403)
    assert phone.binds(invitation=invited(life)).status_code == 201


def test_five_wrong_invitations_shut_the_phone_out_and_a_new_ticket_does_not_help(phone: Phone, life: Life) -> None:
    code = invited(life)
    for _ in range(sign_in.MAX_FAILURES):
        problem(phone.binds(invitation="WRNGWRNGWRNG"), 403)
    assert problem(phone.binds(invitation=code), 403)["detail"] == bindings.SHUT
    life.clock.advance(minutes=30)
    assert phone.binds(invitation=code).status_code == 201


def test_invitations_are_not_guessed_by_many_phones_of_one_address(app: Flask, outside: Outside, life: Life) -> None:
    phones = [Phone(app, outside, f"thief {number}") for number in range(11)]
    with limits_on(app):
        tries = [phone.binds(invitation="WRNGWRNGWRNG").status_code for phone in phones]
    assert tries == [403] * 10 + [429]


def test_invitations_and_tickets_are_kept_as_digests_alone(phone: Phone, life: Life) -> None:
    code, ticket = invited(life), phone.ticket()
    kept = [str(row) for table in (Binding, Invitation) for row in session.execute(select(*table.__table__.columns))]
    assert len(kept) == 2 and not [each for each in kept if code in each or ticket in each or phone.openid in each]


# Ending it


def test_the_office_unbinds_at_once(app: Flask, outside: Outside, life: Life) -> None:
    phone = bound(app, outside, life)
    with transaction():
        binding_desk.end(life.town.actor("office"), life.town.accounts["deputy"].id, now=life.clock())
    assert phone.client.get("/api/v1/me").status_code == 401
    assert phone.opens().status_code == 403
    assert acts()[-1] == "binding.end"


def test_a_deputy_unbinds_the_own_phone_and_may_bind_another(app: Flask, outside: Outside, life: Life) -> None:
    phone = bound(app, outside, life)
    assert phone.client.delete(f"{BINDINGS}/current").status_code == 204
    assert phone.client.get("/api/v1/me").status_code == 401 and phone.opens().status_code == 403
    assert bound(app, outside, life, "liu with another WeChat").opens().status_code == 201


def test_a_new_phone_ends_the_one_before(app: Flask, outside: Outside, life: Life) -> None:
    old = bound(app, outside, life)
    new = bound(app, outside, life, "liu with another WeChat")
    assert old.client.get("/api/v1/me").status_code == 401 and old.opens().status_code == 403
    assert new.opens().status_code == 201


def test_one_phone_is_one_accounts(app: Flask, outside: Outside, life: Life) -> None:
    on_file(life, "other_deputy")
    phone = Phone(app, outside, "liu")
    phone.binds(shows=NUMBER)
    waiting_id = waiting_for(life)
    assert phone.binds(invitation=invited(life)).status_code == 201
    with pytest.raises(NotFound), transaction():
        binding_desk.confirm(life.town.actor("office"), waiting_id, life.keys, now=life.clock())
    assert phone.opens().get_json()["actor"]["name"] == "deputy的人"


@pytest.mark.parametrize("how", ["disabled", "locked"])
def test_a_closed_or_shut_account_is_not_signed_in(app: Flask, outside: Outside, life: Life, how: str) -> None:
    phone, deputy = bound(app, outside, life), life.town.accounts["deputy"]
    with transaction():
        if how == "disabled":
            accounts.disable_account(life.town.actor("security_administrator"), deputy.id, life.clock())
        else:
            for _ in range(sign_in.MAX_FAILURES):
                sign_in.check_password("deputy", "wrong", life.clock())
    assert "token" not in problem(phone.opens(), 403)


def test_who_is_no_deputy_any_more_is_not_signed_in_by_phone(app: Flask, outside: Outside, life: Life) -> None:
    phone, deputy = bound(app, outside, life), life.town.accounts["deputy"]
    with transaction():
        place = accounts.Place(Role.OFFICE, COUNTY)
        accounts.change_place(life.town.actor("security_administrator"), deputy.id, place, life.clock())
    assert "token" not in problem(phone.opens(), 403)


def test_what_nobody_confirmed_is_forgotten_in_time(phone: Phone, life: Life) -> None:
    invited(life)
    phone.ticket()
    old = life.clock() + timedelta(days=38)
    for rule in retention.rules(Retention(), life.keys):
        with transaction():
            retention.remove(rule, rule.due(old, 10), old)
    assert session.scalars(select(Binding)).all() == session.scalars(select(Invitation)).all() == []
    assert vault.find_marked(vault.ASKED, phone.openid, life.keys) == []


def test_a_second_factor_is_asked_for_but_no_password(app: Flask, outside: Outside, life: Life) -> None:
    phone, deputy = bound(app, outside, life), life.town.accounts["deputy"]
    with transaction():
        deputy.must_change = True
    assert phone.opens().status_code == 201
    authenticator = bind(life.town.actor("deputy"), life.keys, life.clock)
    assert problem(phone.opens(), 401)["needs"] == "otp"
    life.clock.advance(minutes=1)
    signed = phone.opens(otp=authenticator.shows())
    assert signed.status_code == 201, signed.text
    assert phone.carries(signed.get_json()["token"]).client.get("/api/v1/deputy/matters").status_code == 200


# The office


@pytest.mark.parametrize("by", ["other_office", "security_administrator", "housing_head", "deputy"])
def test_nobody_but_the_own_office_confirms_a_phone(phone: Phone, life: Life, by: str) -> None:
    on_file(life)
    phone.binds(shows=NUMBER)
    with pytest.raises((NotFound, NotAllowed)), transaction():
        binding_desk.confirm(life.town.actor(by), waiting_for(life), life.keys, now=life.clock())
    assert phone.opens().status_code == 403


def test_what_was_refused_or_waited_a_week_is_over(phone: Phone, life: Life) -> None:
    on_file(life)
    office = life.town.actor("office")
    phone.binds(shows=NUMBER)
    with transaction():
        binding_desk.refuse(office, waiting_for(life), now=life.clock())
    assert problem(phone.opens(), 403)["needs"] == "binding"
    phone.binds(shows=NUMBER)
    life.clock.advance(days=7)
    assert binding_desk.waiting(office, life.clock()) == []
    assert problem(phone.opens(), 403)["needs"] == "binding"


def test_another_number_on_file_drops_what_was_asked_by_the_old_one(phone: Phone, life: Life) -> None:
    on_file(life)
    phone.binds(shows=NUMBER)
    on_file(life, phone="13700137009")
    assert binding_desk.waiting(life.town.actor("office"), life.clock()) == []


# WeChat


@pytest.mark.parametrize(
    ("code", "status"), [(40029, 422), (40226, 422), (45011, 429), (-1, 503)], ids=str
)
def test_what_wechat_refuses_is_told(phone: Phone, outside: Outside, life: Life, code: int, status: int) -> None:
    for path in ("/sns/jscode2session", "/wxa/business/getuserphonenumber"):
        ticket = phone.ticket()
        outside.set("answers", path=path, body={"errcode": code, "errmsg": "no"})
        answer = phone.opens() if "sns" in path else phone.binds(ticket, shows=NUMBER)
        problem(answer, status)
        assert status not in (429, 503) or answer.headers["Retry-After"]


def test_without_a_mini_program_its_doors_say_so(client, app: Flask, town) -> None:
    problem(client.post(SESSIONS, json={"code": "any"}), 404)
    problem(client.post(BINDINGS, json={"ticket": "any", "invitation": "any"}), 404)


# Messages


def test_a_bound_deputys_notice_arrives_for_each_message_agreed_to(app: Flask, outside: Outside, life: Life) -> None:
    install(wechat_subscribe=Limit(), log=Limit())
    phone = bound(app, outside, life)
    outside.set("consents", openid=phone.openid, template_id="sandbox-subscribe", count=5)
    stock = phone.client.post(CONSENTS, json={CONSENTED: "accept", "errMsg": "requestSubscribeMessage:ok"})
    assert stock.get_json() == {"stock": {CONSENTED: 1}}
    numbers = [life.matter_in("with_deputy") for _ in range(2)]
    wechat = Wechat(WechatAccount("wx-sandbox", "sandbox-secret"), None, base_url=outside.url)
    by_phone, otherwise = SubscribeOutlet(wechat, MessageTemplate("sandbox-subscribe")), Way()
    send(life, {"wechat_subscribe": by_phone, "log": otherwise}, *ring(life))
    assert [each["address"] for each in outside.messages()] == [phone.openid]
    (told,) = outside.messages()
    assert not [number for number in numbers if number in str(told)]
    assert phone.client.get(CONSENTS).get_json() == {"stock": {CONSENTED: 0}}


@pytest.mark.parametrize(
    ("body", "status", "left"),
    [
        ({CONSENTED: "accept"}, 200, 1),
        ({CONSENTED: "reject"}, 200, 0),
        ({CONSENTED: "ban", "another": "accept"}, 200, 0),
        ({CONSENTED: "perhaps"}, 422, 0),
        ({CONSENTED: 1}, 422, 0),
        ({f"{number}": "accept" for number in range(9)}, 422, 0),
        ([], 422, 0),
    ],
    ids=str,
)
def test_only_what_was_accepted_counts(
    app: Flask, outside: Outside, life: Life, body: object, status: int, left: int
) -> None:
    install(wechat_subscribe=Limit())
    phone = bound(app, outside, life)
    answer = phone.client.post(CONSENTS, json=body)
    assert answer.status_code == status, answer.text
    assert channels.consents(life.town.accounts["deputy"].id, [CONSENTED]) == {CONSENTED: left}


def test_unbinding_forgets_the_address_and_what_was_agreed_to(app: Flask, outside: Outside, life: Life) -> None:
    install(wechat_subscribe=Limit())
    phone, deputy = bound(app, outside, life), life.town.accounts["deputy"]
    phone.client.post(CONSENTS, json={CONSENTED: "accept"})
    assert vault.find_addresses([deputy.id], life.keys) == {(deputy.id, "wechat_subscribe"): phone.openid}
    phone.client.delete(f"{BINDINGS}/current")
    assert vault.find_addresses([deputy.id], life.keys) == {}
    assert channels.consents(deputy.id, [CONSENTED]) == {CONSENTED: 0}


# The canary


def test_openid_number_and_session_key_stand_nowhere(
    app: Flask, outside: Outside, life: Life, browser, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    install(wechat_subscribe=Limit())
    on_file(life)
    phone = Phone(app, outside, "liu")
    answers = [phone.opens(), phone.binds(shows=NUMBER), phone.opens()]
    pages = [browser("office").get("/console/bindings")]
    confirmed(life)
    answers += [phone.opens(), phone.binds(phone.opens().get_json().get("ticket", "none"), shows="13900000000")]
    account = life.town.accounts["deputy"].id
    asked = {"security_administrator": f"accounts/{account}", "office": "bindings", "auditor": "audit", "deputy": "me"}
    pages += [browser(username).get(f"/console/{page}") for username, page in asked.items()]
    assert {each.status_code for each in pages} == {200} and "137****7000" in pages[1].text
    tables = ("bindings", "sessions", "audit", "accounts")
    rows = [str(session.execute(text(f"SELECT * FROM {table}")).all()) for table in tables]
    said = [*(each.get_data() for each in (*answers, *pages)), *(each.encode() for each in (*rows, caplog.text))]
    words = (phone.openid, NUMBER, SESSION_KEY)
    assert [word for each in (*said, *jobs(app)) for word in seen(each, words)] == []
