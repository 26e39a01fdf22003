"""Signing in as a browser and a phone do it: second factor, passwords that must be changed, tokens that change."""

import re
from collections.abc import Callable
from io import BytesIO

import pyotp
import pytest
import zxingcpp
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from liaison.db import session, transaction
from liaison.models.people import Session
from liaison.services import second_factors, sign_in
from liaison.services.sealing import Keys
from liaison.web.guards import TOKEN
from tests.support.authenticator import Authenticator, bind
from tests.support.clock import FakeClock
from tests.support.forms import form_of, forms_of, send
from tests.support.journey import problem
from tests.support.town import PASSWORD, Town

NEW = "窗外 seven quiet herons"


@pytest.fixture
def phone(town: Town, keys: Keys, clock: FakeClock) -> Authenticator:
    """The lead's authenticator."""
    return bind(town.actor("office_lead"), keys, clock)


def signs_in(client: FlaskClient, username: str = "office_lead", password: str = PASSWORD):
    """Give name and password; the answer to it."""
    return send(client, client.get("/console/sign-in"), "sign-in", username=username, password=password)


def token_of(client: FlaskClient) -> str:
    """The token the browser carries."""
    with client.session_transaction() as cookie:
        return cookie.get(TOKEN, "")


def opens(app, token: str, path: str = "/console/") -> bool:
    """Whether this token opens a page to somebody who stole it."""
    thief = app.test_client()
    with thief.session_transaction() as cookie:
        cookie[TOKEN] = token
    return thief.get(path).status_code == 200


# The second factor


def test_with_a_second_factor_the_password_alone_opens_no_page(client, phone) -> None:
    signs_in(client)
    for path in ("/console/", "/console/rules", "/console/me", "/console/password", "/console/second-factor"):
        answer = client.get(path)
        assert answer.status_code == 302 and "/console/sign-in/code?next=" in answer.location, path
    assert "分派规则" not in client.get("/console/sign-in/code").text  # nor what the menu would offer


def test_the_code_leads_to_where_one_wanted_to_go(client, phone) -> None:
    signs_in(client)
    page = client.get(client.get("/console/rules").location)
    wrong = send(client, page, "code", code=phone.other())
    assert wrong.status_code == 401 and "验证码不正确" in wrong.text
    done = send(client, wrong, "code", code=phone.shows())
    assert (done.status_code, done.location) == (303, "/console/rules")
    assert client.get("/console/rules").status_code == 200


def test_a_code_seen_over_the_shoulder_opens_nothing_a_second_time(app, client, phone) -> None:
    signs_in(client)
    digits = phone.shows()
    send(client, client.get("/console/sign-in/code"), "code", code=digits)
    watcher = app.test_client()
    signs_in(watcher)
    assert send(watcher, watcher.get("/console/sign-in/code"), "code", code=digits).status_code == 401


def test_a_locked_account_is_told_so_on_the_page_of_the_code(client, phone) -> None:
    signs_in(client)
    for _ in range(sign_in.MAX_FAILURES):
        page = send(client, client.get("/console/sign-in/code"), "code", code=phone.other())
    page = send(client, page, "code", code=phone.shows())
    assert page.status_code == 403 and "已锁定 30 分钟" in page.text


# Fixation and the session's token


def test_a_planted_cookie_survives_neither_password_nor_code(app, client, phone, town, clock) -> None:
    with transaction():
        planted = sign_in.open_session(town.accounts["office"], clock()).token
    with client.session_transaction() as cookie:
        cookie |= {TOKEN: planted, "planted": "by somebody else"}
    signs_in(client)
    halfway = token_of(client)
    assert halfway != planted and not opens(app, planted)
    with client.session_transaction() as cookie:
        cookie["planted"] = "again"
    send(client, client.get("/console/sign-in/code"), "code", code=phone.shows())
    with client.session_transaction() as cookie:
        assert "planted" not in cookie


def test_the_token_changes_with_the_password_the_code_the_new_password_and_the_new_phone(
    app, client, phone, clock
) -> None:
    seen = []
    signs_in(client)
    seen.append(token_of(client))
    send(client, client.get("/console/sign-in/code"), "code", code=phone.shows())
    seen.append(token_of(client))
    page = client.get("/console/password")
    send(client, page, "password", current=PASSWORD, password=NEW, again=NEW)
    seen.append(token_of(client))
    clock.advance(minutes=1)
    client.get("/console/")
    send(client, client.get("/console/second-factor"), "offer", code=phone.shows())
    page = client.get("/console/second-factor")
    send(client, page, "confirm", code=pyotp.TOTP(seed_on(page)).at(int(clock().timestamp())))
    seen.append(token_of(client))
    assert len(set(seen)) == 4
    assert [opens(app, token) for token in seen] == [False, False, False, True]


def test_a_stolen_token_of_before_the_code_never_becomes_more(app, client, phone) -> None:
    signs_in(client)
    stolen = token_of(client)
    send(client, client.get("/console/sign-in/code"), "code", code=phone.shows())
    assert client.get("/console/").status_code == 200
    assert not opens(app, stolen)


# Binding a phone


def seed_on(page) -> str:
    """The secret as the page spells it out."""
    return re.sub(r"\s", "", re.search(r'<code class="seed">([A-Z2-7 ]+)</code>', page.text)[1])


@pytest.fixture
def unbound(town: Town) -> None:
    """A lead who has no second factor yet."""
    town.accounts["office_lead"].otp_since = None
    session.flush()


def test_a_lead_without_a_phone_binds_one_before_anything_else(client, town, unbound, clock) -> None:
    signs_in(client)
    assert client.get("/console/rules").location.startswith("/console/second-factor")
    send(client, client.get("/console/second-factor"), "offer")
    page = client.get("/console/second-factor")
    picture = client.get("/console/second-factor/qr.png")
    assert picture.mimetype == "image/png" and "no-store" in picture.headers["Cache-Control"]
    (code,) = zxingcpp.read_barcodes(Image.open(BytesIO(picture.data)))
    bound = pyotp.parse_uri(code.text)
    assert (bound.secret, bound.name) == (seed_on(page), "office_lead") and bound.issuer
    wrong = send(client, page, "confirm", code="12345")
    assert wrong.status_code == 422 and "验证码不正确" in wrong.text
    done = send(client, wrong, "confirm", code=bound.at(int(clock().timestamp())))
    assert len(set(re.findall(r"<code>([0-9A-Z-]{19})</code>", done.text))) == second_factors.CODES
    assert client.get("/console/rules").status_code == 200
    assert client.get("/console/second-factor/qr.png").status_code == 409
    assert seed_on(page) not in client.get("/console/second-factor").text


def test_a_recovery_code_signs_in_once(app, client, phone) -> None:
    signs_in(client)
    send(client, client.get("/console/sign-in/code"), "code", code=phone.codes[3])
    assert "还剩 <b>9</b> 个" in client.get("/console/second-factor").text
    again = app.test_client()
    signs_in(again)
    assert send(again, again.get("/console/sign-in/code"), "code", code=phone.codes[3]).status_code == 401


def test_another_phone_needs_a_code_of_the_one_in_use(client, phone, browser) -> None:
    lead = browser("office_lead")
    refused = send(lead, lead.get("/console/second-factor"), "offer", code=phone.other())
    assert refused.status_code == 422 and "qr.png" not in lead.get("/console/second-factor").text


def test_who_may_choose_can_bind_and_drop_one_again(browser, keys, town, clock) -> None:
    phone = bind(town.actor("office"), keys, clock)
    office = browser("office")
    send(office, office.get("/console/second-factor"), "drop", code=phone.shows())
    assert "开始绑定" in office.get("/console/second-factor").text
    assert not [form for form in forms_of(browser("auditor").get("/console/second-factor")) if "drop" in form.action]


# Passwords


def test_a_first_password_is_changed_before_anything_else(client, town) -> None:
    town.accounts["office"].must_change = True
    session.flush()
    signs_in(client, "office")
    assert client.get("/console/").location.startswith("/console/password")
    page = client.get("/console/password")
    weak = send(client, page, "password", current=PASSWORD, password="office1", again="office1")
    assert weak.status_code == 422
    assert "至少要 10 位" in weak.text and "不能包含用户名" in weak.text
    assert "office1" not in weak.text
    unequal = send(client, page, "password", current=PASSWORD, password=NEW, again=f"{NEW}!")
    assert unequal.status_code == 422 and "两次填写的新密码不一样" in unequal.text
    wrong = send(client, page, "password", current="wrong", password=NEW, again=NEW)
    assert wrong.status_code == 422 and "现在的密码不正确" in wrong.text
    assert send(client, page, "password", current=PASSWORD, password=NEW, again=NEW).status_code == 303
    assert client.get("/console/").status_code == 200


def test_an_old_password_is_changed_before_anything_else(client, town, clock) -> None:
    clock.advance(days=90)
    signs_in(client, "office")
    assert client.get("/console/").location.startswith("/console/password")


# My sign-ins


def test_one_sees_where_one_is_signed_in_and_ends_the_others(app, client, town) -> None:
    other = app.test_client()
    agent = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
    other.environ_base |= {"HTTP_USER_AGENT": agent, "REMOTE_ADDR": "203.0.113.77"}
    signs_in(other, "office")
    signs_in(client, "office")
    page = client.get("/console/me")
    assert "Chrome · Windows" in page.text and "203.0.*.*" in page.text and "203.0.113" not in page.text
    assert page.text.count("就是这里") == 1
    send(client, page, "others")
    assert other.get("/console/").status_code == 302 and client.get("/console/").status_code == 200
    assert "203.0.*.*" not in client.get("/console/me").text


# The API


def test_the_api_says_what_signing_in_needs(client, phone, town) -> None:
    told = {"username": "office_lead", "password": PASSWORD}
    assert problem(client.post("/api/v1/sessions", json=told), 401)["needs"] == "otp"
    wrong = problem(client.post("/api/v1/sessions", json=told | {"otp": phone.other()}), 401)
    assert wrong["needs"] == "otp" and "不正确" in wrong["detail"]
    digits = phone.shows()
    opened = client.post("/api/v1/sessions", json=told | {"otp": digits})
    assert opened.status_code == 201
    bearer = {"Authorization": f"Bearer {opened.json['token']}"}
    assert client.get("/api/v1/me", headers=bearer).json["role"] == "office_lead"
    assert problem(client.post("/api/v1/sessions", json=told | {"otp": digits}), 401)["needs"] == "otp"
    assert "needs" not in problem(client.post("/api/v1/sessions", json=told | {"password": "wrong"}), 401)


def test_the_api_opens_no_session_that_lacks_something(client, town, unbound) -> None:
    told = {"username": "office_lead", "password": PASSWORD}
    assert problem(client.post("/api/v1/sessions", json=told), 401)["needs"] == "second_factor"
    town.accounts["office"].must_change = True
    session.flush()
    assert problem(client.post("/api/v1/sessions", json=told | {"username": "office"}), 401)["needs"] == "password"
    assert session.scalars(select(Session)).all() == []


def test_a_half_open_session_is_worth_nothing_to_the_api(client, phone, town, clock) -> None:
    signs_in(client)
    bearer = {"Authorization": f"Bearer {token_of(client)}"}
    for path in ("/api/v1/me", "/api/v1/office/matters"):
        assert problem(client.get(path, headers=bearer), 401)["needs"] == "otp"


def test_the_document_describes_needs(client) -> None:
    described = client.get("/api/v1/openapi.json").json["components"]["schemas"]["Problem"]["properties"]["needs"]
    assert set(described["enum"]) == {"otp", "password", "second_factor", "binding", "confirmation"}


# The security administrator


@pytest.fixture
def security(browser: Callable[[str], FlaskClient]) -> FlaskClient:
    return browser("security_administrator")


def test_an_account_is_added_and_its_owner_signs_in(client, security, town) -> None:
    page = security.get("/console/accounts/new")
    told = {"username": "limin", "name": "李敏", "role": "handler", "region": "110101"}
    missing = send(security, page, "new", **told)
    assert missing.status_code == 422 and form_of(missing, "new").values["name"] == ["李敏"]
    added = send(security, page, "new", department="housing", **told)
    password = re.search(r'<dd class="secret">([^<]+)</dd>', added.text)[1]
    signs_in(client, "limin", password)
    assert client.get("/console/").location.startswith("/console/password")
    send(client, client.get("/console/password"), "password", current=password, password=NEW, again=NEW)
    assert client.get("/console/").status_code == 200


def test_the_list_searches_and_turns_pages(security, town) -> None:
    first = security.get("/console/accounts?role=")
    following = re.search(r'href="([^"]+)">下一页', first.text)
    assert following is None and "other_office" not in first.text
    found = security.get("/console/accounts?q=water")
    assert found.text.count("/console/accounts/") - found.text.count("/console/accounts/new") == 3


def test_a_closed_account_is_out_at_once_and_comes_back(security, browser, town) -> None:
    office = browser("office")
    page = security.get(f"/console/accounts/{town.accounts['office'].id}")
    send(security, page, "disable")
    assert office.get("/console/").status_code == 302
    send(security, security.get(page.request.path), "enable")
    assert browser("office").get("/console/").status_code == 200


def test_a_role_is_changed_and_the_sessions_end(security, browser, town) -> None:
    office = browser("office")
    page = security.get(f"/console/accounts/{town.accounts['office'].id}")
    refused = send(security, page, "place", role="auditor")
    assert refused.status_code == 409 and "三个人分别担任" in refused.text
    assert office.get("/console/").status_code == 200
    send(security, page, "place", role="office_lead")
    assert office.get("/console/").status_code == 302
    assert "人大办负责人" in security.get(page.request.path).text


def test_two_people_let_a_third_in_again(client, security, browser, town) -> None:
    page = security.get(f"/console/accounts/{town.accounts['office'].id}")
    asked = send(security, page, "recovery", reason="手机丢了，已当面核实。")
    first = half_on(asked)
    assert "须由别人确认" in security.get("/console/recoveries").text
    lead = browser("office_lead")
    confirmed = send(lead, lead.get("/console/recoveries"), "confirm")
    told = {"username": "office", "first": first, "password": NEW, "again": NEW}
    form = client.get("/console/recover")
    wrong = send(client, form, "recover", second="0000 0000", **told)
    assert wrong.status_code == 422 and "找回码不正确" in wrong.text
    assert form_of(wrong, "recover").values["first"] == [first] and NEW not in wrong.text
    assert send(client, form, "recover", second=half_on(confirmed), **told).location == "/console/sign-in"
    signs_in(client, "office", NEW)
    assert client.get("/console/").status_code == 200


def half_on(page) -> str:
    """The half of a code the page shows."""
    return re.search(r'<dd class="secret">([0-9A-Z]{4} [0-9A-Z]{4})</dd>', page.text)[1]


def test_none_of_the_three_administrators_sees_the_pages_of_another(browser) -> None:
    pages = {
        "/console/calendar": "administrator",
        "/console/accounts": "security_administrator",
        "/console/audit": "auditor",
    }
    for path in pages:
        opened = [who for who in pages.values() if browser(who).get(path).status_code == 200]
        assert opened == [pages[path]], path
