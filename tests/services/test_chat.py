"""Who writes to the service account is answered once, with links that lead to those words and hold none of them."""

import re
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import select

from liaison.clients.letters import Kind, NotSent
from liaison.clients.wechat import Wechat, WechatAccount
from liaison.clients.wechat_desk import LONGEST, CustomerDesk
from liaison.db import session, transaction
from liaison.models.base import new_id
from liaison.models.inbound import Answer
from liaison.models.stations import Station
from liaison.services import chat, inbound
from liaison.services.chat import GOOD_FOR, LEASE, MOST_ATTEMPTS, Desk
from liaison.services.inbound import WECHAT
from tests.support.life import Life
from tests.support.outside import Outside, open_outside
from tests.support.pushes import OPENID, text, xml

SAID = "北街的路灯坏了三盏，<晚上>看不见路。"


class Customers:
    """A customer desk that keeps what it said, and fails as told."""

    def __init__(self, *errors: NotSent | None) -> None:
        self.errors, self.said = list(errors), list[tuple[str, str]]()

    def say(self, openid: str, words: str) -> None:
        """Say it, or fail as told."""
        self.said.append((openid, words))
        if error := self.errors.pop(0) if self.errors else None:
            raise error


@pytest.fixture
def comes(life: Life) -> Callable[[bytes], None]:
    """A push comes and is worked off."""

    def come(message: bytes) -> None:
        with transaction():
            inbound.receive(WECHAT, message, life.clock(), life.keys)
        with transaction():
            inbound.work_off(life.clock(), life.keys)

    return come


def answer(life: Life, customers: Customers | None) -> int:
    return chat.answer(Desk(customers, lambda: life.keys, life.clock, "https://lianluo.example.gov.cn"))


def links(said: str) -> dict[str, str]:
    return {words: address for address, words in re.findall(r'<a href="([^"]+)">([^<]+)</a>', said)}


def answers() -> list[Answer]:
    return list(session.scalars(select(Answer).execution_options(populate_existing=True)))


def test_words_are_answered_with_stations_whose_forms_hold_them(life: Life, comes, client: FlaskClient) -> None:
    customers = Customers()
    comes(text(content=SAID))
    assert answer(life, customers) == 1
    ((openid, said),) = customers.said
    assert openid == OPENID and len(said.encode()) <= LONGEST
    found = links(said)
    assert {"东街联络站" in name or "/s/S001/" in address for name, address in found.items()} and len(found) >= 2
    address = next(each for each in found.values() if "/s/S001/new" in each)
    assert "路灯" not in address and OPENID not in said
    page = client.get(address.removeprefix("https://lianluo.example.gov.cn"))
    assert page.status_code == 200 and "data-typed" in page.text
    assert "北街的路灯坏了三盏，&lt;晚上&gt;看不见路。" in page.text


def test_all_stations_are_a_tap_away_and_keep_the_words(life: Life, comes, client: FlaskClient) -> None:
    customers = Customers()
    comes(text(content=SAID))
    answer(life, customers)
    everywhere = links(customers.said[0][1])["查看全部联络站"].removeprefix("https://lianluo.example.gov.cn")
    page = client.get(everywhere)
    onward = next(each for each in re.findall(r'href="(/s/S002/new\?[^"]+)"', page.text))
    assert "北街的路灯" not in page.text and "北街的路灯" in client.get(onward.replace("&amp;", "&")).text


def altered(name: str) -> str:
    return name[:-1] + ("0" if name[-1] != "0" else "1")


@pytest.mark.parametrize("spoil", [altered, lambda name: "字", str.upper])
def test_a_forged_name_opens_an_empty_form(life: Life, comes, client: FlaskClient, spoil) -> None:
    comes(text(content=SAID))
    name = chat.sign(life.keys, answers()[0].event_id, life.clock())
    assert "北街的路灯" in client.get(f"/s/S001/new?told={name}").text
    page = client.get("/s/S001/new", query_string={"told": spoil(name)})
    assert page.status_code == 200 and "北街的路灯" not in page.text and "已经过期" in page.text


def test_a_name_is_good_for_two_days(life: Life, comes) -> None:
    comes(text(content=SAID))
    name = chat.sign(life.keys, answers()[0].event_id, life.clock())
    life.clock.advance(seconds=GOOD_FOR.total_seconds())
    assert chat.find_told(name, life.keys, life.clock()) == SAID
    life.clock.advance(seconds=1)
    assert chat.find_told(name, life.keys, life.clock()) is None


def test_no_other_push_is_opened_by_such_a_name(life: Life, comes) -> None:
    comes(xml(FromUserName=OPENID, MsgType="image", PicUrl="http://x", MsgId=1))
    assert chat.find_told(chat.sign(life.keys, answers()[0].event_id, life.clock()), life.keys, life.clock()) is None
    assert chat.find_told(chat.sign(life.keys, new_id(), life.clock()), life.keys, life.clock()) is None


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (xml(FromUserName=OPENID, MsgType="image", PicUrl="http://x", MsgId=1), chat.SHOWN),
        (xml(FromUserName=OPENID, MsgType="voice", MediaId="m", MsgId=2), chat.SHOWN),
        (xml(FromUserName=OPENID, MsgType="event", Event="subscribe", CreateTime=3), chat.GREETING),
    ],
)
def test_pictures_voices_and_new_followers_are_shown_the_way(life: Life, comes, message: bytes, words: str) -> None:
    customers = Customers()
    comes(message)
    answer(life, customers)
    said = customers.said[0][1]
    assert said.startswith(words) and "told=" not in said and "/s/S001/new" in said


def test_a_repeat_is_answered_once_and_other_events_not_at_all(life: Life, comes) -> None:
    customers = Customers()
    for message in (text(1), text(1), xml(FromUserName=OPENID, MsgType="event", Event="unsubscribe", CreateTime=3)):
        comes(message)
    answer(life, customers)
    answer(life, customers)
    assert len(customers.said) == 1


def test_what_could_not_be_said_is_tried_again_and_given_up(life: Life, comes) -> None:
    customers = Customers(*[NotSent("ConnectError")] * 9)
    comes(text())
    for _ in range(9):
        answer(life, customers)
        life.clock.advance(minutes=10)
    assert len(customers.said) == MOST_ATTEMPTS
    assert (answers()[0].state, answers()[0].error) == ("failed", "ConnectError")


@pytest.mark.parametrize("customers", [None, Customers(NotSent("errcode 45015", Kind.FINAL))])
def test_what_can_never_be_said_is_not_tried_again(life: Life, comes, customers) -> None:
    comes(text())
    answer(life, customers)
    life.clock.advance(hours=1)
    assert answer(life, customers) == 0 and answers()[0].state == "failed"


def test_a_worker_that_dies_leaves_the_answer_to_the_next(life: Life, comes) -> None:
    comes(text())
    with transaction():
        (lost,) = chat.claim(life.keys, life.clock(), "https://x")
    customers = Customers()
    assert answer(life, customers) == 0
    life.clock.advance(seconds=LEASE.total_seconds() + 1)
    assert answer(life, customers) == 1
    with transaction():
        chat.settle(lost, NotSent("late"), life.clock())
    assert answers()[0].state == "done"


def test_the_message_holds_whatever_stations_are_called(life: Life, comes) -> None:
    with transaction():
        for station in session.scalars(select(Station)):
            station.name = '很长的"<名称>&' * 30
    customers = Customers()
    comes(text())
    answer(life, customers)
    said = customers.said[0][1]
    assert len(said.encode()) <= LONGEST and said.count("<") == said.count(">") == 2 * said.count("<a href=")


@pytest.fixture
def outside() -> Outside:
    with open_outside() as outside:
        yield outside


def test_the_customer_desk_speaks_as_wechat_wants(outside: Outside) -> None:
    nowhere = Redis(host="127.0.0.1", port=9, socket_connect_timeout=1)
    with httpx.HTTPTransport(verify=False) as transport, nowhere as no:
        account = WechatAccount("wx-sandbox-service", "sandbox-secret")
        desk = CustomerDesk(Wechat(account, no, base_url=outside.url, transport=transport))
        with pytest.raises(NotSent) as caught:
            desk.say(OPENID, "您好")
        assert (caught.value.kind, caught.value.reason) == (Kind.FINAL, "errcode 45015")
        outside.set("words", app_id="wx-sandbox-service", openid=OPENID, text="路灯坏了")
        desk.say(OPENID, "您好，请看<a href=\"https://x.cn/s\">东街</a>")
        assert [each["text"] for each in outside.messages()] == ["您好，请看<a href=\"https://x.cn/s\">东街</a>"]
        outside.set("clock", seconds=timedelta(hours=48, seconds=1).total_seconds())
        with pytest.raises(NotSent, match="45015"):
            desk.say(OPENID, "您好")
