"""Who may sign in by WeChat or WeCom: what waits to be confirmed, the deputies' phones, numbers entered by hand."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from liaison.domain.errors import DomainError, Invalid, NotAllowed
from liaison.domain.policy import may
from liaison.services import accounts, binding_desk
from liaison.web.console.account_inputs import PhoneIn, UserIdIn
from liaison.web.console.accounts import LONGEST, page_of
from liaison.web.console.frame import blueprint
from liaison.web.errors import status_of
from liaison.web.guards import current_actor, guard
from liaison.web.paging import DEFAULT_LIMIT
from liaison.web.uploads import read_body
from liaison.web.wiring import now, unit_of_work, wiring


@blueprint.get("/bindings")
@guard("binding.read")
def binding_page() -> str:
    """What waits, and for the office the deputies by username, with how each can be reached by phone."""
    actor, at = current_actor(), now()
    query, after = (request.args.get(name, "").strip()[:LONGEST] for name in ("q", "after"))
    invites = may(actor.role, "binding.write")
    limit = DEFAULT_LIMIT + 1
    found = binding_desk.deputies(actor, query, after=after, limit=limit, now=at) if invites else []
    rows, waiting = found[:DEFAULT_LIMIT], binding_desk.waiting(actor, at)
    return render_template(
        "console/bindings.html",
        waiting=waiting,
        replaced=binding_desk.replaced(waiting),
        invites=invites,
        deputies=rows,
        following=rows[-1].account.username if len(found) > len(rows) else None,
        asked=request.args,
    )


@blueprint.post("/bindings/<uuid:binding_id>/<any(confirm,refuse):act>")
@guard("binding.confirm")
def binding_decide(binding_id: UUID, act: str) -> Response:
    """Let somebody be known by what waits for them, or not."""
    with unit_of_work():
        if act == "confirm":
            account = binding_desk.confirm(current_actor(), binding_id, wiring().keys, now=now())
        else:
            account = binding_desk.refuse(current_actor(), binding_id, now=now())
    flash(f"已确认，{account.name}现在可以登录。" if act == "confirm" else f"已拒绝，没有给{account.name}绑定。")
    return _back()


@blueprint.post("/bindings/deputies/<uuid:account_id>/invite")
@guard("binding.write")
def binding_invite(account_id: UUID) -> str:
    """Make a deputy's invitation; it is shown this once."""
    with unit_of_work():
        account, code = binding_desk.invite(current_actor(), account_id, now=now())
    has_phone = bool(binding_desk.known(account.id, wiring().keys).get("phone"))
    return render_template("console/invitation.html", account=account, code=code, has_phone=has_phone)


@blueprint.post("/bindings/deputies/<uuid:account_id>/end")
@guard("binding.write")
def binding_end(account_id: UUID) -> Response:
    """Unbind a deputy's phone at once."""
    with unit_of_work():
        account = binding_desk.end(current_actor(), account_id, now=now())
    flash(f"已解除{account.name}的微信绑定，并退出了这个账号的所有登录。")
    return _back()


@blueprint.post("/accounts/<uuid:account_id>/phone")
@guard("accounts.write")
def account_phone(account_id: UUID) -> Response | tuple[str, int]:
    """Keep an account's mobile number, or none."""
    try:
        body = read_body(PhoneIn())
        with unit_of_work():
            binding_desk.set_phone(current_actor(), account_id, body["phone"], wiring().keys, now=now())
    except (Invalid, NotAllowed) as error:
        return _again(account_id, error, "phone")
    flash("手机号已保存。" if body["phone"] else "手机号已删除。")
    return redirect(url_for("console.account_page", account_id=account_id), 303)


@blueprint.post("/accounts/<uuid:account_id>/userid")
@guard("accounts.write")
def account_userid(account_id: UUID) -> Response | tuple[str, int]:
    """Say which member of WeCom an account is, for a second person to confirm, or none."""
    try:
        body = read_body(UserIdIn())
        with unit_of_work():
            binding_desk.name_userid(current_actor(), account_id, body["userid"], wiring().keys, now=now())
    except (Invalid, NotAllowed) as error:
        return _again(account_id, error, "userid")
    flash("已登记，请另一个人在“微信绑定”里确认。" if body["userid"] else "已解除企业微信的绑定。")
    return redirect(url_for("console.account_page", account_id=account_id), 303)


def _again(account_id: UUID, error: DomainError, asked: str) -> tuple[str, int]:
    return page_of(accounts.get_within(current_actor(), account_id), error, asked), status_of(error)


def _back() -> Response:
    return redirect(url_for("console.binding_page"), 303)
