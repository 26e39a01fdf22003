"""The security administrator's page of accounts: find, add, change, close, unlock, sign out, help back in."""

from collections.abc import Callable
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from liaison.domain.errors import Conflict, DomainError, Invalid, NotAllowed
from liaison.models.people import Account
from liaison.services import accounts, binding_desk, recoveries, second_factors, sign_in
from liaison.web.console.account_inputs import AccountIn, AskIn, PlaceIn, place_of
from liaison.web.console.choices import Choices
from liaison.web.console.fields import Field
from liaison.web.console.frame import blueprint
from liaison.web.errors import status_of
from liaison.web.guards import current_actor, guard
from liaison.web.paging import DEFAULT_LIMIT
from liaison.web.uploads import read_body
from liaison.web.wiring import now, unit_of_work, wiring

LONGEST = 50
PLACE_FIELDS = (
    Field("role", "角色", "select", "roles", required=True),
    Field("region", "区域", "select", "regions", "能看到、能处理的是该区域及其下级。", required=True),
    Field("department", "承办单位", "select", "own_department", "承办单位经办人、签发人必填。"),
    Field("head", "是单位负责人（本单位超期时会收到提醒）", "tick"),
    Field("station", "联络站", "select", "own_station", "站点联络员必填。"),
    Field("deputy", "人大代表", "select", "own_deputy", "角色是人大代表时必填。"),
)
ACCOUNT_FIELDS = (
    Field("username", "用户名", "line", "登录时使用，以后不能改。", "", True),
    Field("name", "姓名", "line", required=True),
    *PLACE_FIELDS,
)
ACTS: dict[str, tuple[Callable, str]] = {
    "disable": (accounts.disable_account, "账号已停用，所有登录已退出。"),
    "enable": (accounts.enable_account, "账号已启用。"),
    "unlock": (accounts.unlock_account, "锁定已解除，可以重新登录。"),
    "revoke": (accounts.revoke_sessions, "已让这个账号在所有设备上退出。"),
}


@blueprint.get("/accounts")
@guard("accounts.read")
def account_list() -> str:
    """The accounts within reach that fit the search, by username."""
    query, role, after = (request.args.get(name, "").strip()[:LONGEST] for name in ("q", "role", "after"))
    found = accounts.list_accounts(current_actor(), query, role, after=after, limit=DEFAULT_LIMIT + 1)
    rows = found[:DEFAULT_LIMIT]
    return render_template(
        "console/accounts.html",
        accounts=rows,
        following=rows[-1].username if len(found) > len(rows) else None,
        asked=request.args,
        choices=Choices(current_actor()),
        is_locked=lambda account: sign_in.is_locked(account, now()),
    )


@blueprint.get("/accounts/new")
@guard("accounts.write")
def account_form() -> str:
    """The form for a new account."""
    return _form()


@blueprint.post("/accounts/new")
@guard("accounts.write")
def account_add() -> str | tuple[str, int]:
    """Add an account; its first password is shown this once."""
    try:
        body = read_body(AccountIn())
        with unit_of_work():
            account, password = accounts.add_account(
                body["username"], body["name"], place_of(body), actor=current_actor(), now=now()
            )
    except (Invalid, Conflict) as error:
        return _form(error), status_of(error)
    return render_template("console/account_added.html", account=account, password=password)


@blueprint.get("/accounts/<uuid:account_id>")
@guard("accounts.read")
def account_page(account_id: UUID) -> str:
    """One account: what it is, where it is signed in, and what can be done with it."""
    return page_of(accounts.get_within(current_actor(), account_id))


@blueprint.post("/accounts/<uuid:account_id>/<any(disable,enable,unlock,revoke):act>")
@guard("accounts.write")
def account_act(account_id: UUID, act: str) -> Response:
    """Close, open or unlock an account, or end all its sessions."""
    work, words = ACTS[act]
    with unit_of_work():
        work(current_actor(), account_id, now())
    flash(words)
    return redirect(url_for("console.account_page", account_id=account_id), 303)


@blueprint.post("/accounts/<uuid:account_id>/place")
@guard("accounts.write")
def account_place(account_id: UUID) -> Response | tuple[str, int]:
    """Give an account another role or another place; its sessions end."""
    try:
        body = read_body(PlaceIn())
        with unit_of_work():
            accounts.change_place(current_actor(), account_id, place_of(body), now())
    except (Invalid, Conflict, NotAllowed) as error:
        account = accounts.get_within(current_actor(), account_id)
        return page_of(account, error, "place"), status_of(error)
    flash("已修改，这个账号的登录已全部退出，重新登录后生效。")
    return redirect(url_for("console.account_page", account_id=account_id), 303)


@blueprint.post("/accounts/<uuid:account_id>/recovery")
@guard("recovery.ask")
def recovery_ask(account_id: UUID) -> str | tuple[str, int]:
    """Ask to let somebody in again; the first half of the code is shown this once."""
    try:
        body = read_body(AskIn())
        with unit_of_work():
            half = recoveries.ask(current_actor(), account_id, body["reason"], now=now())
    except (Invalid, Conflict, NotAllowed) as error:
        account = accounts.get_within(current_actor(), account_id)
        return page_of(account, error, "recovery"), status_of(error)
    account = accounts.get_within(current_actor(), account_id)
    return render_template("console/half.html", account=account, half=half, first=True)


def _form(error: DomainError | None = None) -> str:
    return render_template(
        "console/account_new.html",
        fields=ACCOUNT_FIELDS,
        values=request.form,
        error=error,
        errors=error.errors if isinstance(error, Invalid) else {},
        choices=Choices(current_actor()),
    )


def page_of(account: Account, error: DomainError | None = None, asked: str = "") -> str:
    """The page; after a refusal with the form that was `asked` open and what was typed in it."""
    return render_template(
        "console/account.html",
        account=account,
        own=account.id == current_actor().account_id,
        locked=sign_in.is_locked(account, now()),
        sessions=sign_in.live_sessions(account.id, now()),
        codes=second_factors.count_codes(account.id),
        wecom=wiring().wecom,
        known=binding_desk.known(account.id, wiring().keys),
        fields=PLACE_FIELDS,
        values=request.form if asked == "place" else _values(account),
        error=error,
        errors=error.errors if isinstance(error, Invalid) else {},
        asked=asked,
        choices=Choices(current_actor()),
    )


def _values(account: Account) -> MultiDict:
    told = {"role": account.role, "region": account.region.code, "head": "true" if account.head else ""}
    parts = {"department": account.department, "station": account.station, "deputy": account.deputy}
    return MultiDict(told | {name: part.code for name, part in parts.items() if part})
