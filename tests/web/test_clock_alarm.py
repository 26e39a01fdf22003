"""The alarm of the database's clock: whom every page tells, who may say that the clock is right, the commands."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select, update

from liaison.db import session, transaction
from liaison.models.clocks import ClockReading, ClockWatch
from liaison.services import timekeeping
from liaison.services.timekeeping import Uptime
from tests.support.forms import form_of, send
from tests.support.life import Life

TOLD = ("office", "office_lead", "administrator")
OTHERS = ("deputy", "housing_handler", "liaison", "supervisor", "auditor")
PAGES = ("/console/", "/console/notices", "/console/reach")


@pytest.fixture
def jumped(life: Life) -> None:
    """A clock that has gone two hours and five minutes ahead."""
    uptime = Uptime("boot", 1000.0)
    with transaction():
        timekeeping.trusted_time(uptime)
        session.execute(update(ClockReading).values(at=ClockReading.at - timedelta(hours=2, minutes=5)))
        assert timekeeping.trusted_time(uptime) is None


@pytest.fixture
def run(app: Flask) -> Callable[..., Result]:
    """A command as the operator types it."""
    return lambda *words: app.test_cli_runner().invoke(args=list(words))


def trusted() -> bool:
    return timekeeping.find_alarm() is None


@pytest.mark.parametrize("username", TOLD)
@pytest.mark.parametrize("address", PAGES)
def test_every_page_tells_those_who_can_act(browser, jumped, username, address):
    page = browser(username).get(address).text
    assert "系统时钟报警：时间突然向前跳了 2 小时 5 分钟" in page and 'href="/console/clock"' in page


@pytest.mark.parametrize("username", OTHERS)
def test_others_are_not_troubled(browser, jumped, username):
    client = browser(username)
    assert "系统时钟报警" not in client.get("/console/").text
    assert client.get("/console/clock").status_code == 403


def test_there_is_no_alarm_while_all_is_well(browser, life):
    page = browser("administrator").get("/console/clock")
    assert "时钟正常，没有报警" in page.text and "报警：" not in page.text and "继续</button>" not in page.text


@pytest.mark.parametrize("username", ["office_lead", "administrator"])
def test_who_has_looked_says_so_and_work_goes_on(browser, jumped, username):
    client = browser(username)
    page = client.get("/console/clock")
    assert "已经暂停" in page.text and "怎么处理" in page.text
    assert send(client, page, "confirm").status_code == 303
    assert trusted() and timekeeping.trusted_time(Uptime("boot", 1000.5)) is not None
    after = client.get("/console/clock").text
    assert f"{username}的人，2026-03-02 10:00" in after and "系统时钟报警" not in after
    late = send(client, page, "confirm")
    assert late.status_code == 409 and "没有报警" in late.text


def test_the_office_sees_it_and_calls_the_lead(browser, jumped):
    client = browser("office")
    page = client.get("/console/clock")
    assert "请人大办负责人或管理员确认" in page.text and "继续</button>" not in page.text
    token = form_of(page, "sign-out").values["csrf_token"]
    assert client.post("/console/clock/confirm", data={"csrf_token": token}).status_code == 403
    assert not trusted()


def test_the_commands_show_and_confirm(run, jumped):
    shown = run("clock", "show")
    assert shown.exit_code == 1 and "jumped by +7500 s" in shown.output
    assert run("clock", "confirm").exit_code == 2 and not trusted()
    assert run("clock", "confirm", "--name", "李敏").exit_code == 0 and trusted()
    assert session.scalars(select(ClockWatch.confirmed_by)).one() == "李敏"
    assert "it is trusted" in run("clock", "show").output
    again = run("clock", "confirm", "--name", "李敏")
    assert again.exit_code == 1 and "没有报警" in again.output
