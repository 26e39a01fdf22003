"""Somebody on the line between a platform and us: what is replayed, changed or made up is neither believed nor kept.

One genuine message after another goes through; around each the attacker, who has read it but has no key, sends more.
"""

import json
from collections.abc import Callable, Iterator
from random import Random
from secrets import token_hex

from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import Client, TestResponse

from liaison.clients import delivery_reports, wechat_crypto
from liaison.db import session
from liaison.models.inbound import InboundEvent
from tests.support.clock import FakeClock
from tests.support.pushes import OPENID, SETTINGS, text, xml
from tests.support.servers import committed
from trust.stage import Stage
from trust.tally import Tally

SEED = 15
STALE = (301, 3600, 86_400, 31_536_000)  # seconds after which a request is too old
LATER = (0, 1, 30, 299)  # seconds within which only its nonce gives a replay away
XXE = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'


class Captured:
    """One genuine request as it went over the line, and the means to send it again, changed or not."""

    def __init__(self, client: Client, path: str, query: dict[str, str], headers: dict[str, str], body: bytes) -> None:
        self._client, self.path, self.query, self.headers, self.body = client, path, query, headers, body

    def send(self, **instead: object) -> TestResponse:
        """Send it with other `query`, `headers`, `body` or `path`."""
        told = {name: instead.get(name, getattr(self, name)) for name in ("path", "query", "headers", "body")}
        query = {name: value for name, value in told["query"].items() if value is not None}
        return self._client.post(
            told["path"], query_string=query, headers=told["headers"], data=told["body"], content_type="text/xml"
        )


def play(stage: Stage, count: int) -> Tally:
    """Attack so often, on an application whose doors for platforms are open."""
    tally, random = Tally(), Random(SEED)
    with stage.servers.app(f"pushes_{token_hex(4)}", stage.clock, callbacks=SETTINGS) as app, committed(app):
        while tally.tried < count:
            for captured in (_from_wechat(app, stage.clock, random), _from_gateway(app, stage.clock, random)):
                before = _kept()
                if captured.send().status_code not in (200, 202) or _kept() != before + 1:
                    tally.count(["a genuine message was not taken"])
                for name, attack in _attacks(captured, stage.clock, random):
                    before = _kept()
                    answer = attack()
                    found = [f"kept, answered {answer.status_code}"] if _kept() != before else []
                    is_repeat = captured.path.endswith("sms") and name == "again at once"
                    found += [f"answered {answer.status_code}"] if answer.status_code < 400 and not is_repeat else []
                    found += ["it read a file"] if "root:" in answer.text else []
                    tally.count([f"{captured.path} {name}: {fault}" for fault in found])
            stage.clock.advance(seconds=600)
    return tally


def _attacks(captured: Captured, clock: FakeClock, random: Random) -> Iterator[tuple[str, Callable[[], TestResponse]]]:
    yield "again at once", captured.send
    for seconds in LATER:
        if not captured.path.endswith("sms"):  # a gateway's report has no nonce: the same one again is the same one
            yield f"again after {seconds} s", _at(clock, seconds, captured.send)
    for seconds in STALE:
        yield f"again after {seconds} s", _at(clock, seconds, captured.send)
        yield f"{seconds} s early", _at(clock, -seconds, captured.send)
    for place in (name for name in captured.query if name not in ("openid", "encrypt_type")):
        for value in (None, "", "0", token_hex(8), "9" * 400, captured.query[place][::-1] + "1"):
            query = captured.query | {place: value, "nonce": token_hex(8) if place != "nonce" else value}
            yield f"with {place}={value and value[:20]!r}", _with(captured, query=query)
    for name in captured.headers:
        for value in ("", "0", token_hex(32), captured.headers[name][:-1], f"sha1={token_hex(20)}"):
            yield f"with {name}: {value[:20]!r}", _with(captured, headers=captured.headers | {name: value})
    for kind, body in _bodies(captured, random):
        yield kind, _with(captured, query=captured.query | {"nonce": token_hex(8)}, body=body)
    for path in ("/callbacks/sms", "/callbacks/messages", "/callbacks/wechat"):
        if path != captured.path and not (captured.headers and path != "/callbacks/wechat"):
            yield f"at {path}", _with(captured, path=path)


def _bodies(captured: Captured, random: Random) -> Iterator[tuple[str, bytes]]:
    """Bodies the signature does not cover."""
    place = random.randrange(len(captured.body))
    yield "with a byte changed", captured.body[:place] + bytes([captured.body[place] ^ 1]) + captured.body[place + 1 :]
    yield "cut", captured.body[:-3]
    yield "longer", captured.body + b" "
    yield "empty", b""
    yield "plain", text(random.randrange(10**9))
    yield "sealed with another key", xml(Encrypt=_other_seal().seal(text(random.randrange(10**9))))
    yield "with an entity", XXE.encode() + b"<xml><Encrypt>&f;</Encrypt></xml>"
    yield "as JSON", json.dumps({"provider_id": "x", "status": "delivered"}).encode()
    yield "very large", b"x" * 200_000


def _from_wechat(app: Flask, clock: FakeClock, random: Random) -> Captured:
    sealed = wechat_crypto.Seal(SETTINGS.wechat_aes_key, SETTINGS.wechat_app_id).seal(text(random.randrange(10**12)))
    timestamp, nonce = str(int(clock().timestamp())), token_hex(8)
    signature = wechat_crypto.sign(SETTINGS.wechat_token, timestamp, nonce, sealed)
    query = {"timestamp": timestamp, "nonce": nonce, "msg_signature": signature}
    query |= {"encrypt_type": "aes", "openid": OPENID}
    return Captured(app.test_client(), "/callbacks/wechat", query, {}, xml(ToUserName="gh_1", Encrypt=sealed))


def _from_gateway(app: Flask, clock: FakeClock, random: Random) -> Captured:
    body = json.dumps({"provider_id": str(random.randrange(10**12)), "status": "delivered"}).encode()
    timestamp = str(int(clock().timestamp()))
    signature = delivery_reports.sign(SETTINGS.secret, timestamp, body)
    headers = {"X-Liaison-Timestamp": timestamp, "X-Liaison-Signature": signature}
    return Captured(app.test_client(), "/callbacks/sms", {}, headers, body)


def _other_seal() -> wechat_crypto.Seal:
    return wechat_crypto.Seal(SETTINGS.wechat_aes_key[::-1], SETTINGS.wechat_app_id)


def _with(captured: Captured, **instead: object) -> Callable[[], TestResponse]:
    return lambda: captured.send(**instead)


def _at(clock: FakeClock, seconds: int, send: Callable[[], TestResponse]) -> Callable[[], TestResponse]:
    def sent() -> TestResponse:
        clock.advance(seconds=seconds)
        answer = send()
        clock.advance(seconds=-seconds)
        return answer

    return sent


def _kept() -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(InboundEvent))
