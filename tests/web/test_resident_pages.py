"""The pages a phone opens, without JavaScript: what they show, keep and refuse."""

import io
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from liaison.db import session, transaction
from liaison.domain.station_codes import sign
from liaison.models.cases import Attachment, Case
from liaison.models.matters import Matter
from liaison.models.stations import Station
from liaison.services import matters, publication
from liaison.services.sealing import Keys
from tests.support.clock import FakeClock
from tests.support.town import Town
from tests.web.test_resident_api import ANSWER, TEXT, answered, picture

HEAVIEST = 60_000  # bytes a station page may take together with all it loads


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    return re.search(rf'name="{name}" value="([^"]*)"', page)[1]


def told(client: FlaskClient, station: str = "S001", **fields: object) -> TestResponse:
    """Open the form and send it."""
    page = client.get(f"/s/{station}/new").text
    sent = {"csrf_token": hidden(page, "csrf_token"), "key": hidden(page, "key"), "text": TEXT} | fields
    return client.post(f"/s/{station}/new", data=sent)


def number_of(answer: TestResponse) -> str:
    """The number the receipt's address names."""
    return re.search(r"/m/([^?]+)", answer.location)[1]


def code_of(client: FlaskClient, number: str) -> str:
    """The query code as the page shows it."""
    groups = re.findall(r"<span>([0-9A-Z]{4})</span>", client.get(f"/m/{number}").text)
    return "-".join(groups[:3])


def send(client: FlaskClient, number: str, name: str, **fields: object) -> TestResponse:
    """Send one of the forms of a matter's page."""
    token = hidden(client.get(f"/m/{number}").text, "csrf_token")
    return client.post(f"/m/{number}/{name}", data={"csrf_token": token} | fields)


def test_the_station_page_shows_what_somebody_at_the_wall_needs(client: FlaskClient, town: Town, keys: Keys) -> None:
    page = client.get(f"/s/S001?k={sign('S001', keys.stations)}").text
    for expected in (
        "城东人大代表联络站",
        "城东镇",
        "刘在岗",
        "现在值班",
        "县（市、区）人大代表",
        "我要说事",
        "查询进度",
        "testserver",
    ):
        assert expected in page
    assert "这是本站的二维码" in page


@pytest.mark.parametrize("query", ["", "?k=1.AAAAAAAAAAAAAAAA", "?k=%F0%9F"])
def test_a_code_that_is_not_ours_gets_a_note_and_nobody_is_kept_out(
    client: FlaskClient, town: Town, query: str
) -> None:
    answer = client.get(f"/s/S001{query}")
    assert answer.status_code == 200
    assert "请看一眼网址" in answer.text and "我要说事" in answer.text


def test_opening_a_station_is_remembered_as_a_scan(client: FlaskClient, town: Town, clock: FakeClock) -> None:
    client.get("/s/S001")
    assert session.query(Station).filter_by(code="S001").one().last_scan_at == clock()


def test_the_station_page_and_all_it_loads_are_light(client: FlaskClient, town: Town) -> None:
    loaded = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', client.get("/s/S001").text))
    weight = 0
    for each in ("/s/S001", *loaded):
        with client.get(each, headers={"Accept-Encoding": "gzip"}) as file:
            weight += len(file.data)
    assert weight <= HEAVIEST


def test_a_matter_told_without_javascript_leads_to_its_receipt(client: FlaskClient, town: Town) -> None:
    answer = told(client, photos=[(picture(), "a.jpg")], category="")
    assert answer.status_code == 303
    page = client.get(answer.location).text
    case = session.query(Case).one()
    first = session.query(Matter).one()
    assert case.number in page and "截图" in page and case.head in page
    assert not first.share_identity
    assert session.query(Attachment).one().mime == "image/jpeg"


def test_the_form_suggests_places_of_the_town_and_of_those_beside_it(client: FlaskClient, town: Town) -> None:
    offered = re.findall(r'<option value="([^"]+)">', client.get("/s/S001/new").text.partition("<datalist")[2])
    assert offered[0] == "城东镇" and "城西镇" in offered[1:] and len(offered) == len(set(offered))


def test_the_same_form_sent_twice_makes_one_matter(client: FlaskClient, town: Town) -> None:
    page = client.get("/s/S001/new").text
    sent = {"csrf_token": hidden(page, "csrf_token"), "key": hidden(page, "key"), "text": TEXT}
    first, again = (client.post("/s/S001/new", data=sent) for _ in range(2))
    assert first.location == again.location
    other = client.post("/s/S001/new", data=sent | {"text": TEXT + "另外还有一件事。"})
    assert other.status_code == 409
    assert "另外还有一件事" in other.text and hidden(other.text, "key") != sent["key"]


def test_a_faulty_form_comes_back_with_all_that_was_typed(client: FlaskClient, town: Town) -> None:
    answer = told(
        client,
        **{"text": "太短", "category": "roads", "place.name": "校门口", "contact.name": "王", "contact.phone": "没有"},
        share_identity="true",
    )
    assert answer.status_code == 422
    for kept in (
        ">太短<",
        'value="roads" checked',
        'value="校门口"',
        'value="王"',
        'value="没有"',
        'value="true" checked',
    ):
        assert kept in answer.text
    assert "至少需要 10 个字" in answer.text and "请填写正确的电话号码" in answer.text
    assert 'aria-describedby="text-hint text-fault"' in answer.text


def test_photos_survive_a_faulty_field(client: FlaskClient, town: Town) -> None:
    page = client.get("/s/S001/new").text
    sent = {"csrf_token": hidden(page, "csrf_token"), "key": hidden(page, "key")}
    faulty = client.post("/s/S001/new", data=sent | {"text": "太短", "photos": [(picture(), "a.jpg")]})
    kept = re.findall(r'name="kept" value="([^"]+)"', faulty.text)
    assert len(kept) == 1 and hidden(faulty.text, "key") == sent["key"]
    done = client.post("/s/S001/new", data=sent | {"text": TEXT, "kept": kept})
    assert done.status_code == 303
    assert session.query(Attachment).count() == 1


def test_a_photo_token_that_is_not_ours_or_of_another_form_is_left_out(client: FlaskClient, town: Town) -> None:
    page = client.get("/s/S001/new").text
    sent = {"csrf_token": hidden(page, "csrf_token"), "key": hidden(page, "key")}
    faulty = client.post("/s/S001/new", data=sent | {"text": "太短", "photos": [(picture(), "a.jpg")]})
    token = re.search(r'name="kept" value="([^"]+)"', faulty.text)[1]
    assert told(client, kept=[token, "forged"]).status_code == 303
    assert session.query(Attachment).count() == 0


def test_something_that_is_no_photo_is_named_and_the_words_are_kept(client: FlaskClient, town: Town) -> None:
    answer = told(client, photos=[(io.BytesIO(b"GIF89a nonsense"), "a.gif")])
    assert answer.status_code == 422
    assert "第 1 张" in answer.text and TEXT in answer.text


def test_without_a_valid_token_nothing_is_taken_and_nothing_is_lost(
    app: Flask, client: FlaskClient, town: Town
) -> None:
    client.get("/s/S001/new")
    answer = client.post("/s/S001/new", data={"csrf_token": "stale", "key": "0" * 32, "text": TEXT})
    assert answer.status_code == 422
    assert TEXT in answer.text and "请再点一次" in answer.text
    assert session.query(Case).count() == 0


def test_a_matter_opens_by_code_on_another_phone_and_stays_open(app: Flask, client: FlaskClient, town: Town) -> None:
    number = number_of(told(client))
    code = code_of(client, number)
    other = app.test_client()
    asked = other.get(f"/m/{number}")
    assert asked.status_code == 200 and TEXT not in asked.text
    form = {"csrf_token": hidden(asked.text, "csrf_token"), "number": number.lower(), "code": "ABCD-EFGH-JKMN"}
    wrong = other.post("/m", data=form)
    assert wrong.status_code == 404 and "查询码" in wrong.text
    opened = other.post("/m", data=form | {"code": code.lower().replace("-", "")})
    assert opened.status_code == 303
    assert TEXT in other.get(opened.location).text


def test_a_link_with_the_code_leads_to_the_address_without_it(app: Flask, client: FlaskClient, town: Town) -> None:
    number = number_of(told(client))
    other = app.test_client()
    opened = other.get(f"/m/{number}?c={code_of(client, number)}")
    assert opened.location == f"/m/{number}"
    assert TEXT in other.get(opened.location).text
    assert other.get(f"/m/{number}?c=ABCD-EFGH-JKMN").status_code == 404


def test_a_sloppy_address_leads_to_the_printed_number(client: FlaskClient, town: Town) -> None:
    number = number_of(told(client))
    assert client.get(f"/m/{number.lower().replace('-', '')}").location == f"/m/{number}"
    assert client.get("/m/nonsense").status_code == 404


def test_the_page_says_who_is_waited_for_until_when_and_why(client: FlaskClient, town: Town) -> None:
    page = client.get(f"/m/{number_of(told(client))}").text
    for expected in (
        "已提交",
        "选民说事",
        "人大督事",
        "人大办",
        "2026年3月3日（周二）",
        "起算，当天不计",
        "数满 1 个工作日",
    ):
        assert expected in page


def test_words_can_be_added_and_a_question_answered(client: FlaskClient, town: Town, clock: FakeClock) -> None:
    number = number_of(told(client))
    assert send(client, number, "additions", text="补充：早上七点最危险").status_code == 303
    with transaction():
        matters.ask(town.actor("office"), number, "请问是哪一个校门？", now=clock())
    assert "请问是哪一个校门？" in client.get(f"/m/{number}").text
    send(client, number, "additions", text="南门", photos=[(picture(), "a.jpg")])
    page = client.get(f"/m/{number}").text
    assert "南门" in page and "已提交" in page and f"/files/{number}/1/thumb" in page


def test_rating_keeps_what_was_typed_until_it_is_whole(client: FlaskClient, town: Town, clock: FakeClock) -> None:
    number = number_of(told(client, "S002"))
    answered(town, clock, number)
    assert ANSWER in client.get(f"/m/{number}").text
    silent = send(client, number, "rating", result="dissatisfied", attitude="2", speed="3")
    assert silent.status_code == 422
    assert 'value="dissatisfied" required checked' in silent.text and "哪里不满意" in silent.text
    assert send(client, number, "rating", result="basically", attitude="4", speed="4").status_code == 303
    assert "已销号" in client.get(f"/m/{number}").text


def test_a_closed_matter_is_asked_for_again_within_ten_working_days(
    client: FlaskClient, town: Town, clock: FakeClock
) -> None:
    number = number_of(told(client, "S002"))
    answered(town, clock, number)
    send(client, number, "rating", result="satisfied", attitude="5", speed="5")
    clock.advance(days=30)
    late = send(client, number, "reopening", text="又坏了")
    assert late.status_code == 409 and "销号已超过" in late.text
    clock.advance(days=-29)
    assert send(client, number, "reopening", text="又坏了").status_code == 303
    assert "重新办理" in client.get(f"/m/{number}").text


def test_a_move_that_came_too_late_shows_what_happened_meanwhile(
    client: FlaskClient, town: Town, clock: FakeClock
) -> None:
    number = number_of(told(client))
    with transaction():
        matters.accept(town.actor("office"), number, now=clock())
    late = send(client, number, "withdrawal", reason="")
    assert late.status_code == 409 and "代表处理中" in late.text


def test_without_the_code_no_move_is_made(app: Flask, client: FlaskClient, town: Town) -> None:
    number = number_of(told(client))
    stranger = app.test_client()
    token = hidden(stranger.get("/m").text, "csrf_token")
    answer = stranger.post(f"/m/{number}/withdrawal", data={"csrf_token": token})
    assert answer.status_code == 303
    assert session.query(Case).one().state == "submitted"


def test_a_refused_matter_names_the_right_channel(client: FlaskClient, town: Town, clock: FakeClock) -> None:
    number = number_of(told(client))
    with transaction():
        matters.refuse(town.actor("office"), number, "这是劳动争议", "arbitration", now=clock())
    page = client.get(f"/m/{number}").text
    assert "申请仲裁" in page and "这是劳动争议" in page


def test_what_people_type_is_shown_as_text(client: FlaskClient, town: Town) -> None:
    page = client.get(f"/m/{number_of(told(client, text='<script>alert(1)</script>' + TEXT))}").text
    assert "<script>alert" not in page and "&lt;script&gt;" in page


def test_stations_are_found_by_name_and_town(client: FlaskClient, town: Town) -> None:
    assert "城西人大代表联络站" in client.get("/").text
    found = client.get("/?q=城东镇").text
    assert "城东人大代表联络站" in found and "城西人大代表联络站" not in found
    assert "没有找到" in client.get("/?q=没有这里").text


def test_published_answers_are_pages_and_the_rest_stays_private(
    client: FlaskClient, town: Town, clock: FakeClock
) -> None:
    number = number_of(told(client, "S002"))
    assert "还没有公开的答复" in client.get("/public").text
    assert client.get(f"/public/{number}").status_code == 404
    answered(town, clock, number)
    with transaction():
        publication.publish(
            town.actor("office"), number, title="斑马线", text="有群众反映", answer=ANSWER, consent=True, now=clock()
        )
    assert "<mark>斑马</mark>线" in client.get("/public?q=斑马").text
    shown = client.get(f"/public/{number}").text
    assert ANSWER in shown and TEXT not in shown
    assert "斑马线" in client.get("/s/S002").text


@pytest.mark.parametrize(
    ("name", "mime", "start"),
    [
        ("qr.png", "image/png", b"\x89PNG"),
        ("qr.svg", "image/svg+xml", b"<svg"),
        ("poster.pdf", "application/pdf", b"%PDF"),
    ],
)
def test_what_hangs_on_the_wall_is_printed(client: FlaskClient, town: Town, name: str, mime: str, start: bytes) -> None:
    answer = client.get(f"/s/S001/{name}")
    assert answer.mimetype == mime and answer.data.startswith(start)
    assert answer.cache_control.public and answer.cache_control.max_age
    assert client.get(f"/s/NOPE/{name}").status_code == 404


def test_an_unknown_address_says_what_to_do_next(client: FlaskClient, town: Town) -> None:
    answer = client.get("/s/NOPE")
    assert answer.status_code == 404 and "接下来可以" in answer.text and "/m" in answer.text


def test_twenty_matters_fit_one_cookie_and_the_oldest_is_forgotten(app: Flask, client: FlaskClient, town: Town) -> None:
    numbers = [number_of(told(client)) for _ in range(21)]
    with client.session_transaction() as cookie:
        assert list(cookie["codes"]) == numbers[1:]
    assert len(client.get_cookie("session", "testserver").value) < 4000
