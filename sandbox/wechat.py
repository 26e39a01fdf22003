"""api.weixin.qq.com, as far as messages of mini-programs and service accounts go."""

import re
import uuid
from collections.abc import Mapping

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from sandbox.control import world
from sandbox.fields import wrong_field
from sandbox.tokens import Standing, TooOften
from sandbox.world import World

routes = Blueprint("wechat", __name__)

REPEATS_WITHIN = 600
_OPENID = re.compile(r"o[A-Za-z0-9_-]{5,63}")
_PAGE = re.compile(r"pages/[\w/-]+(\?.*)?")
_TOKEN_FAULTS = {
    Standing.ENDED: (42001, "access_token expired"),
    Standing.UNKNOWN: (40001, "invalid credential, access_token is invalid or not latest"),
}


@routes.post("/cgi-bin/stable_token")
def stable_token() -> Response:
    """Give the token of an app."""
    asked, here = _body(), world()
    secret = here.settings.apps.get(str(asked.get("appid")))
    if asked.get("grant_type") != "client_credential":
        return _refuse(40002, "invalid grant_type")
    if secret is None:
        return _refuse(40013, "invalid appid")
    if asked.get("secret") != secret:
        return _refuse(40125, "invalid appsecret")
    try:
        with here.lock:
            token, seconds = here.tokens.issue(f"wechat:{asked['appid']}", force=asked.get("force_refresh") is True)
    except TooOften as error:
        return _refuse(45009, "reach max api daily quota limit") if error.daily else _refuse(45011, "api freq limit")
    return jsonify(access_token=token, expires_in=seconds)


@routes.post("/cgi-bin/message/subscribe/send")
def send_subscribe() -> Response:
    """Send a subscribe message for one consent."""
    asked, here = _body(), world()
    with here.lock:
        if fault := _fault(here, asked):
            return _refuse(*fault)
        page = str(asked.get("page", ""))
        if page and not _PAGE.fullmatch(page):
            return _refuse(41030, "invalid page")
        consent = (asked["touser"], asked["template_id"])
        if here.consents[consent] <= 0:
            return _refuse(43101, "user refuse to accept the msg")
        if not _take_quota(here):
            return _refuse(45009, "reach max api daily quota limit")
        here.consents[consent] -= 1
        text, detail = _words(asked)
        here.receive("wechat_subscribe", asked["touser"], text, detail=detail, link=page)
    return jsonify(errcode=0, errmsg="ok")


@routes.post("/cgi-bin/message/template/send")
def send_template() -> Response:
    """Send a template message; the same client message id is taken once within ten minutes."""
    asked, here = _body(), world()
    with here.lock:
        if fault := _fault(here, asked):
            return _refuse(*fault)
        ref = str(asked.get("client_msg_id", ""))
        key = ("template", asked["touser"], ref)
        if ref and (known := here.repeated(key, REPEATS_WITHIN)):
            return jsonify(errcode=0, errmsg="ok", msgid=int(known))
        if not _take_quota(here):
            return _refuse(45009, "reach max api daily quota limit")
        text, detail = _words(asked)
        link = str(asked.get("url", ""))
        number = here.receive("wechat_template", asked["touser"], text, detail=detail, link=link, ref=ref)
        here.remember(key, number)
    return jsonify(errcode=0, errmsg="ok", msgid=int(number))


def _fault(here: World, asked: Mapping) -> tuple[int, str] | None:
    """Find what WeChat would say against a message, in its order; None when it may go."""
    standing = here.tokens.standing("wechat:", request.args.get("access_token", ""))
    if standing is not Standing.GOOD:
        return _TOKEN_FAULTS[standing]
    openid = asked.get("touser")
    if not isinstance(openid, str) or not _OPENID.fullmatch(openid) or openid in here.gone:
        return 40003, "invalid openid"
    names = here.settings.templates.get(str(asked.get("template_id")))
    if names is None:
        return 40037, "invalid template_id"
    if wrong := wrong_field(names, asked.get("data")):
        return 47003, f"argument invalid! data.{wrong}.value invalid"
    return None


def _take_quota(here: World) -> bool:
    here.day_quota -= 1
    return here.day_quota >= 0


def _words(asked: Mapping) -> tuple[str, str]:
    """Return the first field, and the others as one line."""
    values = [str(entry.get("value", "")) for entry in asked["data"].values()]
    return values[0], " ".join(values[1:])


def _body() -> Mapping:
    body = request.get_json(force=True, silent=True)
    return body if isinstance(body, Mapping) else {}


def _refuse(code: int, text: str) -> Response:
    return jsonify(errcode=code, errmsg=f"{text} rid: {uuid.uuid4().hex[:8]}-{uuid.uuid4().hex[:8]}")
