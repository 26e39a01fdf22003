"""The page on which everybody says how to be reached: what it offers, what it keeps, what it never shows or tells."""

import logging

import pytest

from liaison.db import session
from liaison.services import channels, vault
from liaison.services.channels import Limit
from tests.support.forms import form_of, forms_of, send
from tests.support.life import Life
from tests.support.sending import install, reach

PHONE, MAIL = "13912345678", "li.min@rd.example.gov.cn"
ALL = ("office", "deputy", "housing_handler", "housing_head", "liaison", "supervisor", "administrator", "auditor")


@pytest.fixture
def installed(life: Life) -> None:
    """An installation with three channels that need an address."""
    install(wecom=Limit(), sms=Limit(), email=Limit())


def kept(life: Life, username: str = "office") -> dict[str, str]:
    """The addresses of an account, by channel in its order of preference."""
    account = life.town.accounts[username]
    session.refresh(account)
    found = vault.find_addresses([account.id], life.keys)
    assert {(account.id, channel) for channel in account.channels} == set(found)
    return {channel: found[account.id, channel] for channel in account.channels}


def add(client, channel: str, address: str):
    """Type an address into its form."""
    page = client.get("/console/reach")
    form = next(each for each in forms_of(page) if each.values.get("channel") == [channel] and "address" in each.names)
    return client.post(form.action, data={**form.values, "address": address})


def order(client, channel: str, act: str):
    """Press a button beside a channel."""
    token = form_of(client.get("/console/reach"), "sign-out").values["csrf_token"]
    return client.post("/console/reach/order", data={"csrf_token": token, "channel": channel, "act": act})


@pytest.mark.parametrize("username", ALL)
def test_everybody_with_an_account_finds_the_page(browser, installed, username):
    client = browser(username)
    assert 'href="/console/reach"' in client.get("/console/").text
    page = client.get("/console/reach")
    assert page.status_code == 200 and "还没有登记通知方式" in page.text and "容易错过期限" in page.text


def test_what_is_typed_is_kept_sealed_and_shown_with_its_middle_hidden(browser, life, installed):
    client = browser("office")
    assert add(client, "sms", "+86 139-1234-5678").status_code == 303
    assert kept(life) == {"sms": PHONE}
    page = client.get("/console/reach").text
    assert "139****5678" in page and PHONE not in page and "还没有登记" not in page
    assert channels.route(life.town.accounts["office"].channels) == ["sms"]


def test_a_new_channel_takes_its_usual_place_and_people_change_it(browser, life, installed):
    client = browser("office")
    for channel, address in (("email", MAIL), ("wecom", "LiMin"), ("sms", PHONE)):
        add(client, channel, address)
    assert list(kept(life)) == ["wecom", "sms", "email"]
    order(client, "email", "up")
    assert list(kept(life)) == ["wecom", "email", "sms"]
    order(client, "wecom", "down")
    assert list(kept(life)) == ["email", "wecom", "sms"]
    for channel, act in (("email", "up"), ("sms", "down")):
        assert order(client, channel, act).status_code == 303
    assert list(kept(life)) == ["email", "wecom", "sms"]
    add(client, "wecom", "LiMin2")
    assert list(kept(life).items()) == [("email", MAIL), ("wecom", "LiMin2"), ("sms", PHONE)]


def test_what_is_removed_is_forgotten(browser, life, installed):
    client = browser("office")
    add(client, "sms", PHONE)
    assert order(client, "sms", "drop").status_code == 303
    assert kept(life) == {} and "还没有登记通知方式" in client.get("/console/reach").text


@pytest.mark.parametrize(("channel", "typed"), [("sms", "0511-87654321"), ("email", "li@rd"), ("wecom", "@all")])
def test_what_is_no_address_is_refused_beside_its_field_and_stays_there(browser, life, installed, channel, typed):
    refused = add(browser("office"), channel, typed)
    assert refused.status_code == 422 and refused.text.count('class="wrong"') == 1
    form = next(each for each in forms_of(refused) if each.values.get("address") == [typed])
    assert form.values["channel"] == [channel] and kept(life) == {}


def test_one_person_does_not_change_what_another_said(browser, life, installed):
    add(browser("office"), "sms", PHONE)
    other = browser("office_lead")
    assert "139****5678" not in other.get("/console/reach").text
    order(other, "sms", "drop")
    assert kept(life) == {"sms": PHONE} and kept(life, "office_lead") == {}


def test_only_what_is_installed_is_offered(browser, life):
    install(sms=Limit(), wechat_template=Limit())
    client = browser("office")
    page = client.get("/console/reach")
    offered = {each.values["channel"][0] for each in forms_of(page) if "address" in each.names}
    assert offered == {"sms"} and "公众号模板消息由管理员登记" in page.text
    token = form_of(page, "sign-out").values["csrf_token"]
    for channel in ("email", "wechat_template", "log", "nonsense"):
        told = {"csrf_token": token, "channel": channel, "address": MAIL}
        assert client.post("/console/reach/address", data=told).status_code == 422
    assert kept(life) == {}


def test_a_channel_that_is_gone_is_shown_as_such(browser, life):
    install(sms=Limit())
    reach(life, life.town.accounts["office"], "email", "sms")
    page = browser("office").get("/console/reach").text
    assert page.count("本系统已停用") == 1 and channels.route(["email", "sms"]) == ["sms"]


def test_where_nothing_is_installed_the_page_says_what_that_means(browser, life):
    page = browser("office").get("/console/reach")
    assert "还没有开通短信、企业微信或电子邮件" in page.text
    assert not [each for each in forms_of(page) if "address" in each.names]


def test_no_log_holds_an_address(browser, life, installed, caplog):
    caplog.set_level(logging.DEBUG)
    client = browser("office")
    add(client, "sms", PHONE)
    add(client, "email", "li@rd")
    order(client, "sms", "drop")
    told = caplog.text
    assert str(life.town.accounts["office"].id) in told and "sms" in told
    assert PHONE not in told and "li@rd" not in told


def test_visitors_are_sent_to_sign_in(client, town):
    answer = client.get("/console/reach")
    assert answer.status_code == 302 and "/console/sign-in" in answer.location


def test_the_form_cannot_be_sent_without_its_token(browser, life, installed):
    client = browser("office")
    assert client.post("/console/reach/address", data={"channel": "sms", "address": PHONE}).status_code == 400
    page = client.get("/console/reach")
    assert send(client, page, "address", address="LiMin").status_code == 303
    assert list(kept(life)) == ["wecom"]
