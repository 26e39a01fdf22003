"""api.weixin.qq.com, as far as opening a mini-program goes: who opened it, and which number they showed.

On a real phone the codes come from `wx.login` and from the button that shows one's number; here `/_/mini-program/…`
makes them for whomever one likes.
"""

from flask import Blueprint, abort, jsonify, request
from werkzeug.wrappers import Response

from sandbox.control import world
from sandbox.people import openid_of
from sandbox.wechat import app_fault, asked_for, refuse, token_fault

routes = Blueprint("mini_program", __name__)
wires = Blueprint("mini_program_wires", __name__, url_prefix="/_/mini-program")

LOGIN, PHONE = "wx.login", "phone number"
PER_MINUTE = ((60.0, 100),)
SUSPECT = "suspect "


@wires.post("/codes")
def make_code() -> Response:
    """Let {user, appid, risky false} open the mini-program: a code for the openid they have there.

    Without `appid` it is the first app; with `risky` WeChat suspects them.
    """
    asked = asked_for()
    appid = str(asked.get("appid") or next(iter(world().settings.apps)))
    openid = openid_of(appid, str(asked.get("user") or abort(400, "which user?")))
    with world().lock:
        code = world().once.issue(LOGIN, f"{SUSPECT if asked.get('risky') else ''}{openid}")
    return jsonify(code=code, openid=openid)


@wires.post("/phone-codes")
def make_phone_code() -> Response:
    """Let somebody show {phone, country 86}: a code for it."""
    asked = asked_for()
    phone = str(asked.get("phone") or abort(400, "which phone?"))
    with world().lock:
        return jsonify(code=world().once.issue(PHONE, f"{asked.get('country', '86')} {phone}"))


@routes.get("/sns/jscode2session")
def code_to_session() -> Response:
    """Tell whose phone a code comes from."""
    asked, here = request.args, world()
    if fault := app_fault(asked):
        return refuse(*fault)
    with here.lock:
        openid = here.once.take(LOGIN, asked.get("js_code", ""))
        if openid is None:
            return refuse(40029, "invalid code")
        if openid.startswith(SUSPECT):
            return refuse(40226, "high risk user blocked")
        if here.is_over((LOGIN, openid), PER_MINUTE):
            return refuse(45011, "api minute-quota reach limit")
    return jsonify(openid=openid, session_key=SESSION_KEY)


@routes.post("/wxa/business/getuserphonenumber")
def phone_number() -> Response:
    """Tell which number somebody chose to show."""
    here = world()
    with here.lock:
        if fault := token_fault(here):
            return refuse(*fault)
        shown = here.once.take(PHONE, str(asked_for().get("code", "")))
    if shown is None:
        return refuse(40029, "invalid code")
    country, _, phone = shown.partition(" ")
    whole = phone if country == "86" else f"+{country}{phone}"
    watermark = {"timestamp": int(here.now()), "appid": "wx-sandbox"}
    told = {"phoneNumber": whole, "purePhoneNumber": phone, "countryCode": country, "watermark": watermark}
    return jsonify(errcode=0, errmsg="ok", phone_info=told)


SESSION_KEY = "c2FuZGJveC1zZXNzaW9uLWtleQ=="
"""Good for nothing; tests look for it wherever it must not be."""

