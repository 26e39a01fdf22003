"""login.work.weixin.qq.com and what follows it: a page that waits for a phone, a code, and whose phone it was."""

from urllib.parse import urlencode, urlsplit

from flask import Blueprint, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response

from sandbox.control import world
from sandbox.tokens import Standing
from sandbox.wecom import TOKEN_FAULTS, refuse

routes = Blueprint("wecom_login", __name__)

SIGN_IN = "wecom sign-in"


@routes.get("/wwlogin/sso/login")
def login() -> str | tuple[str, int]:
    """Ask on the screen what a real phone asks after it has scanned the code."""
    fault, here = _fault(), world()
    staff = [each for each in here.book.people.values() if each.staff]
    page = render_template("wecom_login.html", fault=fault, staff=staff)
    return (page, 400) if fault else page


@routes.post("/wwlogin/sso/login")
def confirm() -> Response | tuple[str, int]:
    """Confirm on the phone of the member {userid}: the browser goes back with a code."""
    if fault := _fault():
        return render_template("wecom_login.html", fault=fault, staff=()), 400
    with world().lock:
        code = world().once.issue(SIGN_IN, request.form.get("userid", ""))
    back = request.args["redirect_uri"]
    told = urlencode({"code": code, "state": request.args.get("state", ""), "appid": request.args["appid"]})
    return redirect(f"{back}{'&' if urlsplit(back).query else '?'}{told}", 303)


@routes.get("/cgi-bin/auth/getuserinfo")
def user_info() -> Response:
    """Tell whose phone confirmed; of who is no member an openid alone."""
    here = world()
    with here.lock:
        standing = here.tokens.standing("wecom", request.args.get("access_token", ""))
        if standing is not Standing.GOOD:
            return refuse(*TOKEN_FAULTS[standing])
        userid = here.once.take(SIGN_IN, request.args.get("code", ""))
        if userid is None:
            return refuse(40029, "invalid code")
        if not userid or userid in here.gone:
            return jsonify(errcode=0, errmsg="ok", openid="oOUTSIDE0000000000000000000")
    return jsonify(errcode=0, errmsg="ok", userid=userid, user_ticket="sandbox-ticket")


def _fault() -> str:
    """What WeCom would say against the address; empty when it is right."""
    asked, known = request.args, world().settings
    back = urlsplit(asked.get("redirect_uri", ""))
    if (asked.get("appid"), asked.get("agentid")) != (known.corp_id, str(known.agent_id)):
        return "企业或应用不存在"
    if asked.get("login_type") != "CorpApp" or back.scheme not in ("http", "https") or not back.netloc:
        return "redirect_uri 参数错误"
    return ""
