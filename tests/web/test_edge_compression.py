"""What leaves as gzip, and what never does because its length could tell a secret."""

import gzip

import pytest
from flask.testing import FlaskClient

from tests.support.town import Town

PACKED = {"Accept-Encoding": "gzip, deflate, br"}
PUBLIC = ("/static/resident.css", "/static/resident.js", "/", "/s/S001", "/public")
SECRET = ("/s/S001/new", "/m", "/console/sign-in")


@pytest.mark.parametrize("address", PUBLIC)
def test_what_everybody_gets_alike_is_packed_and_the_same_once_unpacked(
    client: FlaskClient, town: Town, address: str
) -> None:
    with client.get(address) as plain, client.get(address, headers=PACKED) as packed:
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.data) == plain.data
        assert len(packed.data) == packed.content_length < len(plain.data)
        assert "Accept-Encoding" in plain.vary and "Accept-Encoding" in packed.vary


@pytest.mark.parametrize("address", SECRET)
def test_a_page_with_a_secret_is_never_packed(client: FlaskClient, town: Town, address: str) -> None:
    told = client.get(address, headers=PACKED, follow_redirects=True)
    assert "csrf_token" in told.text
    assert "Content-Encoding" not in told.headers


def test_a_file_the_phone_has_is_not_sent_again_however_it_came(client: FlaskClient) -> None:
    with client.get("/static/resident.css", headers=PACKED) as first:
        etag = first.headers["ETag"]
    with client.get("/static/resident.css", headers=PACKED | {"If-None-Match": etag}) as again:
        assert (again.status_code, again.data) == (304, b"")


def test_a_picture_and_a_part_of_a_file_are_left_as_they_are(client: FlaskClient) -> None:
    for address, asked in (("/static/logo.png", {}), ("/static/resident.css", {"Range": "bytes=0-99"})):
        with client.get(address, headers=PACKED | asked) as told:
            assert "Content-Encoding" not in told.headers
