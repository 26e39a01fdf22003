"""The sandbox itself: it is the outside world, shows what phones received, and its tokens live as WeChat says."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

import sandbox
from sandbox.people import openid_of
from tests.support.source import ROOT, Module

APP = {"grant_type": "client_credential", "appid": "wx-sandbox", "secret": "sandbox-secret"}


class Clock:
    """A time that stands still."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(clock: Clock, tmp_path: Path) -> FlaskClient:
    return sandbox.create_app(folder=tmp_path, clock=clock).test_client()


def token(client: FlaskClient, *, force: bool = False) -> dict:
    return client.post("/cgi-bin/stable_token", json=APP | {"force_refresh": force}).json


def send(client: FlaskClient, token: str) -> int:
    data = {"thing1": {"value": "<b>您有新的提醒</b>"}, "time2": {"value": "2026-11-27 10:30"}}
    body = {"touser": "oPerson1", "template_id": "sandbox-template", "data": data}
    return client.post(f"/cgi-bin/message/template/send?access_token={token}", json=body).json["errcode"]


def test_it_is_the_outside_world() -> None:
    files = sorted((ROOT / "sandbox").rglob("*.py"))
    modules = [Module(f"sandbox.{path.stem}", path) for path in files]
    assert len(modules) > 8
    assert [m.name for m in modules for name in m.imports if name.split(".")[0] in ("liaison", "workers")] == []
    assert max(module.lines() for module in modules) <= 350


def test_a_token_is_given_again_until_five_minutes_before_its_end(client: FlaskClient, clock: Clock) -> None:
    first = token(client)
    clock.now += 7200 - 301
    assert token(client) == {"access_token": first["access_token"], "expires_in": 301}
    clock.now += 1
    second = token(client)
    assert second["access_token"] != first["access_token"] and second["expires_in"] == 7200
    assert send(client, first["access_token"]) == send(client, second["access_token"]) == 0
    clock.now += 300
    assert send(client, first["access_token"]) == 42001 and send(client, second["access_token"]) == 0
    assert send(client, "nonsense") == 40001


def test_a_forced_token_leaves_the_old_one_five_minutes(client: FlaskClient, clock: Clock) -> None:
    first = token(client)["access_token"]
    assert token(client, force=True)["access_token"] != first
    clock.now += 299
    assert send(client, first) == 0
    clock.now += 1
    assert send(client, first) == 42001


def test_forcing_has_a_quota(client: FlaskClient, clock: Clock) -> None:
    token(client, force=True)
    assert token(client, force=True)["errcode"] == 45011
    for _ in range(19):
        clock.now += 30
        assert "access_token" in token(client, force=True)
    clock.now += 30
    assert token(client, force=True)["errcode"] == 45009


def test_the_page_shows_each_persons_messages(client: FlaskClient, tmp_path: Path) -> None:
    assert "还没有人收到消息" in client.get("/").text
    assert send(client, token(client)["access_token"]) == 0
    assert "oPerson1" in client.get("/").text
    page = client.get("/?user=oPerson1").text
    assert "oPerson1的手机" in page and "服务号消息" in page
    assert "&lt;b&gt;您有新的提醒&lt;/b&gt;" in page and "<b>您" not in page
    assert "您有新的提醒" in (tmp_path / "messages.jsonl").read_text("utf-8")
    client.delete("/_/messages")
    assert client.get("/_/messages").json == []


def test_wires_say_what_they_do_not_understand(client: FlaskClient) -> None:
    assert client.post("/_/faults", json={"latency": 50}).status_code == 400
    assert client.post("/_/faults", data="no json").status_code == 400


def test_wires_are_this_machines_alone(client: FlaskClient) -> None:
    away = {"REMOTE_ADDR": "192.168.1.7"}
    assert client.post("/_/faults", json={"down": True}, environ_overrides=away).status_code == 403
    assert client.get("/_/messages", environ_overrides=away).status_code == 403
    assert client.get("/", environ_overrides=away).status_code == 200


def test_a_person_agrees_and_refuses_on_the_phone(client: FlaskClient) -> None:
    (user, template), given = ("wang", "sandbox-subscribe"), token(client)["access_token"]
    openid = openid_of("wx-sandbox", user)
    data = {"thing1": {"value": "您有新的提醒"}, "time2": {"value": "2026-11-27 10:30"}}
    body = {"touser": openid, "template_id": template, "page": "pages/open?link=https%3A%2F%2Fx.cn%2Fm%3Fa%26b"}

    def answered(answer: str) -> int:
        client.post(f"/people/{user}/consents", data={"template": template, "answer": answer})
        sent = client.post(f"/cgi-bin/message/subscribe/send?access_token={given}", json=body | {"data": data})
        return sent.json["errcode"]

    assert answered("") == 43101
    assert answered("accept") == 0
    assert answered("reject") == 43101
    page = client.get(f"/?user={user}").text
    assert "还可接收 0 条" in page and 'href="https://x.cn/m?a&amp;b"' in page
    assert page.count("您有新的提醒") == 2, "in the list and on the phone"


@pytest.mark.parametrize("link", ["javascript:alert(1)", "pages/open?link=javascript:alert(1)", "data:,x", "//x.cn"])
def test_a_message_opens_pages_alone(client: FlaskClient, link: str) -> None:
    body = {"touser": "oPerson1", "template_id": "sandbox-template", "url": link}
    data = {"thing1": {"value": "提醒"}, "time2": {"value": "2026-11-27 10:30"}}
    client.post(
        f"/cgi-bin/message/template/send?access_token={token(client)['access_token']}", json=body | {"data": data}
    )
    page = client.get("/?user=oPerson1").text
    assert "提醒" in page and "查看详情" not in page


def test_a_member_gets_thirty_cards_a_minute(client: FlaskClient, clock: Clock) -> None:
    query = {"corpid": "ww-sandbox", "corpsecret": "sandbox-corp-secret"}
    given = client.get("/cgi-bin/gettoken", query_string=query).json["access_token"]

    def card(number: int) -> dict:
        words = {"title": f"第{number}条", "description": "提醒", "url": "https://x.example.cn"}
        body = {"touser": "zhang|gone", "msgtype": "textcard", "agentid": 1000001, "textcard": words}
        return client.post(f"/cgi-bin/message/send?access_token={given}", json=body).json

    client.post("/_/people", json={"address": "gone"})
    answers = [card(number) for number in range(31)]
    assert all(answer["errcode"] == 0 and answer["invaliduser"] == "gone" for answer in answers)
    assert len(client.get("/_/messages?channel=wecom&address=zhang").json) == 30
    clock.now += 60
    card(31)
    assert len(client.get("/_/messages").json) == 31
