"""While too many tell things at once each shows a proof of work, or waits; nobody is turned away, nothing is lost."""

import base64
import json
import time
from collections.abc import Callable, Iterator

import altcha
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from liaison.db import session
from liaison.models.cases import Attachment, Case
from liaison.web import bursts, proofs
from tests.support.edge import limits_on
from tests.support.town import Town
from tests.web.test_outages import carried
from tests.web.test_resident_api import TEXT, picture, tell
from tests.web.test_resident_pages import hidden, told

Json = dict
KEY = "k" * 32
LONG_AGO = proofs.LIFETIME + 1


@pytest.fixture
def limited(app: Flask, town: Town) -> Iterator[FlaskClient]:
    """A visitor of the application with its limits on, and nothing counted yet."""
    with limits_on(app):
        yield app.test_client()


@pytest.fixture
def flood(app: Flask, limited: FlaskClient) -> FlaskClient:
    """The same while station S001 has had its fill."""
    for _ in range(bursts.PER_STATION[0].amount):
        app.extensions["bursts"].hit(bursts.PER_STATION[0], "station", "S001")
    return limited


def solved(challenge: Json) -> str:
    """The answer a client makes with altcha's own solver."""
    whole = altcha.Challenge.from_dict(challenge)
    return altcha.Payload(whole, altcha.solve_challenge(whole)).to_base64()


def made(app: Flask, about: str, age: int) -> Json:
    """A challenge that was made `age` seconds ago."""
    with app.app_context():
        return proofs.challenge(about, int(time.time()) - age)


def shown(answer: TestResponse) -> Json:
    """The challenge within the page's ticket."""
    return json.loads(base64.b64decode(hidden(answer.text, "proof")))["challenge"]


def sends(client: FlaskClient, key: str, proof: str, station: str = "S001") -> TestResponse:
    """Tell a matter through the API with a proof."""
    headers = {"Idempotency-Key": key, proofs.HEADER: proof}
    return client.post(f"/api/v1/stations/{station}/matters", json={"text": TEXT}, headers=headers)


def test_the_form_becomes_a_page_that_keeps_words_and_photos_and_is_taken_once_it_is_worked_off(
    flood: FlaskClient,
) -> None:
    held = told(flood, photos=[(picture(), "a.jpg")], **{"place.name": "校门口"})
    assert held.status_code == 429 and int(held.headers["Retry-After"]) == proofs.WAIT
    assert TEXT in held.text and "照片 1 张" in held.text and f"请等 <b>{proofs.WAIT}</b> 秒" in held.text
    assert session.query(Case).count() == 0
    fields = carried(held)
    assert fields["place.name"] == "校门口" and fields["text"] == TEXT
    taken = flood.post("/s/S001/new", data=fields | {"proof": solved(shown(held))})
    assert taken.status_code == 303
    assert session.query(Case).count() == session.query(Attachment).count() == 1


def test_a_form_with_a_fault_is_asked_to_be_mended_before_anybody_waits(flood: FlaskClient) -> None:
    assert told(flood, text="太短").status_code == 422


def test_whoever_taps_too_early_waits_no_longer_for_it(flood: FlaskClient) -> None:
    held = told(flood)
    early = flood.post("/s/S001/new", data=carried(held))
    assert early.status_code == 429 and shown(early) == shown(held)
    assert int(early.headers["Retry-After"]) <= proofs.WAIT


def test_without_javascript_the_plain_button_works_once_the_time_is_over(app: Flask, flood: FlaskClient) -> None:
    fields = carried(told(flood))
    ripe = proofs.ticket(made(app, f"S001 {fields['key']}", proofs.WAIT))
    assert flood.post("/s/S001/new", data=fields | {"proof": ripe}).status_code == 303


def test_few_may_wait_instead_of_working_at_one_address(app: Flask, flood: FlaskClient) -> None:
    keys = [f"waits {number}" for number in range(bursts.WAITED.amount + 1)]
    answers = [sends(flood, key, proofs.ticket(made(app, f"S001 {key}", proofs.WAIT))) for key in keys]
    assert [answer.status_code for answer in answers] == [201] * bursts.WAITED.amount + [429]


def test_the_api_asks_for_a_proof_in_its_problem_document_and_takes_it_in_a_header(flood: FlaskClient) -> None:
    held = tell(flood, KEY)
    assert (held.status_code, held.mimetype) == (429, "application/problem+json")
    assert int(held.headers["Retry-After"]) == proofs.WAIT
    assert "内容都在" in held.json["detail"]
    assert sends(flood, KEY, solved(held.json["challenge"])).status_code == 201


def test_a_proof_is_good_once_for_one_submission_at_one_station(app: Flask, flood: FlaskClient) -> None:
    for _ in range(bursts.PER_STATION[0].amount):
        app.extensions["bursts"].hit(bursts.PER_STATION[0], "station", "S002")
    proof = solved(tell(flood, KEY).json["challenge"])
    assert sends(flood, "another key", proof).status_code == 429
    assert sends(flood, KEY, proof, "S002").status_code == 429
    assert sends(flood, KEY, proof).status_code == 201
    assert sends(flood, KEY, proof).status_code == 429, "the matter is there; the proof is spent"
    assert session.query(Case).count() == 1


def altered(challenge: Json, **changes: object) -> Json:
    """A challenge made easier by whoever should solve it."""
    return challenge | {"parameters": challenge["parameters"] | changes}


@pytest.mark.parametrize(
    "forge",
    [
        lambda app: altered(made(app, f"S001 {KEY}", 0), keyPrefix="00"),
        lambda app: altered(made(app, f"S001 {KEY}", 0), cost=1, keyPrefix=""),
        lambda app: altered(made(app, f"S001 {KEY}", LONG_AGO), expiresAt=int(time.time()) + 999),
        lambda app: made(app, f"S001 {KEY}", LONG_AGO),
        lambda app: made(app, f"S001 {KEY}", 0) | {"signature": "0" * 64},
        lambda app: made(app, f"S001 {KEY}", 0) | {"signature": None},
        lambda app: altcha.create_challenge(proofs.ALGORITHM, 1, counter=1, hmac_secret=b"somebody's").to_dict(),
    ],
)
def test_forged_and_old_challenges_are_worth_nothing(
    app: Flask, flood: FlaskClient, forge: Callable[[Flask], Json]
) -> None:
    assert sends(flood, KEY, solved(forge(app))).status_code == 429
    assert session.query(Case).count() == 0


_json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["challenge", "solution", "parameters"]), inner),
)


@given(st.text() | _json.map(lambda told: base64.b64encode(json.dumps(told).encode()).decode()))
def test_nothing_anybody_shows_is_more_than_worthless(_app: Flask, given_: str) -> None:
    with _app.app_context():
        assert proofs.read(given_, "S001 key", 0) == proofs.Proof(proofs.WORTHLESS, {})


def test_calm_stations_are_left_alone_while_another_is_flooded(flood: FlaskClient) -> None:
    assert tell(flood, "elsewhere", "S002").status_code == 201


@pytest.mark.parametrize("address", ["10.7.0.1", "2001:db8:7::1"])
def test_one_address_gets_to_the_proof_and_its_line_with_it(app: Flask, limited: FlaskClient, address: str) -> None:
    limited.environ_base["REMOTE_ADDR"] = address
    line = address if "." in address else "2001:db8:7::/64"
    for _ in range(bursts.PER_ADDRESS.amount):
        app.extensions["bursts"].hit(bursts.PER_ADDRESS, "address", line)
    assert tell(limited).status_code == 429
    limited.environ_base["REMOTE_ADDR"] = address.replace("::1", "::2:3") if ":" in address else "10.7.0.2"
    assert tell(limited, "key-2").status_code == (429 if ":" in address else 201)


def test_everybody_together_gets_to_the_proof(app: Flask, limited: FlaskClient) -> None:
    for _ in range(bursts.OVER_ALL.amount):
        app.extensions["bursts"].hit(bursts.OVER_ALL, "all")
    assert tell(limited).status_code == 429
