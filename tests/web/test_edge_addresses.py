"""Where we lead and who we are called by is ours to say: not a parameter's, not a forged header's."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
import zxingcpp
from flask import Flask, request
from flask.testing import FlaskClient
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image
from structlog.contextvars import get_contextvars

from liaison.app import REQUEST_ID, create_app
from liaison.settings import Web
from liaison.web.local_paths import local_path, own_path
from tests.support.edge import limits_on
from tests.support.matrix import cells
from tests.support.servers import Servers
from tests.support.town import Town
from tests.web.test_resident_api import tell
from tests.web.test_resident_pages import hidden

EVIL = "evil.example"
NASTY = [
    "", "/", "/m", "/console", "/console/\x00", "javascript:alert(1)", "data:text/html,x",
    f"//{EVIL}/console/", f"/\\{EVIL}", f"\\\\{EVIL}", f"https:{EVIL}", f"https://{EVIL}/console/",
    f"/console/\t//{EVIL}", f"\t//{EVIL}", f"/console/\r\nLocation: https://{EVIL}", f"/console/..//{EVIL}",
    f"/console/../../{EVIL}", f"/console/@{EVIL}", f"https://testserver@{EVIL}/console/", f"／／{EVIL}",
    f"/console/／{EVIL}", f" https://{EVIL}", f"/console/%0d%0aSet-Cookie:x=1//{EVIL}", f"http:///{EVIL}",
    f"/console//{EVIL}", f"/console/\u2028{EVIL}", f"/console/?next=//{EVIL}", f"/console/#//{EVIL}",
]  # fmt: skip
FORGED = {
    "X-Forwarded-For": "9.9.9.9",
    "X-Forwarded-Host": EVIL,
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Port": "444",
    "X-Forwarded-Prefix": f"/{EVIL}",
    "Forwarded": f"for=9.9.9.9;host={EVIL};proto=https",
    "X-Real-Ip": "9.9.9.9",
    "X-Original-Url": f"/{EVIL}",
}


# Where we lead on to

PIECES = ["/", "\\", "//", EVIL, "https:", "console", "/console/", "\t", "\r\n", "@", "?", "#", "..", "%2f", "：", "／"]
PIECES += ["\x00", " ", ".", "a=1", "javascript:"]
pieces = st.lists(st.sampled_from(PIECES)).map("".join)


@given(st.text() | pieces | pieces.map("/console/".__add__))
@example("/console/cases/M2026-000001-X?box=all&q=%E7%81%AF")
def test_whatever_is_let_through_stays_within_the_console_of_this_site(target: str) -> None:
    followed = urlsplit(urljoin("https://liaison.example/console/sign-in", local_path(target)))
    assert (followed.scheme, followed.netloc) == ("https", "liaison.example")
    assert followed.path.startswith("/console/") and local_path(target) in (target, "")
    there = urlsplit(urljoin("https://liaison.example/display", own_path(target)))
    assert (there.scheme, there.netloc) == ("https", "liaison.example") and own_path(target) in (target, "")


@pytest.mark.parametrize("target", NASTY)
def test_no_nasty_target_is_followed_after_signing_in(client: FlaskClient, town: Town, target: str) -> None:
    token = hidden(client.get("/console/sign-in").text, "csrf_token")
    form = {"csrf_token": token, "username": "office", "password": town.password, "next": target}
    answer = client.post("/console/sign-in", data=form)
    assert (answer.status_code, answer.location) == (303, "/console/")


def test_a_query_that_says_a_thing_twice_is_refused_in_words(client: FlaskClient) -> None:
    for path in ("/public?q=a&q=a", "/api/v1/stations/S001?state=null&state=null"):
        answer = client.get(path)
        assert answer.status_code == 400 and "请" in answer.text


def test_nobody_is_sent_to_a_nasty_target_by_the_form(client: FlaskClient) -> None:
    for target in NASTY:
        page = client.get("/console/sign-in", query_string={"next": target})
        assert page.status_code == 400 or hidden(page.text, "next") == ""


def test_the_page_somebody_wanted_is_opened_after_signing_in(client: FlaskClient, town: Town) -> None:
    wanted = "/console/?box=all&q=%E7%81%AF"
    led = client.get(wanted)
    page = client.get(led.location)
    form = {name: hidden(page.text, name).replace("&amp;", "&") for name in ("csrf_token", "next")}
    answer = client.post("/console/sign-in", data=form | {"username": "office", "password": town.password})
    assert answer.location == wanted


# What we are called


def test_no_forged_header_and_no_foreign_host_reaches_any_answer(app: Flask, client: FlaskClient, town: Town) -> None:
    for cell in cells(app):
        for headers in (FORGED, {"Host": EVIL}):
            answer = client.open(cell.address("S001"), method=cell.method, headers=headers | {"Idempotency-Key": "a"})
            said = answer.get_data() + str(answer.headers).encode()
            assert EVIL.encode() not in said and b"9.9.9.9" not in said and b"https://" not in said, cell
            answer.close()


def test_the_qr_code_and_the_link_of_a_receipt_name_the_configured_address(client: FlaskClient, town: Town) -> None:
    headers = {"Host": EVIL} | FORGED
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(client.get("/s/S001/qr.png", headers=headers).data)))
    assert code.text.startswith("http://testserver/s/S001")
    client.environ_base["HTTP_HOST"] = EVIL
    assert tell(client).json["track_url"].startswith("http://testserver/m/")


@pytest.fixture
def limited(app: Flask, town: Town) -> Iterator[FlaskClient]:
    """A visitor of the application with its limits on."""
    with limits_on(app):
        yield app.test_client()


def test_a_forged_address_does_not_get_around_the_limits(limited: FlaskClient) -> None:
    tries = []
    for number in range(21):
        headers = FORGED | {"X-Forwarded-For": f"9.9.9.{number}", "X-Matter-Secret": "ABCD-EFGH-JKMN"}
        tries.append(limited.get(f"/api/v1/matters/M2026-00000{number % 9}-X", headers=headers).status_code)
    assert tries == [404] * 20 + [429]


@pytest.mark.parametrize(
    ("asked", "led"),
    [
        ("/console", "/console/"),
        ("/console?next=//evil.example", "/console/?next=//evil.example"),
        ("/console//", "/console/"),
        ("/s//S001/new", "/s/S001/new"),
    ],
)
def test_an_address_written_otherwise_leads_on_within_this_site_whatever_name_was_asked(
    client: FlaskClient, asked: str, led: str
) -> None:
    assert client.get(asked, headers={"Host": EVIL} | FORGED).location == led


def seen_behind(servers: Servers, tmp_path: Path, proxies: int, headers: dict[str, str]) -> tuple[str, str, str]:
    """The address, host and scheme that an application behind so many proxies believes."""
    config = replace(servers.config(servers.url("nowhere")), instance=tmp_path, web=Web(trusted_proxies=proxies))
    app, seen = create_app(config), []

    @app.before_request
    def look() -> None:
        seen.append((request.remote_addr, request.host, request.scheme))

    app.test_client().get("/healthz", headers=headers, environ_base={"REMOTE_ADDR": "10.0.0.1"})
    return seen[0]


@pytest.mark.parametrize(
    ("proxies", "expected"),
    [
        (0, ("10.0.0.1", "localhost", "http")),
        (1, ("3.3.3.3", "localhost", "http")),
        (2, ("2.2.2.2", "localhost", "http")),
        (4, ("10.0.0.1", "localhost", "http")),  # fewer entries than proxies: none of ours wrote them
    ],
)
def test_only_what_our_own_proxies_wrote_is_believed(
    servers: Servers, tmp_path: Path, proxies: int, expected: tuple[str, str, str]
) -> None:
    headers = {
        "X-Forwarded-For": "1.1.1.1, 2.2.2.2, 3.3.3.3",
        "X-Forwarded-Host": f"{EVIL}, {EVIL}, {EVIL}",
        "X-Forwarded-Proto": "https, http, https",
    }
    assert seen_behind(servers, tmp_path, proxies, headers) == expected


# What a request is called


@pytest.mark.parametrize("told", ["abc-1.2_Z", "a b", "a\tb", '"},{"level":"error', "a" * 65, "照片", "x;y", ""])
def test_only_a_plain_request_id_of_a_proxy_reaches_the_logs(servers: Servers, tmp_path: Path, told: str) -> None:
    app = create_app(replace(servers.config(servers.url("nowhere")), instance=tmp_path))
    app.test_client().get("/healthz", headers={"X-Request-Id": told.encode().decode("latin-1")})
    kept = get_contextvars()["request_id"]  # what every line of the log carries
    assert (kept == told) is (told == "abc-1.2_Z")
    assert REQUEST_ID.fullmatch(kept)
