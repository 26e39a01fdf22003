"""The registers' pages: added, changed with faults in place, changed by two at once, retired with a way back."""

import pytest
from flask.testing import FlaskClient

from liaison.db import session, transaction
from liaison.models.departments import Category
from liaison.models.people import Deputy
from liaison.models.stations import Station
from liaison.services import registers
from tests.support.clock import FakeClock
from tests.support.forms import forms_of, send
from tests.support.journey import SignIn
from tests.support.life import TEXT, Life
from tests.support.town import COUNTY, Town


@pytest.fixture
def admin(browser: SignIn) -> FlaskClient:
    """The administrator at the console."""
    return browser("administrator")


def test_faults_stand_at_their_fields_and_what_was_typed_is_kept(admin: FlaskClient) -> None:
    page = admin.get("/console/departments/new")
    refused = send(admin, page, "new", name="住建局", region=COUNTY, duties="管房子", code="林业局")
    assert refused.status_code == 422
    assert "已经有“住建局”（代号 housing）" in refused.text and "代号只能用字母" in refused.text
    assert "管房子" in refused.text
    added = send(admin, refused, "new", name="林业局", code="")
    assert added.location == "/console/departments/lyj"
    assert "林业局" in admin.get(added.location).text


def test_the_second_of_two_who_change_a_row_is_told_and_keeps_what_was_typed(
    admin: FlaskClient, town: Town, clock: FakeClock
) -> None:
    page = admin.get("/console/departments/housing")
    with transaction():
        registers.put(town.actor("office"), "department", {"code": "housing", "head": "王主任"}, clock())
    refused = send(admin, page, "housing", duties="住房保障")
    assert refused.status_code == 409
    assert "别人刚刚改过" in refused.text and "王主任" in refused.text and "住房保障" in refused.text
    saved = send(admin, refused, "housing", head="王主任")
    assert saved.status_code == 303
    told = registers.told_of("department", registers.get_row(town.actor("office"), "department", "housing"))
    assert (told["duties"], told["head"]) == ("住房保障", "王主任")


def test_retiring_is_refused_with_the_number_of_open_matters(admin: FlaskClient, life: Life) -> None:
    life.matter_in("assigned")
    refused = send(admin, admin.get("/console/departments/housing"), "retire")
    assert refused.status_code == 409 and "还有 1 件事项在“住建局”手里" in refused.text
    assert TEXT not in refused.text


def test_what_was_suggested_before_it_was_retired_is_not_offered(
    admin: FlaskClient, browser: SignIn, life: Life
) -> None:
    number, office = life.matter_in("handed_over"), browser("office")
    assert "已选" in office.get(f"/console/cases/{number}").text
    send(admin, admin.get("/console/departments/housing"), "retire")
    page = office.get(f"/console/cases/{number}")
    assert "没有建议单位" in page.text and 'value="housing"' not in page.text
    assert "住建局" in page.text  # what the rules said stays in its history


def test_a_category_is_read_where_it_cannot_be_changed(admin: FlaskClient, town: Town) -> None:
    session.add(Station(code="S900", name="邻县站", kind="station", region_id=town.regions.other_county.id))
    session.commit()
    assert "添加类别" not in admin.get("/console/categories").text
    page = admin.get("/console/categories/roads")
    assert "这里只能查看" in page.text and not [
        form for form in forms_of(page) if form.action.startswith("/console/categories/")
    ]


def test_a_list_is_searched_filtered_and_paged(admin: FlaskClient, town: Town) -> None:
    county, told = town.regions.county.id, {"name": "某代表", "name_pinyin": "mou", "level": "city"}
    session.add_all(Deputy(code=f"X{number:03}", region_id=county, **told) for number in range(25))
    session.commit()
    first = admin.get("/console/deputies?q=mou&level=city")
    assert "X000" in first.text and "X020" not in first.text and "刘在岗" not in first.text
    following = first.text.split('href="/console/deputies?after=')[1].split('"')[0].replace("&amp;", "&")
    second = admin.get(f"/console/deputies?after={following}")
    assert "X020" in second.text and "X000" not in second.text and "下一页" not in second.text
    assert "没有找到" in admin.get("/console/deputies?q=没有这个人").text
    assert admin.get("/console/deputies?after=nonsense").status_code == 422


def test_what_is_retired_is_no_longer_offered_and_rules_still_name_it(admin: FlaskClient, browser: SignIn) -> None:
    office = browser("office")
    send(office, office.get("/console/rules/new"), "new", category="roads", department="housing", reason="职责清单")
    send(admin, admin.get("/console/categories/roads"), "retire")
    offered = office.get("/console/rules/new").text
    assert 'value="pipes"' in offered and 'value="roads"' not in offered
    assert "类别：道路交通（已停用）" in office.get("/console/rules").text


def test_behind_the_code_of_a_closed_station_stand_others_and_what_was_typed_for_it_is_taken_in(
    admin: FlaskClient, client: FlaskClient, town: Town
) -> None:
    form = client.get("/s/S001/new")
    send(admin, admin.get("/console/stations/S001/register"), "retire")
    page = client.get("/s/S001")
    assert page.status_code == 410
    assert "已经不再接待" in page.text and "城西人大代表联络站" in page.text and "/s/S002?k=" in page.text
    assert client.get("/s/S001/new").status_code == 410
    told = send(client, form, "new", text=TEXT)
    assert told.status_code == 303
    send(admin, admin.get("/console/stations/S001/register"), "restore")
    assert client.get("/s/S001").status_code == 200


def test_an_administrator_reads_a_roster_and_does_not_change_it(admin: FlaskClient) -> None:
    page = admin.get("/console/stations/S001")
    assert page.status_code == 200 and "刘在岗" in page.text
    assert [form.action for form in forms_of(page) if "/stations/" in form.action] == []


def test_a_category_of_the_first_place_stays_there_when_it_is_saved(admin: FlaskClient, town: Town) -> None:
    roads = session.get_one(Category, town.categories.roads.id)
    roads.position = 0
    session.commit()
    send(admin, admin.get("/console/categories/roads"), "roads", name="道路")
    assert (roads.name, roads.position) == ("道路", 0)
