"""What is too large, too deep or too much is refused in Chinese, by its own status, and is never an error of ours."""

import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from liaison.domain.policy import POLICY
from liaison.web import bodies, fields
from liaison.web.described import FILES
from liaison.web.forms import DEPARTMENT_FORMS, DEPUTY_FORMS, OFFICE_FORMS
from tests.support.journey import SignIn, problem
from tests.support.life import TEXT
from tests.support.town import Town
from tests.web.test_resident_pages import hidden

ADDRESS = "/api/v1/stations/S001/matters"


def tells(client: FlaskClient, body: bytes, kind: str = "application/json") -> TestResponse:
    """Send a body as a submission."""
    return client.post(ADDRESS, data=body, content_type=kind, headers={"Idempotency-Key": "edge"})


@pytest.mark.parametrize("depth", [bodies.DEEPEST + 2, 900, 2_000, 400_000])
@pytest.mark.parametrize("brackets", [b"[]", b'{"a":}'])
def test_deep_json_is_malformed_and_no_error_of_ours(
    client: FlaskClient, town: Town, depth: int, brackets: bytes
) -> None:
    opening, closing = brackets[:-1], brackets[-1:]
    depth = min(depth, (bodies.PLAIN - 100) // len(brackets))
    refused = problem(tells(client, b'{"text":' + opening * depth + b"1" + closing * depth + b"}"), 400)
    assert "层次太深" in refused["detail"]


def test_deep_json_within_a_part_of_a_form_is_refused_by_its_name(client: FlaskClient, town: Town) -> None:
    answer = client.post(
        ADDRESS, data={"text": TEXT, "place": "[" * 100_000}, headers={"Idempotency-Key": "edge"}
    )  # fmt: skip
    assert "place" in problem(answer, 422)["errors"]


def test_json_with_too_many_values_is_malformed(client: FlaskClient, town: Town) -> None:
    assert "项目太多" in problem(tells(client, b'{"text": [%s1]}' % (b"1," * bodies.MOST_VALUES)), 400)["detail"]


def test_ordinary_nesting_passes(client: FlaskClient, town: Town) -> None:
    body = {"text": TEXT, "place": {"name": "校门口"}, "contact": {"name": "王"}}
    assert tells(client, json.dumps(body).encode()).status_code == 201


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_words_alone_are_never_as_large_as_photos(client: FlaskClient, town: Town, kind: str) -> None:
    problem(tells(client, b"text=" + b"a" * bodies.PLAIN, kind), 413)


@pytest.mark.parametrize(
    ("address", "status"),
    [("/console/sign-in", 413), ("/m", 413), ("/api/v1/sessions", 413), ("/s/S001/new", 422), (ADDRESS, 400)],
)
def test_only_where_files_are_taken_may_a_form_be_as_large_as_files(
    client: FlaskClient, town: Town, address: str, status: int
) -> None:
    large = {"photos": (b"x" * (bodies.PLAIN + 1)).decode()}
    body = "\r\n".join(
        ["--b", 'Content-Disposition: form-data; name="photos"; filename="a.jpg"', "", large["photos"], "--b--", ""]
    )
    answer = client.post(address, data=body.encode(), content_type="multipart/form-data; boundary=b")
    assert answer.status_code == status


def test_every_door_that_is_described_to_take_files_lets_them_through(app: Flask) -> None:
    specs = {view.policy_action: view._spec for view in app.view_functions.values() if hasattr(view, "_spec")}
    taking = {action for action, spec in specs.items() if spec["extensions"][FILES]}
    taking |= {form.action for form in (*DEPUTY_FORMS, *DEPARTMENT_FORMS, *OFFICE_FORMS) if form.takes_files}
    assert taking and taking <= set(bodies.TAKES_FILES) <= set(POLICY)


@pytest.mark.parametrize(("kind", "status"), [("multipart/form-data", 413), ("application/x-www-form-urlencoded", 400)])
def test_a_form_of_endless_fields_is_refused(client: FlaskClient, town: Town, kind: str, status: int) -> None:
    many = {f"f{number}": "1" for number in range(bodies.MOST_FIELDS + 1)}
    answer = client.post(ADDRESS, data=many, content_type=kind, headers={"Idempotency-Key": "edge"})
    problem(answer, status)


def test_a_page_says_in_chinese_that_it_was_too_much(client: FlaskClient, town: Town) -> None:
    many = {f"f{number}": "1" for number in range(999)}
    page = client.post("/s/S001/new", data=many, content_type="multipart/form-data")
    assert page.status_code == 413 and "内容太大了" in page.text


def test_every_field_that_names_something_is_short(api: SignIn, town: Town) -> None:
    answer = api("liaison").post(
        ADDRESS, json={"text": TEXT, "category": "x" * (fields.LONGEST_NAME + 1)}, headers={"Idempotency-Key": "edge"}
    )
    assert problem(answer, 422)["errors"] == {"category": [fields.ENDLESS]}


def test_a_list_of_names_is_short(api: SignIn, town: Town) -> None:
    body = {"lead": "housing", "assisting": ["water"] * (fields.MOST_NAMES + 1), "complexity": "ordinary"}
    answer = api("office").post("/api/v1/office/matters/M2026-000001-X/dispatch", json=body)
    assert problem(answer, 422)["errors"] == {"assisting": [fields.ENDLESS]}


def test_long_words_are_counted_not_chewed(client: FlaskClient, town: Town) -> None:
    assert "text" in problem(tells(client, b'{"text": "%s"}' % (b"a" * 900_000)), 422)["errors"]


def test_headers_and_addresses_have_an_end(client: FlaskClient, town: Town) -> None:
    many = client.get("/", headers={"X-Something": "a" * bodies.LONGEST_HEADERS})
    assert many.status_code == 431 and "清除本站的 Cookie" in many.text
    long = client.get(f"/?q={'a' * bodies.LONGEST_ADDRESS}")
    assert long.status_code == 414 and "网址太长" in long.text
    assert client.get("/api/v1/public?q=" + "a" * bodies.LONGEST_ADDRESS).json["status"] == 414


def test_the_largest_honest_form_passes(client: FlaskClient, town: Town) -> None:
    page = client.get("/s/S001/new").text
    form = {name: hidden(page, name) for name in ("csrf_token", "key")}
    assert client.post("/s/S001/new", data=form | {"text": "灯" * 2000}).status_code == 303
    assert re.search("M[0-9]{4}", client.get("/").text) is None
