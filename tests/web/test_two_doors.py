"""A station's page and its mini-program: two codes on one poster, proofs of the domain, one station behind both."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest
import zxingcpp
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from redis import Redis

from liaison.clients.once import Once
from liaison.domain.station_codes import check, station_scene, station_url
from liaison.services.station_pictures import ASK_AGAIN
from liaison.settings import Wechat
from liaison.ways_out import open_codes
from tests.support.outside import Outside, open_outside
from tests.support.town import Town

PATH = "/wxa/getwxacodeunlimit"
PROOFS = {"MP_verify_aB3_x-1.txt": "aB3_x-1", "tK9.txt": "92ab"}


@pytest.fixture
def outside() -> Iterator[Outside]:
    with open_outside() as outside:
        yield outside


@pytest.fixture
def told(app: Flask) -> Iterator[Callable[..., None]]:
    """Tell the application other settings of its mini-program for a while."""
    usual = app.extensions["liaison"]

    def tell(**settings: object) -> None:
        config = replace(usual.config, wechat=replace(Wechat("wx-sandbox", "sandbox-secret", "t"), **settings))
        redis = Redis.from_url(config.redis.url)
        redis.flushall()
        codes = open_codes(config, redis)
        app.extensions["liaison"] = replace(usual, config=config, codes=codes, once=Once(redis).first)

    yield tell
    app.extensions["liaison"] = usual


def codes_on(sheet: bytes) -> list[str]:
    (picture,) = PdfReader(BytesIO(sheet)).pages[0].images
    return sorted(each.text for each in zxingcpp.read_barcodes(picture.image))


def test_the_poster_shows_both_codes_and_wechat_is_asked_once(
    app: Flask, client: FlaskClient, town: Town, outside: Outside, told: Callable[..., None]
) -> None:
    told(base_url=outside.url, station_page="pages/station")
    keys = app.extensions["liaison"].keys.stations
    scene, url = station_scene("S001", keys), station_url("http://testserver", "S001", keys)
    for _ in range(2):
        sheet = client.get("/s/S001/poster.pdf").data
        assert codes_on(sheet) == sorted([f"{outside.url}/pages/station?scene={scene}", url])
    assert outside.calls(PATH) == 1


def test_without_wechat_there_is_a_poster_all_the_same_and_it_is_left_alone_for_a_while(
    app: Flask, client: FlaskClient, town: Town, outside: Outside, told: Callable[..., None]
) -> None:
    outside.set("faults", down=True)
    told(base_url=outside.url, station_page="pages/station/again")
    for _ in range(3):
        assert len(codes_on(client.get("/s/S001/poster.pdf").data)) == 1
    assert outside.calls("/cgi-bin/stable_token") == 1
    assert ASK_AGAIN >= 30


def test_what_is_no_picture_never_gets_onto_a_poster(
    client: FlaskClient, town: Town, outside: Outside, told: Callable[..., None]
) -> None:
    told(base_url=outside.url, station_page="pages/nonsense")
    outside.set("answers", path=PATH, body="no picture", headers={"Content-Type": "image/png"})
    assert len(codes_on(client.get("/s/S001/poster.pdf").data)) == 1


def test_the_mini_program_opens_the_same_station_from_q_and_from_a_scene(
    app: Flask, client: FlaskClient, town: Town
) -> None:
    keys = app.extensions["liaison"].keys.stations
    url = station_url("http://testserver", "S001", keys)
    received = quote(url, safe="")  # WeChat hands the scanned address over encoded, to be decoded once
    decoded = urlsplit(unquote(received))
    assert decoded.path.rpartition("/")[0] == "/s" and unquote(received) == url
    code, signature = decoded.path.rpartition("/")[2], parse_qs(decoded.query)["k"][0]
    assert station_scene("S001", keys).partition(".")[::2] == (code, signature)
    assert check(code, signature, keys) and len(station_scene("S001", keys)) <= 32
    assert client.get(f"/s/{code}?k={signature}").status_code == 200
    assert client.get(f"/api/v1/stations/{code}").json["code"] == "S001"


@pytest.mark.parametrize("path", ["", "/s"])
def test_proofs_of_the_domain_are_given_out_as_they_stand_in_the_settings(
    client: FlaskClient, told: Callable[..., None], path: str
) -> None:
    told(domain_files=PROOFS)
    for name, text in PROOFS.items():
        answer = client.get(f"{path}/{name}")
        assert (answer.status_code, answer.text, answer.mimetype) == (200, text, "text/plain")


@pytest.mark.parametrize("path", ["", "/s"])
@pytest.mark.parametrize("name", ["other.txt", "tK9", "tk9.txt", "..%2FtK9.txt", "tK9.txt/", "tK9.txt.txt", "%00.txt"])
def test_nothing_else_is(client: FlaskClient, told: Callable[..., None], town: Town, path: str, name: str) -> None:
    told(domain_files=PROOFS)
    assert client.get(f"{path}/{name}").status_code in (400, 404)
    assert "92ab" not in client.get(f"{path}/{name}").text

