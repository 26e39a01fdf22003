"""Residents whom WeChat knows: the way round by it, what a visit opens, and what must never be seen of it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import select

from liaison.app import create_app
from liaison.clients.wechat import Wechat, WechatAccount
from liaison.clients.wechat_jssdk import JsSdk
from liaison.clients.wechat_oauth import OAuth
from liaison.db import session, transaction
from liaison.models.people import Visit
from liaison.services import vault, visitors
from liaison.services.channels import SMS, TEMPLATE, Limit
from liaison.settings import ServiceAccount
from liaison.web.resident.visitors import ROUND
from sandbox.people import openid_of
from tests.support.canary import jobs
from tests.support.edge import limits_on
from tests.support.life import TEXT, Life
from tests.support.outside import Outside, open_outside
from tests.support.sending import install
from tests.web.test_resident_pages import hidden

APPID, SECRET = "wx-sandbox-service", "sandbox-secret"
WECHAT = {"User-Agent": "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 MicroMessenger/8.0.50.2701 WeChat/arm64"}


@pytest.fixture
def outside() -> Iterator[Outside]:
    """WeChat, over HTTP."""
    with open_outside() as outside:
        yield outside


@pytest.fixture
def with_wechat(app: Flask, life: Life, outside: Outside) -> Iterator[Flask]:
    """The application with a service account of the sandbox."""
    usual = app.extensions["liaison"]
    wechat = Wechat(WechatAccount(APPID, SECRET), None, base_url=outside.url, inside=["127.0.0.1"])
    by_wechat = {"oauth": OAuth(wechat, APPID, outside.url), "js_sdk": JsSdk(wechat, APPID)}
    app.extensions["liaison"] = replace(usual, **by_wechat)
    install(**{TEMPLATE: Limit()})
    try:
        yield app
    finally:
        app.extensions["liaison"] = usual


class Phone:
    """A phone with WeChat on it, whose browser goes where it is led: to us and to WeChat."""

    def __init__(self, app: Flask, user: str) -> None:
        self.us, self.user, self.asked = app.test_client(), user, ""

    def get(self, address: str) -> object:
        """Open a page of ours in WeChat's browser."""
        return self.us.get(address, headers=WECHAT)

    def goes_round(self, address: str) -> str:
        """From a page of ours to WeChat; returns the address it leads back to, not opened yet."""
        self.asked = self.get(address).location
        led = httpx.get(self.asked.partition("#")[0] + f"&user={self.user}")
        return led.headers["Location"].removeprefix("http://testserver")

    def enters(self, to: str = "/my") -> "Phone":
        """All the way round."""
        answer = self.get(self.goes_round(f"/wechat/enter?to={to}"))
        assert (answer.status_code, answer.location) == (303, to)
        return self

    @property
    def visit(self) -> str | None:
        """The token in its cookie."""
        kept = self.us.get_cookie("wechat", "testserver")
        return kept.value if kept else None

    def tells(self, **more: str) -> str:
        """Tell something; returns the number."""
        page = self.get("/s/S001/new").text
        form = {name: hidden(page, name) for name in ("csrf_token", "key")} | {"text": TEXT} | more
        answer = self.us.post("/s/S001/new", data=form, headers=WECHAT)
        return re.search(r"M\d{4}-\d{6}-\w", answer.location)[0]

    def sends(self, path: str, **form: str) -> object:
        """Send a form of the list."""
        token = hidden(self.get("/my").text, "csrf_token")
        return self.us.post(path, data=form | {"csrf_token": token}, headers=WECHAT)


@pytest.fixture
def wang(with_wechat: Flask) -> Phone:
    """The phone of 王秀英."""
    return Phone(with_wechat, "wang")


def test_who_scans_in_wechat_is_known_without_a_tap_and_finds_the_matter_again(wang: Phone, life: Life) -> None:
    led = wang.get("/s/S001?k=x")
    assert (led.status_code, led.location) == (302, "/wechat/enter?to=/s/S001?k%3Dx")
    back = wang.get(wang.goes_round(led.location))
    assert (back.status_code, back.location) == (303, "/s/S001?k=x")
    assert wang.get(back.location).status_code == 200
    number = wang.tells(hears="1")
    assert life.case(number).channels == [TEMPLATE]
    wang.us.delete_cookie("session", domain="testserver")
    assert "您说的事" in wang.get(f"/m/{number}").text, "opens without the code"
    page = wang.get("/my?q=路灯").text
    assert number in page and "在等" in page
    assert number not in wang.get("/my?q=水管").text


def test_elsewhere_nothing_changes(with_wechat: Flask) -> None:
    client = with_wechat.test_client()
    assert client.get("/s/S001").status_code == 200 and client.get("/s/S001/new").status_code == 200
    assert "有进展时，微信告诉我" not in client.get("/s/S001/new").text
    assert client.get_cookie("wechat", "testserver") is None
    assert "微信里打开" in client.get("/my").text


def test_the_list_shows_ones_own_and_pages(wang: Phone, with_wechat: Flask) -> None:
    wang.enters()
    numbers = [wang.tells(text=f"{TEXT}第 {index} 盏。") for index in range(3)]
    other = Phone(with_wechat, "li").enters()
    theirs = other.tells()
    first = wang.get("/my?limit=2").text
    following = re.search(r'href="(/my\?after=[^"]+)"', first)[1].replace("&amp;", "&")
    assert [number in first for number in numbers] == [False, True, True]
    second = wang.get(f"{following}&limit=2").text
    assert [number in second for number in numbers] == [True, False, False]
    assert theirs not in first + second
    other.us.delete_cookie("session", domain="testserver")
    assert "您说的事" not in other.get(f"/m/{numbers[0]}").text
    assert other.get(f"/m/{numbers[0]}/data").status_code == 303


def test_an_older_matter_is_added_by_its_code_and_taken_out_again(wang: Phone, life: Life) -> None:
    told = life.submit()
    wang.enters()
    wrong = wang.sends("/my/additions", number=told.case.number, code="ABCD-EFGH-JKMN")
    assert wrong.status_code == 404 and "没有添加" in wrong.text and told.case.number in wrong.text
    assert wang.sends("/my/additions", number=told.case.number, code=told.secret).status_code == 303
    assert told.case.number in wang.get("/my").text
    assert wang.sends("/my/unbinding", number=told.case.number).location == "/my?done=removed"
    assert told.case.number not in wang.get("/my").text and "您说的事" not in wang.get(f"/m/{told.case.number}").text


def test_leaving_ends_the_visit_and_forgets_what_it_opened(wang: Phone) -> None:
    wang.enters()
    number, token = wang.tells(), wang.visit
    wang.sends("/my/leaving")
    assert wang.visit is None
    assert "您说的事" not in wang.get(f"/m/{number}").text, "the next to hold this phone reads nothing"
    wang.us.set_cookie("wechat", token, domain="testserver")
    assert number not in wang.get("/my").text, "nor with a token that was kept"


def test_a_visit_ends_after_a_week_unused_and_after_a_month_at_all(wang: Phone, life: Life) -> None:
    wang.enters()
    number = wang.tells()
    life.clock.advance(days=8)
    assert number not in wang.get("/my").text
    wang.enters()
    for _ in range(5):
        life.clock.advance(days=6)
        seen = number in wang.get("/my").text
    assert not seen


def test_a_forged_or_foreign_state_begins_no_visit(wang: Phone, with_wechat: Flask) -> None:
    evil = Phone(with_wechat, "li")
    theirs = evil.goes_round("/wechat/enter?to=/my")
    assert wang.get(theirs).location == "/my" and wang.visit is None, "a browser that never went out"
    code = parse_qs(urlsplit(theirs).query)["code"][0]
    for forged in ("{theirs}", "/wechat/back?code={code}", "/wechat/back?code={code}&state={state}0"):
        state = parse_qs(urlsplit(wang.goes_round("/wechat/enter?to=/s/S001")).query)["state"][0]
        answer = wang.get(forged.format(theirs=theirs, code=code, state=state))
        assert answer.location == "/s/S001" and wang.visit is None, forged


def test_a_round_counts_once(wang: Phone, outside: Outside) -> None:
    back = wang.goes_round("/wechat/enter?to=/my")
    cookie = wang.us.get_cookie(ROUND, "testserver").value
    wang.get(back)
    kept, calls = wang.visit, outside.calls("/sns/oauth2/access_token")
    wang.us.set_cookie(ROUND, cookie, domain="testserver")
    assert wang.get(back).location == "/my"
    assert wang.visit == kept and outside.calls("/sns/oauth2/access_token") == calls


def test_a_round_that_took_too_long_begins_no_visit(wang: Phone, outside: Outside) -> None:
    back = wang.goes_round("/wechat/enter?to=/my")
    outside.set("clock", seconds=301)
    assert wang.get(back).location == "/my" and wang.visit is None
    assert "没有连上微信" in wang.get("/my").text


def test_no_session_is_fixed(wang: Phone, with_wechat: Flask) -> None:
    """Neither a token planted by somebody else nor the one before is good after entering."""
    evil = Phone(with_wechat, "li").enters()
    wang.us.set_cookie("wechat", evil.visit, domain="testserver")
    planted = evil.visit
    wang.enters()
    assert wang.visit not in (None, planted)
    number = wang.tells()
    assert number not in evil.get("/my").text and evil.us.get("/my").status_code == 200
    before = wang.visit
    wang.enters()
    wang.us.set_cookie("wechat", before, domain="testserver")
    assert number not in wang.get("/my").text


@pytest.mark.parametrize(
    "to",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "/console/", "/s/../console", "javascript:1", ""],
)
def test_a_round_leads_nowhere_but_to_residents_pages(wang: Phone, to: str) -> None:
    back = wang.goes_round(f"/wechat/enter?to={to}")
    assert wang.get(back).location == "/my"


@pytest.mark.parametrize("mood", ["refused", "down"])
def test_without_wechat_one_tells_all_the_same_and_reads_why(wang: Phone, outside: Outside, mood: str) -> None:
    back = wang.goes_round("/wechat/enter?to=/s/S001/new")
    if mood == "down":
        outside.set("faults", down=True)
    else:
        back = re.sub(r"code=\w+&", "", back)
    assert wang.get(back).location == "/s/S001/new"
    page = wang.get("/s/S001/new")
    assert page.status_code == 200 and "没有连上微信，照样可以提交" in page.text
    assert wang.tells()


def test_wechats_script_is_let_into_the_form_in_wechat_alone(wang: Phone, with_wechat: Flask) -> None:
    wang.enters()
    policies = {path: wang.get(path).headers["Content-Security-Policy"] for path in ("/s/S001/new", "/my", "/m")}
    assert "script-src 'self' https://res.wx.qq.com;" in policies["/s/S001/new"]
    elsewhere = with_wechat.test_client().get("/s/S001/new")
    others = [policies["/my"], policies["/m"], elsewhere.headers["Content-Security-Policy"]]
    assert not [each for each in others if "wx.qq.com" in each] and "wx.qq.com" not in elsewhere.text


@pytest.mark.parametrize("page", ["https://evil.example/s/S001", "//evil.example/s/", "/console/", "/s/../console", ""])
def test_no_other_page_than_residents_is_signed(wang: Phone, page: str) -> None:
    told = wang.us.get("/wechat/page", query_string={"page": page})
    assert (told.status_code, told.data) == (204, b"")
    assert wang.us.get("/wechat/page?page=/s/S001/new").get_json().keys() > {"signature"}


def test_while_wechat_is_away_no_page_is_signed_and_the_form_works(wang: Phone, outside: Outside) -> None:
    wang.enters()
    outside.set("faults", down=True)
    assert wang.us.get("/wechat/page?page=/s/S001/new").status_code == 204 and wang.tells()


def test_one_person_telling_much_is_slowed_down_and_the_village_behind_the_same_address_is_not(
    wang: Phone, with_wechat: Flask
) -> None:
    with limits_on(with_wechat):
        wang.enters()
        page = wang.get("/s/S001/new").text
        token = hidden(page, "csrf_token")
        form = {"csrf_token": token, "text": TEXT}
        told = [
            wang.us.post("/s/S001/new", data=form | {"key": f"{index:032}"}, headers=WECHAT).status_code
            for index in range(11)
        ]
        assert told == [303] * 10 + [429]
        assert Phone(with_wechat, "li").enters().tells()


def test_who_goes_round_too_often_goes_on_without_wechat(wang: Phone, with_wechat: Flask) -> None:
    with limits_on(with_wechat):
        led = [wang.get("/wechat/enter?to=/s/S001").location for _ in range(121)]
    assert led[119].startswith("http") and led[120] == "/s/S001"


def test_the_openid_is_seen_nowhere_but_sealed(
    wang: Phone, life: Life, with_wechat: Flask, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    openid = openid_of(APPID, "wang")
    answers = [wang.get("/s/S001"), wang.get(wang.goes_round("/wechat/enter?to=/s/S001/new"))]
    number = wang.tells(hears="1")
    answers += [wang.get(path) for path in ("/s/S001/new", "/my", f"/m/{number}", f"/m/{number}/receipt")]
    answers += [wang.get(f"/m/{number}/{name}") for name in ("data", "data.json")]
    assert all("wechat" in answer.text or "模板消息" in answer.text for answer in answers[-2:])
    answers += [wang.sends("/my/unbinding", number=number), wang.sends("/my/leaving")]
    said = b"".join(answer.get_data() + str(answer.headers).encode() for answer in answers)
    logged = "".join(capsys.readouterr()) + caplog.text
    assert openid.encode() not in said and openid not in logged
    assert not [job for job in jobs(with_wechat) if openid.encode() in job]
    with Redis.from_url(with_wechat.extensions["liaison"].config.redis.url) as redis:
        assert not [key for key in redis.scan_iter() if openid.encode() in key]
    columns = [str(row) for row in session.execute(select(Visit.__table__)).all()]
    assert columns and openid not in "".join(columns)


def test_erasing_and_taking_back_consent_unbind(wang: Phone, life: Life) -> None:
    wang.enters()
    number = wang.tells(hears="1")
    page = wang.get(f"/m/{number}/data").text
    token = hidden(page, "csrf_token")
    back = {"csrf_token": token, "purpose": "notices", "agreed": "false"}
    assert wang.us.post(f"/m/{number}/consents", data=back, headers=WECHAT).status_code == 303
    assert life.case(number).channels == [] and number in wang.get("/my").text
    again = back | {"agreed": "true"}
    assert wang.us.post(f"/m/{number}/consents", data=again, headers=WECHAT).status_code == 303
    assert life.case(number).channels == [TEMPLATE], "WeChat tells again"
    wang.us.post(f"/m/{number}/withdrawal", data={"csrf_token": token}, headers=WECHAT)
    erased = wang.us.post(f"/m/{number}/erasure", data={"csrf_token": token, "confirm": "true"}, headers=WECHAT)
    assert erased.status_code == 303
    assert life.case(number).channels == [] and number not in wang.get("/my").text


def test_who_takes_the_phone_number_back_still_hears_in_wechat(wang: Phone, life: Life) -> None:
    install(**{TEMPLATE: Limit(), SMS: Limit()})
    wang.enters()
    number = wang.tells(hears="1", **{"contact.phone": "13912345678"})
    assert life.case(number).channels == [TEMPLATE, SMS]
    token = hidden(wang.get(f"/m/{number}/data").text, "csrf_token")
    wang.us.post(f"/m/{number}/contact", data={"csrf_token": token, "name": "", "phone": ""}, headers=WECHAT)
    assert life.case(number).channels == [TEMPLATE]
    assert set(vault.find_addresses([life.case(number).id], life.keys)) == {(life.case(number).id, TEMPLATE)}


def test_who_left_no_trace_is_forgotten(wang: Phone, life: Life) -> None:
    wang.enters()
    with transaction():
        ids = list(session.scalars(select(Visit.id)))
        whose = session.scalar(select(Visit.visitor_id))
        assert visitors.openid_of(whose, life.keys) == openid_of(APPID, "wang")
        assert visitors.remove_visits(ids) == 1
    with pytest.raises(Exception, match="No row"):
        visitors.openid_of(whose, life.keys)


def test_with_https_no_other_host_can_plant_a_visit(app: Flask, client: FlaskClient) -> None:
    usual = app.extensions["liaison"].config
    told = ServiceAccount(app_id=APPID, secret=SECRET, template="t")
    secure = create_app(replace(usual, base_url="https://lianluo.example", service_account=told))
    with secure.test_client() as phone:
        answer = phone.get("/wechat/enter?to=/my", base_url="https://lianluo.example")
    cookie = answer.headers["Set-Cookie"]
    assert all(part in cookie for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
    asked = parse_qs(urlsplit(answer.location).query)
    assert asked["redirect_uri"] == ["https://lianluo.example/wechat/back"] and asked["scope"] == ["snsapi_base"]
    assert re.fullmatch(r"[A-Za-z0-9]{1,128}", asked["state"][0])
    assert answer.location.startswith("https://open.weixin.qq.com/") and answer.location.endswith("#wechat_redirect")
    assert timedelta(0) < visitors.IDLE < visitors.LONGEST
