"""The second person confirms that somebody is let in again; the person sets a new password with both halves."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from liaison.domain.errors import DomainError, Invalid
from liaison.services import accounts, recoveries
from liaison.web.console.account_inputs import RecoveryIn
from liaison.web.console.frame import blueprint
from liaison.web.console.me import refuse_unequal
from liaison.web.guards import current_actor, guard
from liaison.web.limits import sign_in_limit
from liaison.web.uploads import read_body
from liaison.web.wiring import now, unit_of_work


@blueprint.get("/recoveries")
@guard("recovery.confirm")
def recovery_list() -> str:
    """The wishes that wait for a second person."""
    return render_template("console/recoveries.html", wishes=recoveries.waiting(current_actor(), now()))


@blueprint.post("/recoveries/<uuid:recovery_id>/confirm")
@guard("recovery.confirm")
def recovery_confirm(recovery_id: UUID) -> str:
    """Confirm a wish; the other half of the code is shown this once."""
    with unit_of_work():
        account_id, half = recoveries.confirm(current_actor(), recovery_id, now=now())
    account = accounts.get_within(current_actor(), account_id)
    return render_template("console/half.html", account=account, half=half, first=False)


@blueprint.get("/recover")
@guard("session.open")
def recover_form() -> str:
    """The form for who has both halves."""
    return _form()


@blueprint.post("/recover")
@guard("session.open")
@sign_in_limit
def recover() -> Response | tuple[str, int]:
    """Set a new password with both halves of the code."""
    try:
        body = read_body(RecoveryIn())
        refuse_unequal(body)
        with unit_of_work():
            halves = (body["first"], body["second"])
            done = recoveries.use(body["username"], halves, body["password"], now())
        if not done:
            raise Invalid({}, recoveries.WRONG)
    except Invalid as error:
        return _form(error), 422
    flash("新密码已设置，请用它登录。原来的身份验证器已解除绑定。")
    return redirect(url_for("console.sign_in"), 303)


def _form(error: DomainError | None = None) -> str:
    return render_template("console/recover.html", error=error, values=request.form)
