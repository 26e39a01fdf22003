"""api.weixin.qq.com, as far as messages of mini-programs and service accounts go."""

import re
import uuid
from collections.abc import Mapping

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from sandbox import events
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
    asked, here = asked_for(), world()
    secret = here.settings.apps.get(str(asked.get("appid")))
    if asked.get("grant_type") != "client_credential":
        return refuse(40002, "invalid grant_type")
    if secret is None:
        return refuse(40013, "invalid appid")
    if asked.get("secret") != secret:
        return refuse(40125, "invalid appsecret")
    try:
        with here.lock:
            token, seconds = here.tokens.issue(f"wechat:{asked['appid']}", force=asked.get("force_refresh") is True)
    except TooOften as error:
        return refuse(45009, "reach max api daily quota limit") if error.daily else refuse(45011, "api freq limit")
    return jsonify(access_token=token, expires_in=seconds)


@routes.get("/cgi-bin/ticket/getticket")
def get_ticket() -> Response:
    """Give the ticket for the JS-SDK, the same until it is about to end."""
    here = world()
    with here.lock:
        if fault := token_fault(here):
            return refuse(*fault)
        if request.args.get("type") != "jsapi":
            return refuse(40097, "invalid args")
        ticket, seconds = here.tokens.issue(f"jsapi:{here.tokens.owner(request.args['access_token'])}")
    return jsonify(errcode=0, errmsg="ok", ticket=ticket, expires_in=seconds)


@routes.post("/cgi-bin/message/subscribe/send")
def send_subscribe() -> Response:
    """Send a subscribe message for one consent."""
    asked, here = asked_for(), world()
    with here.lock:
        if fault := _fault(here, asked):
            return refuse(*fault)
        page = str(asked.get("page", ""))
        if page and not _PAGE.fullmatch(page):
            return refuse(41030, "invalid page")
        consent = (asked["touser"], asked["template_id"])
        if here.consents[consent] <= 0:
            return refuse(43101, "user refuse to accept the msg")
        if not _take_quota(here):
            return refuse(45009, "reach max api daily quota limit")
        here.consents[consent] -= 1
        text, detail = _words(asked)
        number = here.receive("wechat_subscribe", asked["touser"], text, detail=detail, link=page)
    here.postman.push(appid(here), events.subscribe_sent(*consent, number, here.delivery.status))
    return jsonify(errcode=0, errmsg="ok")


@routes.post("/cgi-bin/message/template/send")
def send_template() -> Response:
    """Send a template message; the same client message id is taken once within ten minutes."""
    asked, here = asked_for(), world()
    with here.lock:
        if fault := _fault(here, asked):
            return refuse(*fault)
        ref = str(asked.get("client_msg_id", ""))
        key = ("template", asked["touser"], ref)
        if ref and (known := here.repeated(key, REPEATS_WITHIN)):
            return jsonify(errcode=0, errmsg="ok", msgid=int(known))
        if not _take_quota(here):
            return refuse(45009, "reach max api daily quota limit")
        text, detail = _words(asked)
        link = str(asked.get("url", ""))
        number = here.receive("wechat_template", asked["touser"], text, detail=detail, link=link, ref=ref)
        here.remember(key, number)
    here.postman.push(appid(here), events.template_finished(asked["touser"], number, here.delivery.status))
    return jsonify(errcode=0, errmsg="ok", msgid=int(number))


def token_fault(here: World) -> tuple[int, str] | None:
    """What WeChat says against the token of this call; None when it is good."""
    return _TOKEN_FAULTS.get(here.tokens.standing("wechat:", request.args.get("access_token", "")))


def appid(here: World) -> str:
    """The app whose token this call brought."""
    return here.tokens.owner(request.args.get("access_token", "")).removeprefix("wechat:")


def _fault(here: World, asked: Mapping) -> tuple[int, str] | None:
    """Find what WeChat would say against a message, in its order; None when it may go."""
    if fault := token_fault(here):
        return fault
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


def asked_for() -> Mapping:
    """The JSON object that was sent; empty for anything else."""
    sent = request.get_json(force=True, silent=True)
    return sent if isinstance(sent, Mapping) else {}


def app_fault(asked: Mapping) -> tuple[int, str] | None:
    """What WeChat says against who asks what a code stands for; None when it is a known app with its secret."""
    secret = world().settings.apps.get(str(asked.get("appid", "")))
    if secret is None:
        return 40013, "invalid appid"
    if asked.get("secret") != secret:
        return 40125, "invalid appsecret"
    return None if asked.get("grant_type") == "authorization_code" else (40002, "invalid grant_type")


def refuse(code: int, text: str) -> Response:
    """Answer with an error as WeChat words it."""
    return jsonify(errcode=code, errmsg=f"{text} rid: {uuid.uuid4().hex[:8]}-{uuid.uuid4().hex[:8]}")
