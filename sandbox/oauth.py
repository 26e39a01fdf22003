"""WeChat's sign-in of web pages: open.weixin.qq.com asks who holds the phone, api.weixin.qq.com tells the app.

Who that is is chosen on a page once and remembered in a cookie, as WeChat remembers who is signed in on a phone; from
then on `snsapi_base` leads back at once.
"""

import hashlib
import re
import secrets
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, current_app, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from sandbox.book import Person
from sandbox.control import world
from sandbox.people import openid_of
from sandbox.wechat import app_fault, refuse

pages = Blueprint("open_weixin", __name__)
routes = Blueprint("wechat_oauth", __name__)

COOKIE, OAUTH = "wechat_user", "oauth2"
SCOPES = ("snsapi_base", "snsapi_userinfo")
_STATE = re.compile(r"[A-Za-z0-9]{0,128}")


@pages.get("/connect/oauth2/authorize")
def authorize() -> Response | tuple[str, int]:
    """Lead back with a code, or ask who this is, or say what is wrong with the address."""
    asked = request.args
    if fault := _fault():
        return render_template("authorize.html", fault=fault), 400
    if asked.get("refused"):
        return redirect(_back(state=asked.get("state", "")))  # WeChat leaves the code out
    user = asked.get("user") or (request.cookies.get(COOKIE) if asked["scope"] == "snsapi_base" else None)
    if user not in world().book.people:
        return render_template("authorize.html", people=_residents(), asked=asked), 200
    with world().lock:
        code = world().once.issue(OAUTH, f"{asked['appid']} {openid_of(asked['appid'], user)}")
    answer = redirect(_back(code=code, state=asked.get("state", "")))
    answer.set_cookie(COOKIE, user)
    return answer


@pages.get("/connect/hands")
def hands() -> str:
    """Who holds this phone, and the way to hand it to somebody else."""
    return render_template("hands.html", people=_residents(), user=request.cookies.get(COOKIE))


@pages.post("/connect/hands")
def hand_over() -> Response:
    """Let {user} hold this phone from now on; nobody when it is empty."""
    answer = redirect(url_for("open_weixin.hands"), 303)
    answer.set_cookie(COOKIE, request.form.get("user", ""))
    return answer


@pages.get("/open/js/jweixin-1.6.0.js")
def jweixin() -> Response:
    """WeChat's script as far as our pages use it; any page may load it."""
    answer = current_app.send_static_file("jweixin.js")
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


@pages.get("/open/js/verdict.js")
def verdict() -> Response:
    """Whether a page's signature is right, as a script that tells the page."""
    asked, here = request.args, world()
    with here.lock:
        ticket, _ = here.tokens.issue(f"jsapi:wechat:{asked.get('appid', '')}")
    told = f"jsapi_ticket={ticket}&noncestr={asked.get('noncestr')}&timestamp={asked.get('timestamp')}"
    right = hashlib.sha1(f"{told}&url={asked.get('url')}".encode()).hexdigest() == asked.get("signature")
    return Response(f'sandboxVerdict("{"ready" if right else "error"}");', mimetype="text/javascript")


@routes.get("/sns/oauth2/access_token")
def access_token() -> Response:
    """Tell the openid for a code, once and within five minutes."""
    asked, here = request.args, world()
    if fault := app_fault(asked):
        return refuse(*fault)
    if not asked.get("code"):
        return refuse(41008, "missing code")
    with here.lock:
        used = here.once.is_used(OAUTH, asked["code"])
        appid, _, openid = (here.once.take(OAUTH, asked["code"]) or "").partition(" ")
    if used:
        return refuse(40163, "code been used")
    if appid != asked["appid"]:
        return refuse(40029, "invalid code")
    given = {"access_token": secrets.token_urlsafe(64), "expires_in": 7200, "refresh_token": secrets.token_urlsafe(64)}
    return jsonify(given | {"openid": openid, "scope": "snsapi_base"})


def _residents() -> list[Person]:
    return [each for each in world().book.people.values() if not each.staff]


def _fault() -> str:
    """What WeChat would say against the address; empty when it is right."""
    asked = request.args
    if asked.get("appid") not in world().settings.apps:
        return "AppID 参数错误（10013）"
    back = urlsplit(asked.get("redirect_uri", ""))
    if back.scheme not in ("http", "https") or not back.netloc:
        return "redirect_uri 域名与后台配置不一致（10003）"
    if asked.get("scope") not in SCOPES or asked.get("response_type") != "code":
        return "scope 参数错误（10005）"
    return "" if _STATE.fullmatch(asked.get("state", "")) else "state 参数错误（10009）"


def _back(**told: str) -> str:
    address = request.args["redirect_uri"]
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(told)}"
