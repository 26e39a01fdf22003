"""Doors for platforms: WeChat's pushes, and delivery reports of SMS gateway and message platform.

Whoever knocks must sign. What they say is kept as it came and answered at once; nothing of it is read here. A refusal
does not say why, the log does. Without settings a door does not exist.
"""

from datetime import timedelta
from typing import NoReturn

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import NotFound

from liaison.clients import delivery_reports, wechat_crypto, wechat_push
from liaison.clients.pushes import Unreadable
from liaison.domain.errors import NotAllowed
from liaison.services import inbound
from liaison.settings import Callbacks
from liaison.web.guards import guard
from liaison.web.wiring import now, unit_of_work, wiring

blueprint = Blueprint("callbacks", __name__, url_prefix="/callbacks")
LARGEST = 64 * 1024  # bytes; a text of WeChat's has at most 2,048
LONGEST_WORD = 128  # of nonce and echo
DIGITS = 12  # of a timestamp, and more
SOURCES = {"sms": inbound.SMS, "messages": inbound.PLATFORM}


@blueprint.get("/wechat")
@guard("callback.receive")
def check() -> Response:
    """WeChat's check that this address is ours: give its echo back when the signature is right."""
    settings, timestamp, nonce = _wechat(), _recent(request.args.get("timestamp", "")), _word("nonce")
    _refuse_unless(
        wechat_crypto.is_signed(_word("signature"), settings.wechat_token, timestamp, nonce), "wrong signature"
    )
    return _plain(_word("echostr"))


@blueprint.post("/wechat")
@guard("callback.receive")
def push() -> Response:
    """One message of WeChat's, sealed and signed; kept once, however often WeChat repeats it."""
    settings, timestamp, nonce = _wechat(), _recent(request.args.get("timestamp", "")), _word("nonce")
    try:
        sealed = wechat_push.sealed_in(_body())
        signed = wechat_crypto.is_signed(_word("msg_signature"), settings.wechat_token, timestamp, nonce, sealed)
        _refuse_unless(signed, "wrong signature")
        message = wechat_crypto.Seal(settings.wechat_aes_key, settings.wechat_app_id).open(sealed)
    except Unreadable as error:
        _refuse(str(error))
    _keep(inbound.WECHAT, message, nonce)
    return _plain("success")


@blueprint.post("/<any(sms, messages):platform>")
@guard("callback.receive")
def report(platform: str) -> Response:
    """One delivery report, signed; 202 says that it is kept, again however often it is sent."""
    secret = wiring().config.callbacks.secret
    if not secret:
        raise NotFound
    timestamp, body = _recent(request.headers.get("X-Liaison-Timestamp", "")), _body()
    signature = request.headers.get("X-Liaison-Signature", "")
    _refuse_unless(delivery_reports.is_signed(signature, secret, timestamp, body), "wrong signature")
    _keep(SOURCES[platform], body)
    return Response(status=202)


def _wechat() -> Callbacks:
    settings = wiring().config.callbacks
    if not settings.wechat_token:
        raise NotFound
    return settings


def _keep(source: str, message: bytes, nonce: str = "") -> None:
    with unit_of_work():
        inbound.receive(source, message, now(), wiring().keys, nonce)


def _recent(timestamp: str) -> str:
    """The timestamp, seconds since 1970 in decimal, unless it is too far from now."""
    is_number = timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= DIGITS
    _refuse_unless(is_number, "no timestamp")
    _refuse_unless(abs(timedelta(seconds=int(timestamp) - now().timestamp())) <= inbound.TOLERANCE, "old timestamp")
    return timestamp


def _word(name: str) -> str:
    """A short word of the query."""
    word = request.args.get(name, "")
    _refuse_unless(0 < len(word) <= LONGEST_WORD, f"no {name}")
    return word


def _body() -> bytes:
    """The body; 413 when it is larger than anything a platform has to say."""
    request.max_content_length = LARGEST
    return request.get_data(cache=False)


def _plain(text: str) -> Response:
    return Response(text, mimetype="text/plain")


def _refuse_unless(holds: bool, why: str) -> None:
    if not holds:
        _refuse(why)


def _refuse(why: str) -> NoReturn:
    g.logger.warning("callback refused", why=why)
    raise NotAllowed
