"""What WeChat tells of consents is counted for whom it is about: followers of the account, stocks of a phone."""

from collections.abc import Callable
from uuid import UUID

import pytest

from liaison.db import session, transaction
from liaison.models.people import Account
from liaison.services import bindings, channels, inbound, vault, visitors
from liaison.services.channels import Limit
from liaison.services.inbound import WECHAT
from liaison.services.vault import OPENID
from sandbox.events import event, subscribe_change, subscribe_popup, subscribe_sent, xml
from tests.support.life import Life
from tests.support.pushes import OPENID as WHO
from tests.support.sending import CONSENTED, install


@pytest.fixture
def comes(life: Life) -> Callable[[dict], None]:
    """A push comes and is worked off."""

    def come(fields: dict) -> None:
        with transaction():
            inbound.receive(WECHAT, xml(fields).encode(), life.clock(), life.keys)
        with transaction():
            inbound.work_off(life.clock(), life.keys)
        life.clock.advance(seconds=1)

    return come


@pytest.fixture
def deputy(life: Life) -> Account:
    """A deputy whose phone is bound."""
    install(wechat_subscribe=Limit(), wechat_template=Limit())
    with transaction():
        account = session.merge(life.town.accounts["deputy"])
        bindings.bind(account, OPENID, WHO, life.keys, life.clock())
    return account


def stock(account: Account) -> int:
    return channels.consents(account.id, [CONSENTED])[CONSENTED]


def test_a_consent_told_by_wechat_counts_where_the_phone_did_not_tell_it(deputy: Account, comes) -> None:
    comes(subscribe_popup(WHO, {CONSENTED: "accept", "another": "accept"}))
    assert stock(deputy) == 1
    comes(subscribe_popup(WHO, {CONSENTED: "accept"}) | {"CreateTime": 2})
    assert stock(deputy) == 1, "the phone reports it as well"


def test_a_refusal_in_the_settings_ends_the_stock_and_one_at_a_question_leaves_it(deputy: Account, comes) -> None:
    comes(subscribe_popup(WHO, {CONSENTED: "accept"}))
    comes(subscribe_popup(WHO, {CONSENTED: "reject"}) | {"CreateTime": 2})
    assert stock(deputy) == 1
    comes(subscribe_change(WHO, CONSENTED))
    assert stock(deputy) == 0


@pytest.mark.parametrize(("status", "left"), [("success", 1), ("failed: user refuse", 0)])
def test_a_message_that_was_refused_says_that_our_stock_was_wrong(deputy: Account, comes, status, left) -> None:
    comes(subscribe_popup(WHO, {CONSENTED: "accept"}))
    comes(subscribe_sent(WHO, CONSENTED, "1", status))
    assert stock(deputy) == left


def test_whoever_is_not_known_here_changes_nothing(deputy: Account, comes) -> None:
    comes(subscribe_popup("oSomebodyElse0001", {CONSENTED: "accept"}))
    assert stock(deputy) == 0 and inbound.unfinished() == {"waiting": 0, "failed": 0}


def followed(life: Life) -> tuple[str, UUID]:
    with transaction():
        token = visitors.enter(WHO, life.keys, life.clock()).token
        visitor_id = visitors.find_visit(token, life.clock()).visitor_id
    case = life.submit(visitor_id=visitor_id, hears=True).case
    return case.number, case.id


def test_who_leaves_the_account_hears_by_the_other_ways_until_they_are_back(deputy: Account, life: Life, comes) -> None:
    number, case_id = followed(life)
    other = life.submit().case.number
    assert life.case(number).channels == ["wechat_template"]
    comes(event("unsubscribe", WHO))
    assert life.case(number).channels == [] and life.case(other).channels == []
    assert (case_id, "wechat_template") in vault.find_addresses([case_id], life.keys)
    comes(event("subscribe", WHO, EventKey=""))
    assert life.case(number).channels == ["wechat_template"] and life.case(other).channels == []


def test_no_entity_of_a_pushed_message_is_opened(life: Life) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><xml><MsgType>event</MsgType>' + (
        b"<Event>subscribe_msg_popup_event</Event><FromUserName>&f;</FromUserName></xml>"
    )
    with transaction():
        inbound.receive(WECHAT, bomb, life.clock(), life.keys)
    with transaction():
        inbound.work_off(life.clock(), life.keys)
    assert inbound.unfinished() == {"waiting": 0, "failed": 1}
