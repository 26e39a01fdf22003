"""Deputies' phones before the sandbox of WeChat: a mini-program that opens, shows its number, types an invitation."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from liaison.clients.wechat import Wechat, WechatAccount
from liaison.clients.wechat_mini import MiniProgram
from liaison.clients.wecom import Wecom, WecomAccount, WecomDoor
from liaison.db import transaction
from liaison.services import binding_desk
from tests.support.life import Life
from tests.support.outside import Outside, open_outside

NUMBER = "13700137000"
SESSIONS, BINDINGS = "/api/v1/deputy/sessions", "/api/v1/deputy/bindings"


@contextmanager
def mini_program(app: Flask) -> Iterator[Outside]:
    """The sandbox as this application's WeChat, and its WeCom."""
    wiring = app.extensions["liaison"]
    with open_outside() as outside:
        wechat = Wechat(WechatAccount("wx-sandbox", "sandbox-secret"), None, base_url=outside.url)
        wecom = Wecom(WecomAccount("ww-sandbox", "sandbox-corp-secret", 1000001), None, base_url=outside.url)
        doors = {"mini_program": MiniProgram(wechat), "wecom": WecomDoor(wecom, outside.url)}
        app.extensions["liaison"] = replace(wiring, **doors)
        try:
            yield outside
        finally:
            app.extensions["liaison"] = wiring


class Phone:
    """Somebody's WeChat, by a name of the sandbox."""

    def __init__(self, app: Flask, outside: Outside, user: str) -> None:
        self.client: FlaskClient = app.test_client()
        self.outside, self.user = outside, user

    @property
    def openid(self) -> str:
        """What WeChat knows it by."""
        return self.outside.set("mini-program/codes", user=self.user)["openid"]

    def opens(self, **more: object) -> TestResponse:
        """Open the mini-program."""
        code = self.outside.set("mini-program/codes", user=self.user)["code"]
        return self.client.post(SESSIONS, json={"code": code} | more)

    def ticket(self) -> str:
        """Open it without being bound."""
        answer = self.opens()
        assert answer.status_code == 403, answer.text
        return answer.get_json()["ticket"]

    def binds(self, ticket: str | None = None, *, shows: str = "", invitation: str = "") -> TestResponse:
        """Say whose phone this is."""
        body = {"ticket": ticket or self.ticket()}
        if shows:
            body["phone_code"] = self.outside.set("mini-program/phone-codes", phone=shows)["code"]
        if invitation:
            body["invitation"] = invitation
        return self.client.post(BINDINGS, json=body)

    def carries(self, token: str) -> "Phone":
        """Keep a session's token."""
        self.client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return self


def on_file(life: Life, username: str = "deputy", phone: str = NUMBER) -> None:
    """Have an administrator enter an account's number."""
    admin, account = life.town.actor("security_administrator"), life.town.accounts[username]
    with transaction():
        binding_desk.set_phone(admin, account.id, phone, life.keys, now=life.clock())


def invited(life: Life, username: str = "deputy", by: str = "office") -> str:
    """A deputy's invitation."""
    with transaction():
        return binding_desk.invite(life.town.actor(by), life.town.accounts[username].id, now=life.clock())[1]


def confirmed(life: Life, by: str = "office") -> UUID:
    """Have the office confirm the one that waits; the account's id."""
    (waiting,) = binding_desk.waiting(life.town.actor(by), life.clock())
    with transaction():
        return binding_desk.confirm(life.town.actor(by), waiting.id, life.keys, now=life.clock()).id


def bound(app: Flask, outside: Outside, life: Life, user: str = "liu", username: str = "deputy") -> Phone:
    """A phone bound to a deputy's account by invitation, signed in."""
    phone = Phone(app, outside, user)
    answer = phone.binds(invitation=invited(life, username))
    assert answer.status_code == 201, answer.text
    return phone.carries(answer.get_json()["token"])
