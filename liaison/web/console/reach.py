"""My ways: each account sees and says how it is reached outside the house, and in which order."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from liaison.domain.errors import Invalid
from liaison.services import addresses
from liaison.services.addresses import BY_HAND
from liaison.web.console.frame import blueprint
from liaison.web.console.inputs import AddressIn, OrderIn
from liaison.web.guards import current_actor, guard
from liaison.web.labels import label
from liaison.web.open.duty import sign
from liaison.web.uploads import read_body
from liaison.web.wiring import now, unit_of_work, wiring


@blueprint.get("/reach")
@guard("reach.read")
def reach_page() -> str:
    """The viewer's own ways in their order, and those that can be added."""
    return _page()


@blueprint.post("/reach/address")
@guard("reach.write")
def reach_address() -> Response | tuple[str, int]:
    """Be reached at this address."""
    try:
        body = read_body(AddressIn())
        if body["channel"] not in _offered():
            raise Invalid({"address": [addresses.NOT_THERE]})
        with unit_of_work():
            account_id = current_actor().account_id
            addresses.set_address(account_id, body["channel"], body["address"], wiring().keys, now())
    except Invalid as error:
        return _page(error), 422
    return _back(f"已保存{label('via', body['channel'])}的地址，之后的提醒会用到它。")


@blueprint.post("/reach/order")
@guard("reach.write")
def reach_order() -> Response | tuple[str, int]:
    """Try a channel earlier or later, or no more."""
    account_id = current_actor().account_id
    try:
        body = read_body(OrderIn())
    except Invalid as error:
        return _page(error), 422
    with unit_of_work():
        if body["act"] == "drop":
            addresses.forget_address(account_id, body["channel"])
        else:
            addresses.move(account_id, body["channel"], up=body["act"] == "up")
    return _back("已删除，不再用这种方式提醒。" if body["act"] == "drop" else "顺序已更新。")


def _offered() -> list[str]:
    """The channels whose address can be typed in here."""
    return [channel for channel in addresses.installed() if channel in BY_HAND]


def _back(words: str) -> Response:
    flash(words)
    return redirect(url_for("console.reach_page"), 303)


def _page(error: Invalid | None = None) -> str:
    actor = current_actor()
    ways = addresses.ways_of(actor.account_id, wiring().keys)
    return render_template(
        "console/reach.html",
        ways=ways,
        offered=_offered(),
        bound=[channel for channel in addresses.installed() if channel not in BY_HAND],
        unaddressed=addresses.unaddressed(),
        asked=request.form.get("channel", ""),
        typed=request.form.get("address", ""),
        feed=url_for("duty.feed", signed=sign(actor.deputy_id), _external=False) if actor.deputy_id else "",
        base_url=wiring().config.base_url.rstrip("/"),
        error=error,
    )
