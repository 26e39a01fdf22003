"""Signing in to the console by WeCom: out to its page with a state of this browser's own, and back with a code.

The state is kept in the cookie, ends after ten minutes and opens once, so that nobody can send a browser back with the
code of somebody else's phone. Where it leads on to is a page of the console, and where WeCom sends it back is ours.
"""

import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any

from flask import flash, redirect, request, url_for
from flask import session as cookie
from werkzeug.wrappers import Response

from liaison.clients.wecom import WecomDoor
from liaison.domain.errors import Conflict, DomainError, Invalid, NotAllowed
from liaison.services import binding_desk, bindings
from liaison.services.vault import USERID
from liaison.web.console.frame import blueprint
from liaison.web.console.sign_in import sign_in_page, start
from liaison.web.errors import status_of
from liaison.web.guards import NotSignedIn, current_actor, guard
from liaison.web.limits import platform_limit
from liaison.web.local_paths import local_path
from liaison.web.platforms import asking
from liaison.web.whereabouts import origin
from liaison.web.wiring import now, unit_of_work, wiring

STATE = "wecom"
OPEN_FOR = timedelta(minutes=10)  # to find the phone and scan
NO_WECOM = "本系统没有开通企业微信登录，请用用户名和密码登录。"
STRAYED = "这次企业微信登录不是从本页面发起的，或等得太久了，请重新点“企业微信登录”。"
NOT_CONFIRMED = "企业微信没有确认登录，请重新扫码，并在手机上点“确认”。"
NOT_BOUND = "这个企业微信账号还没有绑定。请先用密码登录，在“我的登录”里绑定；或联系安全管理员登记。"


@blueprint.get("/sign-in/wecom")
@guard("session.open")
@platform_limit
def wecom_start() -> Response:
    """Go to WeCom's page to sign in."""
    return _leave(local_path(request.args.get("next", "")), "")


@blueprint.get("/me/wecom")
@guard("session.revoke")
def wecom_bind() -> Response:
    """Go there to show which member one is, to be known by that from then on."""
    return _leave("", str(current_actor().account_id))


@blueprint.get("/sign-in/wecom/back")
@guard("session.open")
@platform_limit
def wecom_back() -> Response | tuple[str, int]:
    """Come back from there: sign in, or bind whoever is signed in."""
    door, left = _door(), cookie.pop(STATE, {})
    try:
        _check(left)
        with asking("code", NOT_CONFIRMED):
            userid = door.member(request.args.get("code", ""))
        return _bound(userid) if left["account"] else _signed_in(userid, left["next"])
    except (Conflict, Invalid, NotAllowed, NotSignedIn) as error:
        return _refused(error, left)


@blueprint.post("/me/unbind/<any(openid,userid):act>")
@guard("session.revoke")
def unbind(act: str) -> Response:
    """Be known by this no more; all one's sessions end."""
    with unit_of_work():
        binding_desk.end_own(current_actor(), act, now=now())
    flash("已解除绑定，并退出了所有登录，请重新登录。")
    return redirect(url_for("console.my_sessions"), 303)  # which leads to signing in


def _door() -> WecomDoor:
    found = wiring().wecom
    if found is None:
        raise Conflict(NO_WECOM)
    return found


def _leave(target: str, account: str) -> Response:
    door, state = _door(), secrets.token_urlsafe(24)
    until = (now() + OPEN_FOR).isoformat()
    cookie[STATE] = {"state": state, "until": until, "next": target, "account": account}
    back = wiring().config.base_url.rstrip("/") + url_for("console.wecom_back", _external=False)
    return redirect(door.address(back, state), 303)


def _check(left: dict[str, Any]) -> None:
    """Raise Conflict for who comes back with a state that is not this browser's."""
    given = request.args.get("state", "")
    if not left or not hmac.compare_digest(left["state"].encode(), given.encode()):
        raise Conflict(STRAYED)
    mine = str(current_actor().account_id or "")
    if datetime.fromisoformat(left["until"]) <= now() or left["account"] not in ("", mine):
        raise Conflict(STRAYED)
    if not request.args.get("code"):
        raise Invalid({}, NOT_CONFIRMED)


def _signed_in(userid: str, target: str) -> Response:
    account = bindings.find_bound(USERID, userid, wiring().keys)
    if account is None:
        raise NotAllowed(NOT_BOUND)
    with unit_of_work():
        signed = bindings.enter(account.id, USERID, now(), origin=origin())
    start(signed.token)
    return redirect(local_path(target) or url_for("console.home"), 303)


def _bound(userid: str) -> Response:
    with unit_of_work():
        binding_desk.bind_own(current_actor(), userid, wiring().keys, now=now())
    flash("已绑定企业微信，以后可以用它登录。")
    return redirect(url_for("console.my_sessions"), 303)


def _refused(error: DomainError, left: dict[str, Any]) -> Response | tuple[str, int]:
    """Say it where one started: on one's own page, or on the form for name and password."""
    if left.get("account") and current_actor().account_id:
        flash(error.detail, "warning")
        return redirect(url_for("console.my_sessions"), 303)
    return sign_in_page(error, left.get("next", "")), status_of(error)
