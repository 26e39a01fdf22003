"""Addresses people send us, which we must not call, and those they say they come from, which we must not believe."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from itertools import cycle
from random import Random
from secrets import token_hex
from zipfile import ZipFile

from flask.testing import FlaskClient
from werkzeug.serving import make_server
from werkzeug.test import TestResponse
from werkzeug.wrappers import Request, Response

from liaison.clients.letters import NotSent
from liaison.clients.webhook import Webhook
from liaison.settings import Web
from tests.support.journey import KEPT_JSON, tell
from tests.support.life import TEXT
from tests.support.matrix import ABSENT
from tests.support.outside import Silent, a_letter
from tests.support.servers import committed
from trust.stage import Stage
from trust.tally import Tally

SEED = 17
REDIRECTS = (301, 302, 303, 307, 308)
MOST_TRIES = 200  # before a limit must have been reached
SIGNS = ("root:x:0", "[extensions]", "ssrf-canary")
FORWARDED = (
    *("X-Forwarded-For", "X-Real-IP", "X-Client-IP", "Client-IP", "True-Client-IP", "CF-Connecting-IP"),
    *("X-Originating-IP", "X-Remote-IP", "X-Remote-Addr", "X-Cluster-Client-IP", "Forwarded", "Via"),
)


class Trap:
    """A port of this machine where nobody should ever knock; counts who does."""

    def __init__(self) -> None:
        self.knocks = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                caller, _ = self._socket.accept()
            except OSError:
                return
            self.knocks += 1
            caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\nConnection: close\r\n\r\nssrf-canary")
            caller.close()

    def close(self) -> None:
        """Stop listening."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def ssrf(stage: Stage, count: int) -> Tally:
    """Send addresses of a trap in everything people may send, and have a platform send our own calls on to it."""
    tally, trap, random = Tally(), Trap(), Random(SEED)
    doors = cycle(_doors(stage))
    try:
        with _sending_on(trap.port) as platform:
            while tally.tried < count:
                for url in _urls(trap.port, random):
                    before = trap.knocks
                    said = _sent_on(platform, url) if tally.tried % 3 == 0 else next(doors)(url)
                    found = [f"it knocked {trap.knocks - before} times"] if trap.knocks != before else []
                    found += [f"it answers with {sign}" for sign in SIGNS if sign in said]
                    tally.count([f"{url}: {fault}" for fault in found])
    finally:
        trap.close()
    return tally


def _urls(port: int, random: Random) -> list[str]:
    path = token_hex(random.randrange(1, 5))
    hosts = ("127.0.0.1", "localhost", "[::1]", "0x7f000001", "2130706433", "0177.0.0.1", "127.1", "0.0.0.0", "[::]")
    usual = [f"{scheme}://{host}:{port}/{path}" for scheme in ("http", "https") for host in hosts]
    odd = (
        *(f"//127.0.0.1:{port}/{path}", f"http://evil.example@127.0.0.1:{port}/", f"gopher://127.0.0.1:{port}/_{path}"),
        *(f"ftp://127.0.0.1:{port}/", f"dict://127.0.0.1:{port}/i", f"ldap://127.0.0.1:{port}/"),
        *("file:///etc/passwd", "file:///c:/windows/win.ini", "/etc/passwd", "../../../../etc/passwd"),
    )
    return [*usual, *odd]


def _doors(stage: Stage) -> list[Callable[[str], str]]:
    """Everything that takes something of people's, as functions of the address they put into it."""
    journey = stage.journey
    parts = cycle([journey.comes_to("assigned").part() for _ in range(3)])

    def words(url: str) -> str:
        told = tell(journey.phone(), "S001", text=f"{TEXT}{url}", place={"name": url}, contact={"name": url[:30]})
        page = journey.phone().get(f"/m/{told.json['number']}?c={told.json['secret']}", follow_redirects=True)
        return told.text + page.text

    def evidence(url: str) -> str:
        handler, part = journey.handler("housing"), next(parts)
        handler.send("acknowledge", part)
        files = [(BytesIO(document), f"a.{kind}") for kind, document in _documents(url).items()]
        answers = [
            handler.client.post(f"{handler.area}/{part}/reply", data=dict(KEPT_JSON) | {"files": [file]})
            for file in files
        ]
        return "".join(answer.text for answer in answers)

    def photos(url: str) -> str:
        return tell(journey.phone(), "S001", text=TEXT, photos=[_svg(url), url.encode(), _playlist(url)]).text

    def query(url: str) -> str:
        phone = journey.phone()
        asked = [phone.get(path, query_string={"q": url, "next": url, "url": url}) for path in ("/", "/public", "/m")]
        return "".join(answer.text for answer in asked)

    def headers(url: str) -> str:
        told = {"Referer": url, "X-Forwarded-Host": url, "X-Original-URL": url, "Forwarded": f"host={url}"}
        return journey.phone().get("/s/S001", headers=told).text

    return [words, evidence, photos, query, headers]


def _documents(url: str) -> dict[str, bytes]:
    """Files that ask whoever opens them to fetch something."""
    relation = (
        '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
        f'attachedTemplate" Target="{url}" TargetMode="External"/></Relationships>'
    )
    entity = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "{url}">]><Types>&f;</Types>'
    made = {}
    for kind, main in (("docx", "word/document.xml"), ("xlsx", "xl/workbook.xml")):
        out = BytesIO()
        with ZipFile(out, "w") as packed:
            packed.writestr("[Content_Types].xml", entity)
            packed.writestr(main, entity)
            packed.writestr("_rels/.rels", relation)
            packed.writestr("word/_rels/settings.xml.rels", relation)
        made[kind] = out.getvalue()
    made["pdf"] = f"%PDF-1.7\n1 0 obj<</OpenAction<</S/URI/URI({url})>>>>endobj\n%%EOF".encode()
    return made


def _svg(url: str) -> bytes:
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink"'
    drawn = f'<svg {names}><image x:href="{url}"/></svg>'
    return f'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY f SYSTEM "{url}">]>{drawn}'.encode()


def _playlist(url: str) -> bytes:
    return f"#EXTM3U\n#EXTINF:1,\n{url}\n%!PS\n({url}) run\n".encode()


@contextmanager
def _sending_on(port: int) -> Iterator[Webhook]:
    """A platform that answers every call of ours by sending it on to wherever its path says."""
    statuses = cycle(REDIRECTS)

    @Request.application
    def answer(request: Request) -> Response:
        target = request.args.get("to", f"http://127.0.0.1:{port}/")
        return Response(status=next(statuses), headers={"Location": target.replace("\n", "")})

    server = make_server("127.0.0.1", 0, answer, threaded=True, request_handler=Silent)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield Webhook(f"http://127.0.0.1:{server.server_port}/hook")
    server.shutdown()
    thread.join()
    server.server_close()


def _sent_on(platform: Webhook, url: str) -> str:
    platform._target = f"/hook?to={url}"
    try:
        platform.send(a_letter("-"))
    except NotSent as error:
        return error.reason
    return "ssrf-canary"


def forwarded(stage: Stage, count: int) -> Tally:
    """Go on guessing when the limit is reached, as somebody else each time by what the request says of itself."""
    tally, random = Tally(), Random(SEED)
    for hops in (0, 1):
        name = f"forwarded_{token_hex(4)}"
        web = Web(rate_limits=True, trusted_proxies=hops)
        with stage.servers.app(name, stage.clock, web=web) as app, committed(app):
            for door, share in SHARES.items():
                before, guesser = tally.tried, Guesser(app.test_client(), hops, random, door)
                while tally.tried < before + count // share:
                    guesser.be_refused()
                    header = random.choice(FORWARDED)
                    answer = guesser.try_again(**{header: _made_up(header, random)})
                    found = [] if answer.status_code == 429 else [f"answered {answer.status_code}"]
                    tally.count([f"{hops} proxies, {door.__name__}, {header}: {fault}" for fault in found])
    return tally


class Guesser:
    """Somebody at one address, behind so many proxies of ours that say which it is."""

    def __init__(
        self, client: FlaskClient, hops: int, random: Random, door: Callable[[FlaskClient, dict], TestResponse]
    ) -> None:
        self._client, self._hops, self._door = client, hops, door
        self._address = ".".join(str(random.randrange(1, 250)) for _ in range(4))

    def be_refused(self) -> None:
        """Guess until the limit is reached; it may just have begun anew."""
        for _ in range(MOST_TRIES):
            if self.try_again().status_code == 429:
                return
        raise AssertionError("there is no limit")

    def try_again(self, **headers: str) -> TestResponse:
        """Guess once more, with headers of one's own; our proxy appends the true address to what it is handed."""
        if self._hops:
            told = headers.get("X-Forwarded-For")
            headers["X-Forwarded-For"] = f"{told}, {self._address}" if told else self._address
        address = "10.9.8.7" if self._hops else self._address
        self._client.environ_base["REMOTE_ADDR"] = address
        return self._door(self._client, headers)


def _guess(client: FlaskClient, headers: dict[str, str]) -> TestResponse:
    number = f"{ABSENT[:-1]}{token_hex(4)}"  # another one each time, so that only the address is counted
    return client.get(f"/api/v1/matters/{number}", headers=headers | {"X-Matter-Secret": token_hex(6)})


def _sign_in(client: FlaskClient, headers: dict[str, str]) -> TestResponse:
    told = {"username": token_hex(4), "password": token_hex(4)}
    return client.post("/api/v1/sessions", json=told, headers=headers)


def _made_up(header: str, random: Random) -> str:
    address = ".".join(str(random.randrange(256)) for _ in range(4))
    forms = (address, "127.0.0.1", f"{address}, 127.0.0.1", "::1", f"{address}:{random.randrange(9999)}", "unknown", "")
    said = random.choice(forms)
    return f"for={said};proto=https" if header == "Forwarded" else said


SHARES = {_guess: 3, _sign_in: 6}
"""By door, the part of the count by each way of standing behind proxies; of signing in less, since it has another limit
for everybody together, which would hide that the one by address fails."""
