"""The name and phone of a resident who did not agree to share them show up nowhere, whoever asks for whatever.

Neither does the address a platform knows them by, nor what their camera wrote into a photo; where exactly it is reaches
those alone who work on the matter, and phone numbers typed into the text do not reach those who see masked words.
"""

import io
import json
import logging
import zlib
from dataclasses import asdict, replace
from datetime import timedelta

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import Select, select
from xlsxwriter import Workbook

from liaison.clients.letters import Kind, NotSent
from liaison.clients.message_log import MessageLog
from liaison.db import session, transaction
from liaison.domain.actors import Role
from liaison.models.inbound import InboundEvent
from liaison.models.notices import ChannelState, Notice
from liaison.services import vault
from liaison.services.channels import Limit
from liaison.services.delivery import Post, send_notices
from liaison.settings import ServiceAccount, Sms, Wecom
from liaison.ways_out import open_outlets
from tests.support.canary import KNOWN, NAME, NORTH, OPENID, PHONE, TYPED, build_planted, jobs, readings, seen
from tests.support.journey import KEPT_JSON, Journey, SignIn
from tests.support.life import Life
from tests.support.matrix import ROLES, World, cells, undone
from tests.support.outside import open_outside
from tests.support.sending import Way, install, reach, ring
from tests.support.sending import send as deliver


@pytest.fixture
def journey(app: Flask, life: Life, api: SignIn, browser: SignIn) -> Journey:
    """The small town at work."""
    return Journey(app, life, api, browser)


@pytest.fixture
def world(journey: Journey) -> World:
    """A world full of planted words."""
    return build_planted(journey)


def sightings(world: World, role: Role) -> set[tuple[str, str]]:
    """Every address that shows this role a planted word, with the word."""
    return {(address, word) for address, words in readings(world, role, cells(world.journey.app)) for word in words}


def test_no_reading_route_shows_a_planted_word_to_any_role(world: World) -> None:
    assert {role: found for role in ROLES if (found := sightings(world, role))} == {}


def test_a_reveal_shows_the_name_to_the_one_who_asked_on_that_matter_alone(world: World) -> None:
    world.journey.lead("reveals/1/decision", world.free, approve=True)
    shown = sightings(world, Role.OFFICE)
    assert {word for _, word in shown} == {NAME, PHONE}
    assert {address for address, _ in shown} <= {
        f"/api/v1/office/matters/{world.free}", f"/console/cases/{world.free}"
    }  # fmt: skip
    for role in (Role.OFFICE_LEAD, Role.HANDLER):
        assert sightings(world, role) == set(), role


def test_no_move_of_a_department_shows_a_planted_word(journey: Journey) -> None:
    matter = journey.comes_to("assigned", **KNOWN)
    part, office = matter.part(), journey.office
    handler, approver = journey.handler("housing"), journey.approver("housing")
    promise = {"outcome": "B", "promised_on": "2026-03-20", "measures": "列入计划并组织施工"}
    steps = [
        (handler, "return", part, {"reason": "不归我们。"}),
        (office, "return-decision", matter, {"assignment": part, "approve": False, "text": "职责清单。"}),
        (handler, "acknowledge", part, {}),
        (handler, "extension", part, {"working_days": 3, "reason": "灯具缺货。"}),
        (office, "extension-decision", matter, {"assignment": part, "approve": True}),
        (office, "reveal", matter, {"reason": "回访核实，电话里问清楚路灯。"}),
        (handler, "reply", part, KEPT_JSON | promise),
        (approver, "approval", part, {"approve": False, "text": "请补充。"}),
        (handler, "reply", part, KEPT_JSON | promise),
        (approver, "approval", part, {"approve": True}),
        (journey.deputy, "verdict", matter, {"accept": True}),
    ]
    for desk, move, about, body in steps:
        answer = str(desk(move, about, **body))
        seen = [answer] if desk in (handler, approver) else []
        seen += [journey.shown_to(username, part) for username in ("housing_handler", "housing_approver")]
        assert not [word for word in (NAME, PHONE, TYPED) for each in seen if word in each], move
    matter.rates("satisfied", text=f"谢谢，我是{NAME[:1]}先生，电话{TYPED}。")
    handler("fulfilment", part, **KEPT_JSON)
    assert TYPED not in journey.shown_to("housing_handler", part)


def test_messages_and_jobs_carry_no_planted_word(app: Flask, world: World, tmp_path) -> None:
    journey = world.journey
    journey.clock.advance(days=14)
    with transaction():
        journey.life.fall_due()
    told = list(session.scalars(select(Notice.id).where(Notice.state == "due")))
    log, copies = MessageLog(tmp_path / "notices.log"), Way()
    later = journey.clock() + timedelta(days=1)
    for outlet in (log, copies):
        with undone():
            post = Post({"log": outlet}, lambda: journey.life.keys, lambda: later, "http://testserver")
            assert send_notices(told, post, slots=4) > 5
    said = [str(asdict(letter)).encode() for letter in copies.letters]
    for lines in ((tmp_path / "notices.log").read_bytes(), *said, *jobs(app)):
        assert seen(lines, (NAME, PHONE, TYPED)) == []


def test_a_residents_phone_is_in_the_letter_that_goes_to_it_and_nowhere_else(
    app: Flask, journey: Journey, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    install(sms=Limit(60, 1000), email=Limit())
    journey.comes_to("rating", **KNOWN)
    journey.clock.advance(days=3)
    copies, refusing = Way(), Way(*[NotSent("isv.MOBILE_NUMBER_ILLEGAL", Kind.FINAL)] * 2)
    waiting = ring(journey.life)
    deliver(journey.life, refusing, *waiting[:2])
    deliver(journey.life, copies, *waiting[2:])
    letters = [*copies.letters, *refusing.letters]
    assert {letter.address for letter in letters} == {PHONE} and len(copies.letters) > 2
    said = [str(asdict(letter) | {"address": ""}) + repr(letter) for letter in letters]
    kept = [str(row) for table in (Notice, InboundEvent, ChannelState) for row in session.execute(raw(table))]
    assert len(kept) > len(letters)
    viewers = [journey.browses(username) for username in ("office", "administrator")]
    pages = [viewer.get("/console/outbox?state=sent").text for viewer in viewers]
    for lines in (*(each.encode() for each in (*said, *kept, *pages, caplog.text)), *jobs(app)):
        assert seen(lines, (NAME, PHONE, TYPED)) == []


def test_phones_are_told_that_there_is_news_and_not_what(app: Flask, journey: Journey) -> None:
    life, config = journey.life, app.extensions["liaison"].config
    install(sms=Limit(60, 1000), wechat_template=Limit(), wecom=Limit())
    reach(life, life.town.accounts["housing_handler"], "wecom")
    deputy = life.town.accounts["deputy"]
    reach(life, deputy, "wechat_template")
    with transaction():
        vault.keep_address(deputy.id, "wechat_template", OPENID, life.keys, life.clock())
    journey.comes_to("rating", **KNOWN)
    journey.clock.advance(days=3)
    with open_outside() as outside, Redis.from_url(config.redis.url) as redis:
        there = {"base_url": outside.url}
        sms = Sms("sandbox-key", "sandbox-key-secret", "码上联", "SMS_SANDBOX", "link", "http://testserver/", **there)
        service_account = ServiceAccount("wx-sandbox-service", "sandbox-secret", "sandbox-template", **there)
        wecom = Wecom("ww-sandbox", "sandbox-corp-secret", 1000001, **there)
        outlets = open_outlets(replace(config, sms=sms, service_account=service_account, wecom=wecom), redis)
        deliver(life, outlets, *ring(life))
        received, page = outside.messages(), outside.page()
    assert {"sms", "wechat_template", "wecom"} <= {each["channel"] for each in received} and len(received) > 5
    told = [json.dumps(each | {"address": ""}, ensure_ascii=False) for each in received]
    words = (NAME, TYPED, OPENID, NORTH, KNOWN["text"][:10], KEPT_JSON["text"][:10])
    assert [word for word in (*words, PHONE) for each in told if word in each] == []
    assert [word for word in words if word in page and word != OPENID] == []  # whose phone it is stands there


def raw(table: type) -> Select:
    """Everything a table keeps."""
    return select(*table.__table__.columns)


def test_a_word_is_seen_in_whatever_it_is_packed() -> None:
    book = io.BytesIO()
    with Workbook(book) as sheets:
        sheets.add_worksheet().write("A1", NAME)
    told = json.dumps({"name": NAME}).encode()
    for packed in (book.getvalue(), told, zlib.compress(NAME.encode()), NAME.encode()):
        assert seen(packed, (NAME, PHONE)) == [NAME]
