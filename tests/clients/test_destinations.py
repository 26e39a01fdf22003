"""Calls go where the settings say and to the open internet; never by a name or a redirect into our own network."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liaison.clients.calls import Caller
from liaison.clients.destinations import ForbiddenAddress, Guard, permitted, resolve
from liaison.clients.letters import Kind, NotSent
from liaison.clients.webhook import Webhook
from liaison.settings import Config, Notices, Sms
from liaison.ways_out import open_outlets
from tests.support.outside import PHONE, a_letter

PLATFORM = "msg.county.example"
PRIVATE = [
    "127.0.0.1", "10.0.0.5", "172.16.9.9", "192.168.1.1", "100.64.0.1", "::1",
    "fd00::5", "::ffff:10.0.0.5", "198.18.0.1"
]  # fmt: skip
NEVER = ["169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0", "::", "::ffff:169.254.169.254", "255.255.255.255"]
PUBLIC = ["8.8.8.8", "2001:4860:4860::8888"]


class Kept(httpx.BaseTransport):
    """Keeps what would have been sent, and to which address."""

    def __init__(self, refusing: tuple[str, ...] = ()) -> None:
        self.sent: list[tuple[str, str, str]] = []
        self.refusing = refusing

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer every address but the refusing ones."""
        host = request.url.host
        if host in self.refusing:
            raise httpx.ConnectError("refused")
        self.sent.append((host, request.headers["Host"], request.extensions["sni_hostname"]))
        return httpx.Response(200)


def called(url: str, addresses: list[str], inside: tuple[str, ...] = (), **kept: tuple[str, ...]) -> list:
    """What a call to `url` sends while its name leads to these addresses."""
    transport = Kept(**kept)
    with httpx.Client(transport=Guard(transport, inside, lambda host, port: addresses)) as client:
        client.get(url)
    return transport.sent


@pytest.mark.parametrize("address", PRIVATE + NEVER)
def test_no_name_leads_into_our_own_network(address: str) -> None:
    with pytest.raises(ForbiddenAddress):
        called(f"https://{PLATFORM}/", [address])
    with pytest.raises(ForbiddenAddress):
        called(f"https://{PLATFORM}/", [*PUBLIC, address])


@pytest.mark.parametrize("address", PRIVATE)
def test_a_host_the_settings_name_may_be_inside(address: str) -> None:
    assert called(f"https://{PLATFORM}/", [address], (PLATFORM,))


@pytest.mark.parametrize("address", NEVER)
def test_not_even_a_named_host_may_be_a_metadata_service_or_everybody(address: str) -> None:
    with pytest.raises(ForbiddenAddress):
        called(f"https://{PLATFORM}/", [address], (PLATFORM,))


def test_the_checked_address_is_called_under_the_name_and_its_certificate() -> None:
    assert called(f"https://{PLATFORM}/", PUBLIC) == [("8.8.8.8", PLATFORM, PLATFORM)]
    assert called(f"https://{PLATFORM}/", PUBLIC, refusing=("8.8.8.8",)) == [(PUBLIC[1], PLATFORM, PLATFORM)]


@given(st.ip_addresses())
def test_whatever_a_name_leads_to_only_the_open_internet_is_called(address: object) -> None:
    try:
        permitted(PLATFORM, [str(address)], ())
    except ForbiddenAddress:
        return
    assert address.is_global and not address.is_multicast


def test_a_name_that_leads_nowhere_is_not_called() -> None:
    with pytest.raises(ForbiddenAddress):
        called(f"https://{PLATFORM}/", [])


def test_only_the_web_is_called() -> None:
    for url in ("file:///etc/passwd", "gopher://8.8.8.8/", "ftp://8.8.8.8/"):
        with pytest.raises(httpx.UnsupportedProtocol):
            called(url, PUBLIC)


def test_what_may_not_be_called_is_tried_again_later_since_settings_can_be_mended() -> None:
    with pytest.raises(NotSent) as told:
        Caller("http://ip6-metadata.localhost.").call("GET", "/")
    assert told.value.kind is Kind.RETRY


class Elsewhere(BaseHTTPRequestHandler):
    """Sends everybody somewhere else."""

    seen: list[str]

    def do_POST(self) -> None:
        """Point to another path of ours."""
        self.seen.append(self.path)
        self.send_response(307)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *said: object) -> None:
        """Say nothing."""


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """A platform that sends letters on, and what it was asked."""
    Elsewhere.seen = []
    with HTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/messages", Elsewhere.seen
        server.shutdown()
        thread.join()


def test_no_letter_follows_a_redirect(elsewhere: tuple[str, list[str]]) -> None:
    address, seen = elsewhere
    with pytest.raises(NotSent, match="307"):
        Webhook(address).send(a_letter("0192"))
    assert seen == ["/messages"]


def test_the_setting_opens_a_host_of_our_own_network_to_every_channel() -> None:
    name = socket.gethostname()
    try:
        addresses = [ip_address(found) for found in resolve(name, 9)]
    except OSError:
        pytest.skip("this machine's own name leads nowhere")
    assert not any(address.is_global for address in addresses)
    for hosts, reason in (("", "ForbiddenAddress"), (f"other.lan, {name.upper()}", "ConnectError")):
        config = Config(
            notices=Notices(webhook_url=f"http://{name}:9/", private_hosts=hosts),
            sms=Sms("id", "secret", "sign", "template", base_url=f"http://{name}:9"),
        )
        for channel, address in (("webhook", "0192"), ("sms", PHONE)):
            with pytest.raises(NotSent) as told:
                open_outlets(config, None)[channel].send(a_letter(address))
            assert reason in str(told.value)
