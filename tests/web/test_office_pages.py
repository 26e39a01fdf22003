"""The office's working pages: queues lead from one matter to the next, wishes are decided in place, matters joined."""

import pytest
from flask import Flask

from liaison.services import assignments, extensions
from tests.support.forms import form_of, forms_of, send
from tests.support.journey import SignIn
from tests.support.life import TEXT, Life

HOLE = "北街菜市场门口的路面塌了一个大坑，骑车的老人摔倒了，请尽快修补。"
AGAIN = "菜市场门口路面有个大坑，昨天又有老人骑车摔倒，希望修补路面。"


@pytest.fixture
def office(browser: SignIn):
    """A clerk of the office at the console."""
    return browser("office")


def test_screening_leads_from_one_matter_to_the_next_and_round_to_those_skipped(office, life: Life) -> None:
    first, second, third = (life.submit(text=f"{TEXT}第{n}次。").case.number for n in "一二三")
    page = office.get("/console/queue/screening", follow_redirects=True)
    assert page.request.path.endswith(first)
    skipped = office.get(f"/console/queue/screening?after={first}", follow_redirects=True)
    assert skipped.request.path.endswith(second)
    answered = send(office, skipped, "accept")
    following = office.get(answered.location, follow_redirects=True)
    assert following.request.path.endswith(third) and life.case(second).state == "with_deputy"
    following = office.get(send(office, following, "refusal", reason="不属实。", channel="other").location)
    assert following.location.endswith(first)
    assert life.case(third).state == "not_accepted"


def test_a_refused_form_of_a_queue_keeps_what_was_typed(office, life: Life) -> None:
    number = life.submit().case.number
    page = office.get(f"/console/queue/screening/{number}")
    answer = send(office, page, "refusal", reason="这里写了很多字", channel="")
    assert answer.status_code == 422 and "这里写了很多字" in answer.text


def test_one_click_joins_a_matter_to_a_similar_one(office, life: Life) -> None:
    lead, number = life.submit(text=HOLE).case.number, life.submit(text=AGAIN).case.number
    page = office.get(f"/console/queue/screening/{number}")
    assert "<mark>菜市场门口</mark>" in page.text
    form = next(form for form in forms_of(page) if form.values.get("into") == [lead])
    assert office.post(form.action, data=form.values).status_code == 303
    assert life.case(number).merged_into_id == life.case(lead).id


def test_several_are_joined_to_the_oldest_at_once(office, life: Life) -> None:
    lead, *others = [life.submit(text=words).case.number for words in (HOLE, HOLE, HOLE)]
    page = office.get(f"/console/merging/{others[0]}")
    form = form_of(page, others[0])
    assert form.values["lead"] == [lead] and set(form.values["cases"]) == {lead, *others}
    answer = office.post(form.action, data=form.values)
    assert answer.location.endswith(lead)
    assert {life.case(each).state for each in others} == {"merged"} and life.case(lead).state == "submitted"


def test_none_is_joined_when_one_cannot_be(office, life: Life) -> None:
    lead, other = (life.submit(text=HOLE).case.number for _ in range(2))
    away = life.matter_in("with_deputy", text=HOLE)
    page = office.get(f"/console/merging/{other}")
    body = form_of(page, other).values | {"lead": [lead], "cases": [other, away]}
    answer = office.post(f"/console/merging/{other}", data=body)
    assert answer.status_code == 409 and life.case(other).state == "submitted"


def test_dispatch_shows_each_departments_load_and_no_rate_of_few(office, life: Life) -> None:
    life.matter_in("assigned")
    for _ in range(5):
        life.matter_in("rating")
    number = life.matter_in("handed_over")
    page = office.get(f"/console/queue/dispatch/{number}")
    assert "100%<small>5 件" in page.text and "只有 0 件" in page.text
    assert "现在交办到 2026年3月9日（周一）" in page.text
    office.post(form_of(page, "dispatch").action, data=form_of(page, "dispatch").values)
    assert life.assignment(f"{number}.1").department_id == life.town.departments.housing.id


def test_wishes_of_departments_are_decided_in_place(office, life: Life) -> None:
    back, longer = life.matter_in("assigned"), life.matter_in("assigned")
    life.act("housing_handler", assignments.request_return, f"{back}.1", "不归我们。", "water")
    life.acknowledge(f"{longer}.1")
    life.act("housing_handler", extensions.request_extension, f"{longer}.1", 3, "灯具缺货。")
    page = office.get("/console/decisions")
    assert "2026年3月9日（周一） → <b>2026年3月12日（周四）</b>" in page.text and "水务局" in page.text
    decided = send(office, page, "return-decision", text="职责清单。")
    assert decided.status_code == 422, "neither button was pressed"
    form = form_of(page, "return-decision")
    answer = office.post(form.action, data=form.values | {"approve": "false", "text": "职责清单。"})
    assert answer.location == "/console/decisions" and life.assignment(f"{back}.1").locked
    page = office.get("/console/decisions")
    form = form_of(page, "extension-decision")
    office.post(form.action, data=form.values | {"approve": "true"})
    assert "没有等待审批的申请" in office.get("/console/decisions").text


def test_a_text_is_tried_at_a_station_without_a_trace(app: Flask, office, life: Life) -> None:
    page = office.get("/console/rules", query_string={"text": "住建局不修路灯，水管也漏水。", "station": "S001"})
    assert "刘在岗代表" in page.text and "无账号：未开通账号" in page.text
    assert "先回避：</b>住建局" in page.text and "<li>水务局" in page.text and "<li>住建局" not in page.text
    assert office.get("/console/rules?text=路灯不亮&station=S900").text.count("没有这个联络站") >= 1


def test_a_lot_is_drawn_and_worked_off_in_place(office, life: Life) -> None:
    number = life.matter_in("closed")
    page = office.get("/console/samples")
    empty = send(office, page, "samples", amount="0")
    assert empty.status_code == 422
    drawn = send(office, page, "samples", amount="100", since="2026-01-01", until="2026-12-31")
    assert drawn.status_code == 303
    life.clock.advance(minutes=1)
    sample = office.get(drawn.location)
    assert "已看 0 / 1 件" in sample.text
    noted = send(office, sample, "look-back", done="true", text="灯亮着。")
    assert noted.location == drawn.location
    sample = office.get(drawn.location)
    assert "已看 1 / 1 件" in sample.text and "已经办实" in sample.text and number in sample.text
    assert "1/1" in office.get("/console/samples").text
