"""Files as they leave us: as what they are, under no guessable name, and never if they are not what came in."""

from collections.abc import Callable
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select
from werkzeug.test import TestResponse

from liaison.db import session
from liaison.models.cases import Attachment
from liaison.services import photos
from liaison.web.uploads import LARGE
from tests.support.pictures import photo
from tests.support.town import Town
from tests.web.test_outages import TEXT, picture, tell


def sealed(client: FlaskClient) -> tuple[str, dict[str, str]]:
    """The address of a photo just told, and the header that opens it."""
    told = tell(client, photos=picture()).json
    return f"/files/{told['number']}/1", {"X-Matter-Secret": told["secret"]}


def test_a_photo_is_sent_as_one_and_kept_by_nobody(client: FlaskClient, town: Town) -> None:
    path, header = sealed(client)
    for answer in (client.get(path, headers=header), client.get(f"{path}/thumb", headers=header)):
        assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
        assert answer.headers["Content-Disposition"] == "inline; filename=1.jpg"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("size", ["", "/thumb"])
@pytest.mark.parametrize("spoil", ["altered", "gone"])
def test_a_file_that_is_not_what_came_in_is_not_found(
    app: Flask, client: FlaskClient, town: Town, size: str, spoil: str
) -> None:
    path, header = sealed(client)
    row, store = session.scalars(select(Attachment)).one(), app.extensions["liaison"].store
    key = row.thumb_key if size else row.key
    store.delete(key)
    if spoil == "altered":
        store.put(key, photo(), "image/jpeg")
    answer = client.get(path + size, headers=header)
    assert answer.status_code == 404
    assert "已损坏或丢失" in answer.text and b"JFIF" not in answer.data


def test_a_file_is_for_those_who_may_see_its_matter(
    client: FlaskClient, town: Town, api: Callable[[str], FlaskClient]
) -> None:
    path, header = sealed(client)
    for headers in ({}, {"X-Matter-Secret": "ABCD-EFGH-JKMN"}, {"X-Matter-Secret": ""}):
        assert client.get(path, headers=headers).status_code in (401, 404)
    assert client.get(path.replace("/1", "/2"), headers=header).status_code == 404
    assert api("office").get(path).status_code == 200


def test_a_faulty_photo_is_named_and_the_next_try_is_taken(client: FlaskClient, town: Town) -> None:
    files = [(picture()[0], "a.jpg"), (BytesIO(photo()[:999]), "b.jpg")]
    answer = tell(client, photos=files)
    assert answer.status_code == 422
    [sentence] = answer.json["errors"]["photos"]
    assert sentence.startswith("第 2 张")
    assert tell(client, photos=picture()).status_code == 201, "and the same again without it is taken"


def told_with(client: FlaskClient, picture: bytes) -> TestResponse:
    """Submit a form as browsers send it; the test client's own leaves the temporary file of a large one open."""
    head = f'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n{TEXT}\r\n--x\r\n'
    head += 'Content-Disposition: form-data; name="photos"; filename="a.jpg"\r\n\r\n'
    body = head.encode() + picture + b"\r\n--x--\r\n"
    told = {"data": body, "content_type": "multipart/form-data; boundary=x", "headers": {"Idempotency-Key": "k"}}
    return client.post("/api/v1/stations/S001/matters", **told)


def test_a_photo_too_large_is_not_even_read_to_its_end(client: FlaskClient, town: Town) -> None:
    answer = told_with(client, photo() + bytes(photos.MAX_PHOTO_BYTES))
    assert answer.status_code == 422
    assert answer.json["errors"]["photos"] == ["第 1 张超过 10 MB，请换一张小一些的照片。"]


def test_a_photo_that_lies_on_disk_when_it_has_come_is_kept_once(client: FlaskClient, town: Town) -> None:
    large, other = (noise(sigma) for sigma in (90, 91))
    first, again, changed = (told_with(client, each) for each in (large, large, other))
    assert (first.status_code, again.status_code, changed.status_code) == (201, 200, 409)
    answer = client.get(f"/files/{first.json['number']}/1", headers={"X-Matter-Secret": first.json["secret"]})
    with Image.open(BytesIO(answer.data)) as kept:
        assert kept.size == (1200, 900)


def noise(sigma: float) -> bytes:
    """A photo of nothing, which no encoder makes small."""
    out = BytesIO()
    Image.effect_noise((1200, 900), sigma).convert("RGB").save(out, "JPEG", quality=95)
    assert out.tell() > LARGE
    return out.getvalue()
