"""A voice message at the doors: who may hear it, as what it is sent, and what is said of one that is none."""

from collections.abc import Callable
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient

from liaison.db import session
from liaison.models.cases import Attachment, Case
from liaison.services.voices import STANDS_FOR_WORDS
from tests.support.journey import Journey, SignIn
from tests.support.life import Life
from tests.support.pictures import photo
from tests.support.sounds import MADE, webm
from tests.support.town import Town
from tests.web.test_resident_pages import hidden, number_of, told

TEXT = "路灯坏了三盏，晚上看不见路，请尽快修好。"
DESKS = ("office", "deputy", "housing_handler", "housing_approver", "liaison")


@pytest.fixture
def journey(app: Flask, life: Life, api: SignIn, browser: SignIn) -> Journey:
    """The town at work."""
    return Journey(app, life, api, browser)


def spoken(sound: bytes = b"", name: str = "voice") -> tuple[BytesIO, str]:
    return BytesIO(sound or webm()), name


@pytest.mark.parametrize("shares", [False, True], ids=["unnamed", "named"])
def test_only_deputy_and_office_hear_a_resident_who_does_not_want_to_be_known(
    journey: Journey, client: FlaskClient, shares: bool
) -> None:
    fields = {"text": f"路灯。{STANDS_FOR_WORDS}", "voice": spoken()} | ({"share_identity": "true"} if shares else {})
    answer = client.post("/api/v1/stations/S001/matters", data=fields, headers={"Idempotency-Key": "voice"})
    assert answer.status_code == 201
    number = answer.json["number"]
    journey.office("accept", number)
    journey.deputy("hand-over", number, advice="情况属实。")
    journey.office("dispatch", number, lead="housing", complexity="ordinary")
    hears = {name: journey.signs_in(name).get(f"/files/{number}/1").status_code == 200 for name in DESKS}
    assert hears == {"office": True, "deputy": True} | dict.fromkeys(DESKS[2:], shares)
    page = journey.browses("housing_handler").get(f"/console/assignments/{number}.1", follow_redirects=True)
    assert page.status_code == 200 and ("<audio" in page.text) is shares
    assert ("没有同意让承办单位听到声音" in page.text) is not shares
    seen = journey.signs_in("housing_handler").get(f"/api/v1/department/assignments/{number}.1").json["matter"]
    assert (len(seen["voices"]), seen["photos"]) == (int(shares), [])
    assert "<audio" in journey.browses("office").get(f"/console/cases/{number}").text


def test_a_voice_is_sent_as_sound_and_nothing_else(client: FlaskClient, town: Town) -> None:
    number = number_of(told(client, voice=[spoken(name="<script>.html")]))
    heard = client.get(f"/files/{number}/1")
    assert (heard.status_code, heard.mimetype) == (200, "audio/webm")
    assert heard.headers["Content-Disposition"] == "inline; filename=1.webm"
    assert heard.headers["X-Content-Type-Options"] == "nosniff"
    assert heard.headers["Cache-Control"] == "private, no-store"
    assert heard.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert client.get(f"/files/{number}/1", headers={"Range": "bytes=0-3"}).data == webm()[:4]
    assert "<audio" in client.get(f"/m/{number}").text


@pytest.mark.parametrize("typed", ["", "灯坏了"])
def test_who_speaks_need_not_write_even_without_scripts(client: FlaskClient, town: Town, typed: str) -> None:
    assert (
        told(client, text=typed, voice=[spoken(MADE["audio/amr"]())], photos=[(BytesIO(photo()), "a.jpg")]).status_code
        == 303
    )
    assert session.query(Case).one().text == f"{typed}（语音留言，见附件）"
    mimes = [file.mime for file in session.query(Attachment).order_by(Attachment.position)]
    assert mimes == ["image/jpeg", "audio/amr"]


def test_what_the_page_sent_and_the_outbox_sends_again_is_one_matter(client: FlaskClient, town: Town) -> None:
    """The first answer was lost on its way, so that the phone offers the same once more by the other door."""
    page, picture = client.get("/s/S001/new").text, photo()
    names = ("category", "place.name", "place.lat", "place.lng", "contact.phone", "about.department", "about.person")
    typed = dict.fromkeys(names, "") | {"text": f"{TEXT}\r\n真的。", "contact.name": "王", "share_identity": "true"}

    def files() -> dict[str, object]:
        return {"photos": [(BytesIO(picture), "1.jpg")], "voice": spoken()}

    key = hidden(page, "key")
    sent = client.post("/s/S001/new", data=typed | files() | {"key": key, "csrf_token": hidden(page, "csrf_token")})
    again = client.post("/api/v1/stations/S001/matters", data=typed | files(), headers={"Idempotency-Key": key})
    assert (sent.status_code, again.status_code) == (303, 200)
    assert again.json["number"] == number_of(sent) and session.query(Case).count() == 1


def test_the_contracts_length_of_words_holds_for_machines(client: FlaskClient, town: Town) -> None:
    data = {"text": "灯坏了", "voice": spoken()}
    answer = client.post("/api/v1/stations/S001/matters", data=data, headers={"Idempotency-Key": "short"})
    assert answer.status_code == 422 and "text" in answer.json["errors"]


@pytest.mark.parametrize("data", [b"GIF89a nonsense", photo(), webm()[:60]], ids=["gif", "jpeg", "cut"])
def test_what_is_no_sound_is_named_and_words_and_photos_are_kept(client: FlaskClient, town: Town, data: bytes) -> None:
    answer = told(client, voice=[spoken(data, "a.webm")], photos=[(BytesIO(photo()), "a.jpg")])
    assert answer.status_code == 422
    assert "录音" in answer.text and TEXT[:4] and hidden(answer.text, "kept")
    refused = client.post(
        "/api/v1/stations/S001/matters", data={"text": TEXT, "voice": spoken(data)}, headers={"Idempotency-Key": "none"}
    )
    assert refused.status_code == 422 and refused.json["errors"]["voice"][0].endswith("。")
    assert session.query(Case).count() == 0


def test_a_voice_survives_a_faulty_field(client: FlaskClient, town: Town) -> None:
    faulty = told(client, voice=[spoken()], **{"contact.phone": "没有"})
    assert faulty.status_code == 422
    sent = {name: hidden(faulty.text, name) for name in ("csrf_token", "key", "kept")}
    assert client.post("/s/S001/new", data=sent | {"text": TEXT}).status_code == 303
    assert session.query(Attachment).one().mime == "audio/webm"


def test_only_the_form_gets_the_microphone(
    client: FlaskClient, town: Town, browser: Callable[[str], FlaskClient]
) -> None:
    assert "microphone=(self)" in client.get("/s/S001/new").headers["Permissions-Policy"]
    for answer in (client.get("/s/S001"), client.get("/m"), browser("office").get("/console/")):
        assert "microphone=()" in answer.headers["Permissions-Policy"]
