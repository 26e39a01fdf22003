"""One's own sign-ins and one's own password."""

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from liaison.domain.access import Need
from liaison.domain.errors import DomainError, Invalid, NotAllowed
from liaison.services import binding_desk, passwords, sign_in
from liaison.web.console.account_inputs import PasswordIn
from liaison.web.console.frame import blueprint
from liaison.web.console.inputs import SwitchIn
from liaison.web.console.sign_in import carry
from liaison.web.errors import status_of
from liaison.web.guards import current_actor, current_need, guard, token
from liaison.web.uploads import read_body
from liaison.web.wiring import now, unit_of_work, wiring

UNEQUAL = "两次填写的新密码不一样，请重新填写。"


@blueprint.get("/me")
@guard("session.read")
def my_sessions() -> str:
    """Where the viewer is signed in, and how."""
    account = sign_in.get_account(current_actor().account_id)
    running = sign_in.get_session(token(), now())
    rules = sign_in.rules()
    return render_template(
        "console/me.html",
        account=account,
        sessions=sign_in.live_sessions(account.id, now()),
        running=running.id,
        known=binding_desk.known(account.id, wiring().keys),
        wecom=wiring().wecom,
        password_until=account.password_changed_at + rules.oldest if rules.oldest else None,
    )


@blueprint.post("/me/others")
@guard("session.revoke")
def sign_out_others() -> Response:
    """End all one's sessions but this one."""
    with unit_of_work():
        running = sign_in.get_session(token(), now())
        sign_in.revoke_sessions(running.account_id, now(), keep=running.id)
    flash("其他设备上的登录已全部退出。")
    return redirect(url_for("console.my_sessions"), 303)


@blueprint.post("/me/keys")
@guard("desk.write")
def switch_keys() -> Response:
    """Let single letters do something in the console, or nothing."""
    on = read_body(SwitchIn())["on"]
    with unit_of_work():
        sign_in.get_account(current_actor().account_id).single_keys = on
    flash("单键操作已打开。" if on else "单键操作已关闭。")
    return redirect(url_for("console.my_sessions"), 303)


@blueprint.get("/password")
@guard("password.change")
def password_form() -> str:
    """The form for a new password."""
    return _form()


@blueprint.post("/password")
@guard("password.change")
def password_change() -> Response | tuple[str, int]:
    """Change one's own password; this session gets a new token, all others end."""
    try:
        body = read_body(PasswordIn())
        refuse_unequal(body)
        renewed = _change(body["current"], body["password"])
        if renewed is None:
            raise Invalid({"current": [passwords.NOT_YOURS]})
    except (Invalid, NotAllowed) as error:
        return _form(error), status_of(error)
    carry(renewed)
    flash("密码已修改，其他设备上的登录已全部退出。")
    return redirect(url_for("console.home"), 303)


def refuse_unequal(body: dict[str, str]) -> None:
    """Raise Invalid unless the new password was typed twice alike."""
    if body["password"] != body["again"]:
        raise Invalid({"again": [UNEQUAL]})


def _change(current: str, password: str) -> str | None:
    """The session's new token; None when the current password is wrong."""
    at = now()
    with unit_of_work():
        running = sign_in.get_session(token(), at)
        if passwords.change(current_actor(), current, password, at, keep=running.id):
            return sign_in.renew(running)
    return None


def _form(error: DomainError | None = None) -> str:
    return render_template(
        "console/password.html",
        error=error,
        due=current_need() is Need.PASSWORD,
        username=sign_in.get_account(current_actor().account_id).username,
        rules=sign_in.rules(),
    )
