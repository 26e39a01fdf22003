"""The second factor's own page: bind an authenticator, see what is left of the recovery codes, bind another phone."""

from flask import Response as Answer
from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from liaison.domain.errors import Conflict, DomainError, Invalid, NotAllowed
from liaison.services import second_factors, sign_in, vault
from liaison.services.posters import qr_png
from liaison.web.console.account_inputs import CodeIn
from liaison.web.console.frame import blueprint
from liaison.web.console.sign_in import carry
from liaison.web.errors import status_of
from liaison.web.guards import current_actor, guard, token
from liaison.web.schemas import Nothing
from liaison.web.uploads import read_body
from liaison.web.wiring import now, unit_of_work, wiring

PIXELS = 480


@blueprint.get("/second-factor")
@guard("factor.write")
def factor_page() -> str:
    """Whether there is a second factor, and the seed on offer if there is one."""
    return _page()


@blueprint.post("/second-factor/offer")
@guard("factor.write")
def factor_offer() -> Response | tuple[str, int]:
    """Make a new seed; who has a factor in use shows a code of it first."""
    try:
        _show_factor()
        with unit_of_work():
            second_factors.offer(current_actor(), wiring().keys)
    except (Invalid, NotAllowed) as error:
        return _page(error, "offer"), status_of(error)
    return redirect(url_for("console.factor_page"), 303)


@blueprint.get("/second-factor/qr.png")
@guard("factor.write")
def factor_qr() -> Answer:
    """The seed on offer as a QR code, for its owner's phone."""
    account = sign_in.get_account(current_actor().account_id)
    seed = vault.find_seed(account.id, wiring().keys, offered=True)
    if seed is None:
        raise Conflict(second_factors.NO_OFFER)
    address = second_factors.address_of(seed, account, wiring().config.site.name)
    return Answer(qr_png(address, logo=False, size=PIXELS), mimetype="image/png")


@blueprint.post("/second-factor/confirm")
@guard("factor.write")
def factor_confirm() -> str | tuple[str, int]:
    """Take the offered seed into use; this session gets a new token, all others end, recovery codes are shown once."""
    at, keys = now(), wiring().keys
    try:
        body = read_body(CodeIn())
        with unit_of_work():
            running = sign_in.get_session(token(), at)
            codes = second_factors.confirm(current_actor(), body["code"], keys, at)
            if codes:
                renewed = sign_in.pass_factor(running, at)
                sign_in.revoke_sessions(running.account_id, at, keep=running.id)
        if not codes:
            raise Invalid({"code": [second_factors.WRONG]})
    except (Invalid, Conflict, NotAllowed) as error:
        return _page(error, "confirm"), status_of(error)
    carry(renewed)
    return render_template("console/codes.html", codes=codes)


@blueprint.post("/second-factor/codes")
@guard("factor.write")
def factor_codes() -> str | tuple[str, int]:
    """Fresh recovery codes in place of the old ones, shown once."""
    try:
        _show_factor()
        with unit_of_work():
            codes = second_factors.renew_codes(current_actor(), now())
    except (Invalid, Conflict, NotAllowed) as error:
        return _page(error, "codes"), status_of(error)
    return render_template("console/codes.html", codes=codes)


@blueprint.post("/second-factor/drop")
@guard("factor.write")
def factor_drop() -> Response | tuple[str, int]:
    """Go without, for those who may."""
    try:
        _show_factor()
        with unit_of_work():
            second_factors.drop(current_actor(), now())
    except (Invalid, NotAllowed) as error:
        return _page(error, "drop"), status_of(error)
    flash("两步验证已关闭。")
    return redirect(url_for("console.factor_page"), 303)


def _show_factor() -> None:
    """Have a code of the factor in use shown. Raises Invalid for a wrong one."""
    actor = current_actor()
    if sign_in.get_account(actor.account_id).otp_since is None:
        read_body(Nothing())
        return
    body = read_body(CodeIn())
    with unit_of_work():
        right = second_factors.prove(actor.account_id, body["code"], wiring().keys, now())
    if not right:
        raise Invalid({"code": [second_factors.WRONG]})


def _page(error: DomainError | None = None, asked: str = "") -> str:
    account = sign_in.get_account(current_actor().account_id)
    return render_template(
        "console/factor.html",
        account=account,
        seed=vault.find_seed(account.id, wiring().keys, offered=True),
        left=second_factors.count_codes(account.id),
        must=account.role in sign_in.rules().factor_roles,
        error=error,
        asked=asked,
    )
