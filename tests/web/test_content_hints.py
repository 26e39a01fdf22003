"""What a content check hints at is shown to the office and nobody else; the platform fetches one file and no more."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from liaison.db import session, transaction
from liaison.models.cases import Attachment
from liaison.models.checks import ContentCheck
from liaison.services import channels, media_links
from liaison.services.content_checks import PLATFORM
from tests.support.forms import forms_of
from tests.support.journey import Journey, SignIn
from tests.support.life import Life
from tests.support.pictures import photo
from tests.support.standing import standing

TEXT = "城东镇北街的路灯坏了三盏，我们要非法集会，请尽快修好。"
SAID, FILTER = "可能涉及时政", "只看有提示的"


@pytest.fixture
def journey(app: Flask, life: Life, api: SignIn, browser: SignIn) -> Journey:
    return Journey(app, life, api, browser)


def test_the_office_reads_the_hint_in_queue_and_case_and_narrows_the_queue_to_it(browser, life: Life) -> None:
    usual, flagged, last = life.submit().case.number, life.submit(text=TEXT).case.number, life.submit().case.number
    office = browser("office")
    page = office.get(f"/console/queue/screening/{flagged}").text
    assert SAID in page and "词语提示" in page and "其中 1 件有内容提示" in page
    assert SAID in office.get(f"/console/cases/{flagged}").text
    assert SAID not in office.get(f"/console/cases/{usual}").text
    box = office.get("/console/?box=hinted").text
    assert [number in box for number in (usual, flagged, last)] == [False, True, False]
    narrowed = office.get("/console/queue/screening?only=hinted", follow_redirects=True)
    assert narrowed.request.path.endswith(flagged) and "排在队里的" not in narrowed.text
    accept = next(form for form in forms_of(narrowed) if "/accept" in form.action)
    answer = office.post(accept.action, data=accept.values)
    assert answer.status_code == 303 and "only=hinted" in answer.location
    assert "有内容提示的没有了" in office.get(answer.location).text


def test_nobody_but_the_office_reads_of_a_hint(journey: Journey) -> None:
    life = journey.life
    matter = journey.tells(text=TEXT)
    journey.office("accept", matter)
    journey.deputy("hand-over", matter, advice="情况属实。")
    journey.office("dispatch", matter, lead="housing", complexity="ordinary")
    told = [
        journey.browses("deputy").get(f"/console/cases/{matter}").text,
        journey.browses("housing_handler").get(f"/console/assignments/{matter}.1").text,
        journey.browses("liaison").get(f"/console/cases/{matter}").text,
        journey.phone().get(f"/m/{matter}?c={matter.secret}").text,
        journey.phone().get(f"/m/{matter}?c={matter.secret}", follow_redirects=True).text,
    ]
    assert [each for each in told if "提示，请人工判断" in each or SAID in each] == []
    assert SAID in journey.browses("office").get(f"/console/cases/{matter}").text
    for who in ("deputy", "housing_handler", "liaison", "other_office", "administrator", "auditor"):
        with standing(life.town.actor(who)):
            assert session.scalars(select(ContentCheck.id)).all() == [], who
    with standing(life.town.actor("office")):
        assert len(session.scalars(select(ContentCheck.id)).all()) == 1


def test_the_platform_fetches_the_file_it_is_asked_about_and_nobody_anything_else(journey: Journey) -> None:
    life = journey.life
    matter = journey.tells(photos=[photo(size=(60, 40))])
    file, phone = session.scalars(select(Attachment)).one(), journey.phone()
    link = media_links.link_to("", file.id, life.keys, life.clock())
    assert phone.get(link).status_code == 404, "nobody asks about it"
    with transaction():
        row = {"case_id": life.case(str(matter)).id, "about": "file:1", "digest": "d", "state": "asked"}
        session.add(ContentCheck(**row, created_at=life.clock(), next_at=life.clock()))
    fetched = phone.get(link)
    assert (fetched.status_code, fetched.mimetype) == (200, "image/jpeg") and fetched.data[:2] == b"\xff\xd8"
    assert "no-store" in fetched.headers["Cache-Control"]
    assert phone.get(link[:-1] + ("0" if link[-1] != "0" else "1")).status_code == 404
    life.clock.advance(hours=1, seconds=1)
    assert phone.get(link).status_code == 404


def test_an_answer_with_a_hint_is_published_with_a_reason_alone_which_the_auditor_reads(journey: Journey) -> None:
    matter, office = journey.comes_to("closed"), journey.browses("office")
    address = f"/console/publishing/{matter}"
    typed = {"title": "路灯", "text": "路灯坏了。", "answer": "已修好，请勿非法集会。"}
    typed |= {"consent": "true", "act": "publish"}

    def publish(**more: str):
        token = forms_of(office.get(address))[-1].values["csrf_token"]
        return office.post(address, data=typed | {"csrf_token": token} | more)

    refused = publish()
    assert refused.status_code == 422 and "内容提示" in refused.text and 'name="because"' in refused.text
    assert "请勿非法集会" in refused.text, "nothing typed is lost"
    assert journey.phone().get(f"/public/{matter}").status_code == 404
    assert publish(because="劝告，不是号召。").status_code == 303
    shown = journey.phone().get(f"/public/{matter}")
    assert shown.status_code == 200 and "劝告" not in shown.text
    written = journey.browses("auditor").get("/console/audit").text
    assert "有内容提示仍公开答复" in written and "劝告，不是号召。" in written
    assert publish(answer="已修好。").status_code == 303, "without a hint nobody asks"


def test_the_operator_reads_how_much_waits_for_a_look_since_when_and_why(journey: Journey) -> None:
    life = journey.life
    matter = journey.tells()
    assert "只用词语" in journey.browses("administrator").get("/console/outbox").text
    with transaction():
        row = {"case_id": life.case(str(matter)).id, "about": "event:9", "digest": "d", "error": "ConnectTimeout"}
        session.add(ContentCheck(**row, created_at=life.clock(), next_at=life.clock()))
        channels.pause(PLATFORM, life.clock() + timedelta(minutes=1), "ConnectTimeout", life.clock())
    for who in ("administrator", "office_lead"):
        page = journey.browses(who).get("/console/outbox").text
        assert "1 项等待微信检查，最早的从 2026-03-02 10:00 起：连接超时" in page and "暂停到" in page, who
    assert "liaison_contents_unchecked 1.0" in journey.phone().get("/metrics").text
    lead = journey.browses("office_lead")
    resume = next(form for form in forms_of(lead.get("/console/outbox")) if form.action.endswith("/resume"))
    assert lead.post(resume.action, data=resume.values).status_code == 303
    assert channels.paused(life.clock()) == {}
