"""Whom a matter is about, as residents say it on the form and in the API, and as office and others are shown it."""

import pytest
from flask import Flask

from tests.support.forms import forms_of
from tests.support.journey import Journey, SignIn, done
from tests.support.life import TEXT, Life

HOUSING = {"department": "housing", "person": "窗口的王科长"}


@pytest.fixture
def journey(app: Flask, life: Life, api: SignIn, browser: SignIn) -> Journey:
    """The small town at work."""
    return Journey(app, life, api, browser)


def test_the_api_takes_and_tells_whom_a_matter_is_about_to_the_office_alone(journey: Journey) -> None:
    station = done(journey.phone().get("/api/v1/stations/S001"))
    assert {"code": "housing", "name": "住建局"} in station["departments"]
    matter = journey.tells(about=HOUSING)
    seen = journey.office.reads(matter)
    assert seen["about_person"] == HOUSING["person"]
    told = [(each["party"], each["source"], each["stands"]) for each in seen["conflicts"]]
    assert told == [("department:housing", "resident", True)]
    journey.office("accept", matter)
    seen = journey.deputy.reads(matter)
    assert (seen["about_person"], seen["conflicts"]) == ("", []) and HOUSING["person"] not in str(seen)
    journey.deputy("hand-over", matter, advice="情况属实。")
    refusal = journey.office.refused(422, "dispatch", matter, lead="housing", complexity="ordinary")
    assert "解除回避" in refusal["errors"]["lead"][0]
    journey.office("bar-lifting", matter, party="department:housing", reason="须由它自己说明。")
    journey.office("dispatch", matter, lead="housing", complexity="ordinary")
    assert journey.handler("housing").reads(matter.part())["matter"]["contact"] is None


def test_an_unknown_department_is_refused_by_its_field_and_nothing_typed_is_lost(journey: Journey) -> None:
    phone = journey.phone()
    form = next(each for each in forms_of(phone.get("/s/S001/new")) if "text" in each.values)
    typed = form.values | {"text": [TEXT], "about.department": ["nowhere"], "about.person": [HOUSING["person"]]}
    answer = phone.post("/s/S001/new", data=typed)
    assert answer.status_code == 422 and HOUSING["person"] in answer.text and "没有这个单位" in answer.text
    answer = phone.post("/s/S001/new", data=typed | {"about.department": ["housing"]})
    assert answer.status_code == 303


def test_the_office_puts_in_and_lets_out_on_the_page_and_the_party_is_answered_as_if_there_were_nothing(
    journey: Journey,
) -> None:
    matter = journey.comes_to("assigned")
    office, handler = journey.browses("office"), journey.browses("housing_handler")
    address = f"/console/cases/{matter}"
    assert handler.get(address).status_code == 200
    form = next(each for each in forms_of(office.get(address)) if "/bar?" in each.action)
    answer = office.post(form.action, data=form.values | {"department": "housing", "reason": "反映的就是它。"})
    assert answer.status_code == 303
    assert "住建局（人大办登记）" in office.get(address).text
    absent = handler.get("/console/cases/M2026-999999-1")
    assert handler.get(address).status_code == absent.status_code == 404
    assert matter.number not in handler.get("/console/").text + handler.get("/console/notices").text
