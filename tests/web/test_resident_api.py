"""The resident's JSON, as HTTP/contract promises it to phones, the mini-program and other systems."""

import io
import json
import threading
import warnings
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from liaison.db import session, transaction
from liaison.domain.outcomes import Outcome
from liaison.models.cases import Case
from liaison.services import matters, publication
from liaison.settings import Web
from tests.support.clock import FakeClock
from tests.support.town import Town

TEXT = "城东小学门口的斑马线磨没了，希望尽快重新划线。"
ANSWER = "11月3日到现场查看，已重新划设斑马线三道，并加装了减速带。"


def picture(colour: str = "red", kind: str = "JPEG") -> io.BytesIO:
    """A small real photo."""
    data = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(data, kind)
    data.seek(0)
    return data


def tell(client: FlaskClient, key: str = "key-1", station: str = "S001", **body: object) -> TestResponse:
    """Submit as JSON."""
    path = f"/api/v1/stations/{station}/matters"
    return client.post(path, json={"text": TEXT} | body, headers={"Idempotency-Key": key})


def opened(told: TestResponse) -> dict[str, str]:
    """The header that opens what was told."""
    return {"X-Matter-Secret": told.json["secret"]}


def answered(town: Town, clock: FakeClock, number: str) -> None:
    """Walk a matter of station S002 until its resident is asked to rate."""
    deputy = town.actor("other_deputy")
    with transaction():
        matters.claim(deputy, number, now=clock())
    with transaction():
        matters.answer(deputy, number, ANSWER, Outcome.A, today=clock().date(), now=clock())


def test_a_station_is_shown_as_the_contract_says(client: FlaskClient, town: Town) -> None:
    shown = client.get("/api/v1/stations/S001").json
    fields = {"code", "name", "kind", "address", "opening", "capabilities", "deputies", "categories", "departments"}
    assert set(shown) == fields
    assert shown["deputies"][0].keys() >= {"name", "level", "unit", "photo_url"}
    assert {"code": "roads", "name": "道路交通"} in shown["categories"]


def test_submitting_answers_201_with_number_secret_and_receipt(client: FlaskClient, town: Town) -> None:
    told = tell(client, category="roads", place={"name": "校门口"}, contact={"name": "王", "phone": "13800000000"})
    assert told.status_code == 201
    assert set(told.json) == {
        "number", "secret", "state", "phase", "waiting_for", "due_at", "track_url", "receipt"
    }  # fmt: skip
    assert told.json["state"] == "submitted" and told.json["waiting_for"] == "office"
    assert told.json["due_at"].endswith("+08:00") and len(told.json["receipt"]["hash"]) == 64
    assert told.json["track_url"].startswith(f"http://testserver/m/{told.json['number']}")


def test_the_same_key_gives_the_same_answer_and_another_body_is_a_conflict(client: FlaskClient, town: Town) -> None:
    first, again = tell(client), tell(client)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json == first.json
    other = tell(client, text=TEXT + "再加一句。")
    assert other.status_code == 409
    assert other.mimetype == "application/problem+json"


def test_a_submission_without_a_key_is_malformed(client: FlaskClient, town: Town) -> None:
    answer = client.post("/api/v1/stations/S001/matters", json={"text": TEXT})
    assert answer.status_code == 400 and "Idempotency-Key" in answer.json["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": "太短"}, "text"),
        ({"text": "长" * 2001}, "text"),
        ({"text": TEXT + "\x00"}, "text"),
        ({"text": TEXT + "\ud800"}, "text"),
        ({"category": "nonsense"}, "category"),
        ({"category": "a\ud800"}, "category"),
        ({"place": {"lat": 91}}, "place.lat"),
        ({"place": "here"}, "place"),
        ({"contact": {"phone": "call me"}}, "contact.phone"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_what_cannot_be_taken_is_named_by_field(client: FlaskClient, town: Town, body: dict, field: str) -> None:
    answer = client.post(
        "/api/v1/stations/S001/matters",
        data=json.dumps({"text": TEXT} | body),
        content_type="application/json",
        headers={"Idempotency-Key": "k"},
    )
    assert answer.status_code == 422
    assert field in answer.json["errors"]


def test_multipart_takes_photos_and_parts_in_json_or_with_dots(client: FlaskClient, town: Town) -> None:
    parts = {
        "text": TEXT,
        "place": json.dumps({"name": "校门口"}),
        "contact.name": "王",
        "contact.phone": "",
        "photos": [(picture(), "a.jpg"), (picture("blue", "PNG"), "b.png")],
    }
    told = client.post("/api/v1/stations/S001/matters", data=parts, headers={"Idempotency-Key": "k"})
    assert told.status_code == 201
    seen = client.get(f"/api/v1/matters/{told.json['number']}", headers=opened(told)).json
    assert [photo["mime"] for photo in seen["photos"]] == ["image/jpeg", "image/jpeg"]


def test_the_same_photos_sent_again_are_the_same_submission(client: FlaskClient, town: Town) -> None:
    def send() -> TestResponse:
        parts = {"text": TEXT, "photos": [(picture(), "a.jpg")]}
        return client.post("/api/v1/stations/S001/matters", data=parts, headers={"Idempotency-Key": "k"})

    first, again = send(), send()
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json


def test_something_that_is_no_photo_is_refused_by_its_place(client: FlaskClient, town: Town) -> None:
    parts = {"text": TEXT, "photos": [(picture(), "a.jpg"), (io.BytesIO(b"<svg/>"), "b.jpg")]}
    answer = client.post("/api/v1/stations/S001/matters", data=parts, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 422
    assert answer.json["errors"]["photos"][0].startswith("第 2 张")


def test_a_matter_opens_with_its_code_however_number_and_code_are_typed(client: FlaskClient, town: Town) -> None:
    told = tell(client)
    sloppy = told.json["number"].replace("-", "").lower()
    code = told.json["secret"].replace("-", " ").lower()
    seen = client.get(f"/api/v1/matters/{sloppy}", headers={"X-Matter-Secret": code})
    assert seen.status_code == 200
    assert seen.json["number"] == told.json["number"]
    assert seen.json["receipt"] == told.json["receipt"]
    assert set(seen.json) == {
        "number", "state", "phase", "waiting_for", "due_at", "light", "text", "category", "photos", "voices",
        "events", "replies", "rating", "receipt", "chain",
    }  # fmt: skip


def test_wrong_code_unknown_number_and_nonsense_look_alike(client: FlaskClient, town: Town) -> None:
    number = tell(client).json["number"]
    tries = [(number, "ABCD-EFGH-JKMN"), (number, ""), ("M2026-999999-1", "ABCD-EFGH-JKMN"), ("nonsense", "x")]
    answers = [client.get(f"/api/v1/matters/{typed}", headers={"X-Matter-Secret": code}) for typed, code in tries]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.json["detail"] for answer in answers}) == 1


def test_words_and_photos_can_be_added(client: FlaskClient, town: Town) -> None:
    told = tell(client)
    path = f"/api/v1/matters/{told.json['number']}/additions"
    assert client.post(path, json={"text": "补充一点情况"}, headers=opened(told)).status_code == 201
    parts = {"text": "再补一张照片", "photos": [(picture(), "a.jpg")]}
    added = client.post(path, data=parts, headers=opened(told))
    assert added.status_code == 201
    assert len(added.json["photos"]) == 1
    assert [event["kind"] for event in added.json["events"]] == ["submit", "add", "add"]


def test_a_rating_needs_words_when_dissatisfied_and_closes_when_content(
    client: FlaskClient, town: Town, clock: FakeClock
) -> None:
    told = tell(client, station="S002")
    number, path = told.json["number"], f"/api/v1/matters/{told.json['number']}/rating"
    early = client.post(path, json={"result": "satisfied", "attitude": 5, "speed": 5}, headers=opened(told))
    assert early.status_code == 409 and early.json["waiting_for"] == "deputy"
    answered(town, clock, number)
    silent = client.post(path, json={"result": "dissatisfied", "attitude": 1, "speed": 1}, headers=opened(told))
    assert silent.status_code == 422 and "text" in silent.json["errors"]
    rated = client.post(path, json={"result": "satisfied", "attitude": 5, "speed": 4}, headers=opened(told))
    assert rated.status_code == 200 and rated.json["state"] == "closed"


def test_a_closed_matter_can_be_asked_for_again(client: FlaskClient, town: Town, clock: FakeClock) -> None:
    told = tell(client, station="S002")
    answered(town, clock, told.json["number"])
    path = f"/api/v1/matters/{told.json['number']}"
    client.post(f"{path}/rating", json={"result": "satisfied", "attitude": 5, "speed": 4}, headers=opened(told))
    again = client.post(f"{path}/reopening", json={"text": "线又磨没了，还请看看"}, headers=opened(told))
    assert again.status_code == 200 and again.json["state"] == "reopened"


def test_a_matter_nobody_works_on_can_be_withdrawn_once(client: FlaskClient, town: Town) -> None:
    told = tell(client)
    path = f"/api/v1/matters/{told.json['number']}/withdrawal"
    assert client.post(path, json={}, headers=opened(told)).json["state"] == "withdrawn"
    assert client.post(path, json={"reason": "不用了"}, headers=opened(told)).status_code == 409


def test_files_open_by_code_and_for_staff_within_reach_only(client: FlaskClient, town: Town, api, browser) -> None:
    parts = {"text": TEXT, "photos": [(picture(), "a.jpg")]}
    told = client.post("/api/v1/stations/S001/matters", data=parts, headers={"Idempotency-Key": "k"})
    path = f"/files/{told.json['number']}/1"
    seen = client.get(path, headers=opened(told))
    assert seen.status_code == 200 and seen.mimetype == "image/jpeg"
    assert seen.headers["Cache-Control"] == "private, no-store"
    assert seen.headers["X-Content-Type-Options"] == "nosniff"
    assert client.get(f"{path}/thumb", headers=opened(told)).status_code == 200
    assert client.get(path).status_code == 404
    assert client.get(path, headers={"X-Matter-Secret": "ABCD-EFGH-JKMN"}).status_code == 404
    assert api("office").get(path).status_code == 200
    assert browser("office").get(path).status_code == 200
    assert api("other_office").get(path).status_code == 404
    assert client.get(f"/files/{told.json['number']}/99999999999999999999").status_code == 404


def test_published_answers_are_listed_and_searched(client: FlaskClient, town: Town, clock: FakeClock) -> None:
    for key, title in (("a", "斑马线重新划设"), ("b", "路灯修好")):
        number = tell(client, key, station="S002").json["number"]
        answered(town, clock, number)
        with transaction():
            publication.publish(
                town.actor("office"), number, title=title, text=TEXT, answer=ANSWER, consent=True, now=clock()
            )
        clock.advance(minutes=1)
    listed = client.get("/api/v1/public").json
    assert [item["title"] for item in listed["items"]] == ["路灯修好", "斑马线重新划设"]
    first = client.get("/api/v1/public?limit=1").json
    second = client.get(f"/api/v1/public?limit=1&after={first['next']}").json
    assert [first["items"][0]["title"], second["items"][0]["title"]] == ["路灯修好", "斑马线重新划设"]
    assert [item["title"] for item in client.get("/api/v1/public?q=路灯").json["items"]] == ["路灯修好"]
    assert client.get(f"/api/v1/public/{number}").json["title"] == "路灯修好"
    assert client.get(f"/api/v1/public/{tell(client).json['number']}").status_code == 404


def test_an_address_with_nul_is_refused(client: FlaskClient, town: Town) -> None:
    for path in ("/api/v1/stations/S%00", "/api/v1/public?q=%00", "/s/%00", "/?q=a%00"):
        assert client.get(path).status_code == 400


def test_the_document_describes_bodies_headers_and_problems(client: FlaskClient) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        document = client.get("/api/v1/openapi.json").json
    submit = document["paths"]["/api/v1/stations/{code}/matters"]["post"]
    assert set(submit["requestBody"]["content"]) == {"application/json", "multipart/form-data"}
    assert "photos" in submit["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]
    assert {"in": "header", "name": "Idempotency-Key"}.items() <= submit["parameters"][1].items()
    assert list(submit["responses"]["422"]["content"]) == ["application/problem+json"]
    assert {"200", "201", "409"} <= set(submit["responses"])
    follow = document["paths"]["/api/v1/matters/{number}"]["get"]
    assert "X-Matter-Secret" in [each["name"] for each in follow["parameters"]]


@pytest.fixture
def limited(app: Flask) -> Iterator[FlaskClient]:
    """A visitor of the application with its limits on."""
    wiring = app.extensions["liaison"]
    app.extensions["liaison"] = replace(wiring, config=replace(wiring.config, web=Web(rate_limits=True)))
    yield app.test_client()
    app.extensions["liaison"] = wiring


def test_guessing_codes_is_slowed_down_with_retry_after(limited: FlaskClient) -> None:
    wrong = {"X-Matter-Secret": "ABCD-EFGH-JKMN"}
    answers = [limited.get("/api/v1/matters/M2026-000001-X", headers=wrong) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [404] * 20 + [429]
    assert answers[-1].mimetype == "application/problem+json"
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert limited.get("/m/M2026-000001-X?c=ABCD-EFGH-JKMN").status_code == 429
    assert limited.get("/m").status_code == 200


def test_twins_in_flight_make_one_matter(live_app: Flask, live_town: Town) -> None:
    answers = []

    def send() -> None:
        answers.append(tell(live_app.test_client(), station="S001"))

    twins = [threading.Thread(target=send) for _ in range(4)]
    for twin in twins:
        twin.start()
    for twin in twins:
        twin.join()
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.json["number"] for answer in answers}) == 1
    assert session.query(Case).count() == 1
