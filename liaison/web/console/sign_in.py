"""Signing in and out of the console: the session's token travels in the signed cookie.

Whatever changes what a session may do gives it a new token and empties the cookie around it.
"""

import contextlib
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask import session as cookie
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from liaison.domain.access import Need
from liaison.domain.errors import DomainError, Invalid, NotAllowed, NotFound
from liaison.services import second_factors
from liaison.services import sign_in as sign_ins
from liaison.web.console.account_inputs import CodeIn
from liaison.web.console.frame import blueprint
from liaison.web.errors import status_of
from liaison.web.guards import TOKEN, NotSignedIn, current_actor, current_need, guard, token
from liaison.web.limits import sign_in_limit
from liaison.web.local_paths import local_path
from liaison.web.schemas import Credentials
from liaison.web.sessions import check_password
from liaison.web.uploads import from_form, load
from liaison.web.whereabouts import origin
from liaison.web.wiring import now, unit_of_work, wiring

STALE = "这个页面打开之后，您重新登录过。请返回上一页刷新，再提交一次。"


@blueprint.get("/sign-in")
@guard("session.open")
def sign_in() -> str:
    """The form that asks for name and password."""
    return sign_in_page()


@blueprint.post("/sign-in")
@guard("session.open")
@sign_in_limit
def check_in() -> Response | tuple[str, int]:
    """Open a session and start the cookie anew; a wrong password keeps the name that was typed."""
    form = request.form.copy()
    target = form.pop("next", "")
    try:
        body = load(Credentials(), from_form(Credentials(), form))
        account = check_password(body["username"], body["password"])
        with unit_of_work():
            signed = sign_ins.open_session(account, now(), origin=origin())
    except (Invalid, NotSignedIn, NotAllowed) as error:
        return sign_in_page(error), status_of(error)
    start(signed.token)
    return redirect(local_path(target) or url_for("console.home"), 303)


@blueprint.get("/sign-in/code")
@guard("session.prove")
def code_form() -> Response | str:
    """The form that asks for the second factor."""
    return _code_form() if current_need() is Need.CODE else redirect(url_for("console.home"))


@blueprint.post("/sign-in/code")
@guard("session.prove")
def prove() -> Response | tuple[str, int]:
    """Pass the second factor; the session gets a new token."""
    target = local_path(request.form.get("next", ""))
    if current_need() is Need.CODE:
        try:
            body = load(CodeIn(), from_form(CodeIn(), request.form))
            renewed = _prove(current_actor().account_id, body["code"])
            if renewed is None:
                raise NotSignedIn(second_factors.WRONG)
        except (Invalid, NotSignedIn, NotAllowed) as error:
            return _code_form(error), status_of(error)
        carry(renewed)
    return redirect(target or url_for("console.home"), 303)


@blueprint.post("/sign-out")
@guard("session.open")
def sign_out() -> Response:
    """Revoke the session at once and forget the cookie."""
    _close()
    cookie.clear()
    return redirect(url_for("console.sign_in"), 303)


@blueprint.errorhandler(CSRFError)
def stale_form(error: CSRFError) -> Response | tuple[str, int]:
    """A form from before signing out or in: lead back through signing in, or say how to send it again."""
    if current_actor().account_id is None:
        return redirect(url_for("console.sign_in", next=request.full_path.rstrip("?")))
    return render_template("error.html", status=400, detail=STALE, errors={}), 400


def start(signed: str) -> None:
    """Begin with a new session: the one the cookie still carries ends."""
    _close()
    carry(signed)


def carry(signed: str) -> None:
    """Let the cookie carry this token, and nothing from before."""
    cookie.clear()
    cookie[TOKEN] = signed


def _prove(account_id: UUID, code: str) -> str | None:
    at = now()
    with unit_of_work():
        if second_factors.prove(account_id, code, wiring().keys, at):
            return sign_ins.pass_factor(sign_ins.get_session(token(), at), at)
    return None


def _close() -> None:
    """End the session the cookie still carries, if it is alive."""
    with contextlib.suppress(NotFound), unit_of_work():
        sign_ins.close_session(token() or "", now())


def sign_in_page(error: DomainError | None = None, target: str = "") -> str:
    """The form, with what went wrong; it leads on to `target` or to where the request says."""
    leads_on = local_path(target or request.values.get("next", ""))
    return render_template("console/sign_in.html", error=error, next=leads_on, wecom=wiring().wecom)


def _code_form(error: DomainError | None = None) -> str:
    return render_template("console/code.html", error=error, next=local_path(request.values.get("next", "")))
