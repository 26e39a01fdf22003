"""The publication workshop: covered photos, texts that tell of nobody, and taking it all down again."""

from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from liaison.db import session
from liaison.models.cases import PublishedPhoto
from liaison.services import erasing, sweeping
from tests.support.forms import form_of, send
from tests.support.journey import Journey, Matter, SignIn
from tests.support.life import TEXT, Life
from tests.support.pictures import photo

NAME, PHONE = "欧阳修远", "13812345678"
OURS = {
    "title": "北街路灯已修复",
    "text": "居民反映路灯不亮。",
    "answer": "已更换三盏。",
    "consent": "true",
    "act": "publish",
}


@pytest.fixture
def journey(app: Flask, life: Life, api: SignIn, browser: SignIn) -> Journey:
    """The small town at work."""
    return Journey(app, life, api, browser)


@pytest.fixture
def matter(journey: Journey) -> Matter:
    """A closed matter with a photo, whose resident wrote the own name into it."""
    text = f"{TEXT}我是{NAME}，电话{PHONE}，住3栋2单元501室。"
    picture = photo(size=(400, 300))
    return journey.comes_to("closed", text=text, photos=[picture], contact={"name": NAME, "phone": PHONE})


@pytest.fixture
def office(browser: SignIn) -> FlaskClient:
    """A clerk of the office at the console."""
    return browser("office")


def publish(office: FlaskClient, matter: Matter, **more):
    """Publish as the clerk, with whatever else is typed."""
    page = office.get(f"/console/publishing/{matter}")
    return office.post(f"/console/publishing/{matter}", data=form_of(page, matter.number).values | OURS | more)


def pixel(data: bytes, x: float, y: float) -> tuple[int, ...]:
    """The colour at shares of a picture."""
    image = Image.open(BytesIO(data)).convert("RGB")
    return image.getpixel((int(x * image.width), int(y * image.height)))


def test_what_is_found_is_covered_on_the_right_and_marked_on_the_left(office, matter) -> None:
    page = office.get(f"/console/publishing/{matter}")
    text = form_of(page, matter.number).values["text"][0]
    assert not [word for word in (PHONE, "501", "2单元") if word in text]
    assert f"{PHONE}<small>电话</small>" in page.text and "<small>住址</small>" in page.text


def test_the_public_sees_black_where_boxes_were_and_the_original_stays(app, client, office, matter) -> None:
    original = office.get(f"/files/{matter}/1").data
    box = {"of": "1", "x": "10", "y": "20", "w": "50", "h": "50"}
    assert publish(office, matter, show="1", **box).status_code == 303
    shown = client.get(f"/public/{matter}/photos/1")
    assert shown.status_code == 200 and pixel(shown.data, 0.35, 0.45) == (0, 0, 0)
    assert pixel(client.get(f"/public/{matter}/photos/1/thumb").data, 0.35, 0.45) == (0, 0, 0)
    assert max(pixel(original, 0.35, 0.45)) > 40 and max(pixel(shown.data, 0.9, 0.9)) > 40
    assert office.get(f"/files/{matter}/1").data == original
    assert f"/public/{matter}/photos/1/thumb" in client.get(f"/public/{matter}").text


def test_no_photo_is_published_unless_it_was_chosen(client, office, matter) -> None:
    publish(office, matter)
    assert client.get(f"/public/{matter}/photos/1").status_code == 404
    publish(office, matter, show="1")
    assert client.get(f"/public/{matter}/photos/1").status_code == 200
    publish(office, matter, show="")
    assert client.get(f"/public/{matter}/photos/1").status_code == 404


def test_the_preview_shows_the_covered_photo_and_publishes_nothing(client, office, matter) -> None:
    box = {"of": "1", "x": "0", "y": "0", "w": "100", "h": "100"}
    page = publish(office, matter, show="1", act="preview", **box)
    address = f"/console/publishing/{matter}/photos/1?boxes=0,0,100,100"
    assert address in page.text.replace("%2C", ",") and OURS["title"] in page.text
    assert pixel(office.get(address).data, 0.5, 0.5) == (0, 0, 0)
    assert client.get(f"/public/{matter}").status_code == 404


@pytest.mark.parametrize(
    "box", [("90", "0", "20", "10"), ("a", "0", "1", "1"), ("0", "0", "nan", "1"), ("-1", "0", "5", "5")]
)
def test_a_box_beyond_the_photo_is_refused_and_nothing_typed_is_lost(client, office, matter, box) -> None:
    answer = publish(office, matter, show="1", of="1", **dict(zip("xywh", box, strict=True)))
    assert answer.status_code == 422 and OURS["answer"] in answer.text
    assert client.get(f"/public/{matter}").status_code == 404


def test_the_residents_name_in_the_text_is_told_without_showing_it_and_can_be_passed(office, matter) -> None:
    told = publish(office, matter, text=f"{NAME[:2]} {NAME[2:]}反映路灯不亮。")
    assert told.status_code == 422 and "文中还有群众登记的称呼" in told.text
    guessed = publish(office, matter, text="13999999999 反映路灯不亮。")
    assert guessed.status_code == 303, "only what stands in the original is looked for"
    assert publish(office, matter, text=f"{NAME}反映路灯不亮。", checked="true").status_code == 303


def test_taken_down_it_is_gone_for_the_public_and_the_reason_stays_for_staff(client, office, journey, matter) -> None:
    publish(office, matter, show="1")
    page = office.get(f"/console/publishing/{matter}")
    assert send(office, page, "unpublication", reason="当事人来电要求。").status_code == 303
    assert client.get(f"/public/{matter}").status_code == 404
    assert client.get(f"/public/{matter}/photos/1").status_code == 404
    last = journey.life.events(matter.number)[-1]
    assert (last.kind, last.text, last.internal) == ("unpublish", "当事人来电要求。", True)
    assert "当事人来电" not in str(matter.seen)


def test_a_resident_who_takes_the_consent_back_takes_the_photo_along(client, office, matter) -> None:
    publish(office, matter, show="1")
    kept = [key for photo in session.scalars(select(PublishedPhoto)) for key in (photo.key, photo.thumb_key)]
    assert len(kept) == 2 and sweeping.unknown_files(kept) == []
    assert matter.sends("consents", purpose="publication", agreed=False).status_code == 200
    assert client.get(f"/public/{matter}/photos/1").status_code == 404
    assert set(erasing.doomed(10)) == set(kept)
