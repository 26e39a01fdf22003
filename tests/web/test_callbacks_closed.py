"""Without settings the doors for platforms do not exist, whoever signs."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from liaison.db import session
from liaison.models.inbound import InboundEvent
from tests.support.clock import FakeClock
from tests.support.pushes import Gateway, WeChat, text


@pytest.mark.parametrize("door", ["/callbacks/sms", "/callbacks/messages"])
@pytest.mark.parametrize("secret", ["", "r" * 32])
def test_a_platform_finds_no_door(client: FlaskClient, clock: FakeClock, door: str, secret: str) -> None:
    assert Gateway(client, clock, door).send(b"{}", secret=secret).status_code == 404


def test_wechat_finds_no_door(client: FlaskClient, clock: FakeClock) -> None:
    assert WeChat(client, clock).check().status_code == 404
    assert WeChat(client, clock).push(text()).status_code == 404
    assert session.scalar(select(func.count()).select_from(InboundEvent)) == 0


def test_a_door_that_is_closed_looks_like_none(client: FlaskClient) -> None:
    closed, none = client.post("/callbacks/wechat"), client.post("/callbacks/nowhere")
    assert (closed.status_code, closed.data) == (none.status_code, none.data)
