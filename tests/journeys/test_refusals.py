"""What cannot be taken is refused by name, in Chinese, in one shape, and changes nothing."""

import io
import json

import pytest

from tests.support.journey import MATTERS, Journey, done, problem, tell
from tests.support.life import TEXT
from tests.support.pictures import huge_png, photo

NEW = "/api/v1/stations/S001/matters"


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("text", {"text": "路灯坏了\x00三盏，请尽快派人来修好"}),
        ("text", {"text": "路灯坏了\ud83d三盏，请尽快派人来修好"}),
        ("text", {"text": "路" * 2001}),
        ("text", {"text": "路灯坏了"}),
        ("text", {"text": "   \u3000\n  "}),
        ("text", {"text": 12345678901}),
        ("text", {"text": None}),
        ("text", {}),
        ("category", {"text": TEXT, "category": "nothing"}),
        ("category", {"text": TEXT, "category": ["roads"]}),
        ("place.name", {"text": TEXT, "place": {"name": "街" * 101}}),
        ("place.name", {"text": TEXT, "place": {"name": "街\x00"}}),
        ("place.lat", {"text": TEXT, "place": {"lat": 91, "lng": 0}}),
        ("place.lng", {"text": TEXT, "place": {"lat": 0, "lng": "east"}}),
        ("place", {"text": TEXT, "place": "北街"}),
        ("contact.phone", {"text": TEXT, "contact": {"phone": "call me"}}),
        ("contact.name", {"text": TEXT, "contact": {"name": "\udc00"}}),
        ("share_identity", {"text": TEXT, "share_identity": "perhaps"}),
        ("surprise", {"text": TEXT, "surprise": 1}),
    ],
)
def test_a_field_that_cannot_be_taken_is_named(journey: Journey, field: str, body: dict) -> None:
    answer = journey.phone().post(
        NEW, data=json.dumps(body), content_type="application/json", headers={"Idempotency-Key": "k"}
    )
    assert list(problem(answer, 422)["errors"]) == [field]
    assert journey.office.box("all") == []


@pytest.mark.parametrize(
    ("pictures", "sentence"),
    [
        ([photo()] * 10, "最多上传 9 张"),
        ([photo((9, 9, 9)), b"GIF89a, but not really"], "第 2 张"),
        ([b"%PDF-1.7 a letter, not a photo"], "第 1 张不是可用的照片"),
        ([photo()[:2000]], "第 1 张已损坏"),
        ([huge_png()], "第 1 张像素过多"),
        ([b"\xff\xd8\xff\xe0" + bytes(10 * 1024 * 1024)], "超过 10 MB"),
    ],
    ids=["ten", "no-gif", "pdf", "torn", "huge", "heavy"],
)
def test_a_photo_that_cannot_be_taken_is_named(journey: Journey, pictures: list[bytes], sentence: str) -> None:
    errors = problem(tell(journey.phone(), "S001", text=TEXT, photos=pictures), 422)["errors"]
    assert list(errors) == ["photos"]
    assert sentence in errors["photos"][0]
    assert journey.office.box("all") == []


def test_bad_evidence_of_a_department_is_named(journey: Journey) -> None:
    matter = journey.comes_to("assigned")
    housing = journey.handler("housing")
    housing("acknowledge", matter.part())
    letter = {"text": "已修好。", "outcome": "A", "files": (io.BytesIO(b"MZ\x90\x00" + bytes(200)), "办结.exe")}
    answer = housing.client.post(f"{housing.area}/{matter.part()}/reply", data=letter)
    assert "files" in problem(answer, 422)["errors"]
    hollow = {"text": "已收悉，正在研究，将尽快处理。", "outcome": "A", "measures": "研究", "owner": "相关部门"}
    assert {"text", "owner", "measures"} <= set(housing.refused(422, "reply", matter.part(), **hollow)["errors"])


def test_the_same_key_gives_the_same_answer_and_never_a_second_matter(journey: Journey) -> None:
    phone = journey.phone()
    first = done(tell(phone, "S001", key="once", text=TEXT, photos=[photo()]), 201)
    again = done(tell(journey.phone(), "S001", key="once", text=TEXT, photos=[photo()]), 200)
    assert again == first
    assert "内容不同" in problem(tell(phone, "S001", key="once", text=TEXT), 409)["detail"]
    problem(tell(phone, "S001", key="once", text=TEXT + "谢谢。", photos=[photo()]), 409)
    assert journey.office.box("all") == [first["number"]]
    assert done(tell(phone, "S002", key="once", text=TEXT), 201)["number"] != first["number"], "another station's key"


@pytest.mark.parametrize("key", ["", "   ", "k" * 201])
def test_a_submission_needs_a_usable_key(journey: Journey, key: str) -> None:
    answer = journey.phone().post(NEW, json={"text": TEXT}, headers={"Idempotency-Key": key})
    assert "Idempotency-Key" in problem(answer, 400)["detail"]


def test_wrong_code_and_absent_number_cannot_be_told_apart(journey: Journey) -> None:
    matter, phone = journey.tells(), journey.phone()
    bodies = []
    for number, code in (
        (matter.number, "0000-0000-0000"),
        (matter.number, ""),
        (matter.number, "你好".encode().decode("latin-1")),
        ("M2026-999999-X", matter.secret),
        ("nonsense", matter.secret),
    ):
        for answer in (
            phone.get(f"{MATTERS}/{number}", headers={"X-Matter-Secret": code}),
            phone.post(f"{MATTERS}/{number}/rating", json={}, headers={"X-Matter-Secret": code}),
        ):
            body = problem(answer, 404)
            assert number in body.pop("instance")
            bodies.append(body)
    assert all(body == bodies[0] for body in bodies)


def test_another_ones_matter_is_as_unknown_as_none(journey: Journey) -> None:
    matter = journey.comes_to("with_deputy")
    for username, area in (
        ("other_deputy", "deputy"), ("other_office", "office"), ("absent", "deputy"),
    ):  # fmt: skip
        client = journey.signs_in(username)
        mine = problem(client.get(f"/api/v1/{area}/matters/{matter}"), 404)
        none = problem(client.get(f"/api/v1/{area}/matters/M2026-999999-X"), 404)
        assert mine.pop("instance") != none.pop("instance")
        assert mine == none


def test_every_refusal_is_a_problem_document(journey: Journey) -> None:
    visitor, office, handler = journey.phone(), journey.office.client, journey.handler("housing").client
    matter = journey.tells()
    move = f"/api/v1/office/matters/{matter}"
    key = {"Idempotency-Key": "shape"}
    problem(visitor.post(NEW, data="{", content_type="application/json", headers=key), 400)
    problem(visitor.post(NEW, data="[1]", content_type="application/json", headers=key), 422)
    problem(visitor.post(NEW, data="<a/>", content_type="application/xml", headers=key), 415)
    problem(visitor.get("/api/v1/office/matters"), 401)
    problem(visitor.get("/api/v1/me", headers={"Authorization": "Bearer nonsense"}), 401)
    problem(visitor.post("/api/v1/sessions", json={"username": "office", "password": "wrong"}), 401)
    problem(handler.get("/api/v1/office/matters"), 403)
    problem(office.post(f"{move}/reveals/1/decision", json={"approve": True}), 403)
    problem(visitor.get("/api/v1/nowhere"), 404)
    problem(visitor.get("/api/v1/stations/S999"), 404)
    problem(office.get("/api/v1/office/matters/M2026-999999-X"), 404)
    assert "GET" in office.delete(move).headers["Allow"]
    problem(office.delete(move), 405)
    wrong = problem(office.post(f"{move}/dispatch", json={"lead": "housing", "complexity": "ordinary"}), 409)
    assert (wrong["state"], wrong["waiting_for"]) == ("submitted", "office")
    problem(office.post(f"{move}/refusal", json={}), 422)
    problem(office.get("/api/v1/office/matters?box=nonsense"), 422)
    assert matter.seen["state"] == "submitted"


def test_a_body_without_end_is_refused(journey: Journey) -> None:
    announced = {"CONTENT_LENGTH": "200000000", "CONTENT_TYPE": "application/json"}
    headers = {"Idempotency-Key": "endless"}
    problem(journey.phone().post(NEW, environ_overrides=announced, headers=headers), 413)


def test_two_people_at_once_the_second_sees_what_happened(journey: Journey) -> None:
    matter = journey.tells()
    journey.office("accept", matter)
    late = journey.lead.refused(409, "accept", matter)
    assert (late["state"], late["waiting_for"]) == ("with_deputy", "deputy")
    assert "刷新" in late["detail"]
