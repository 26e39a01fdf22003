"""The receipt checked by its resident: what they kept against what we have, and against what the public was shown."""

from pathlib import Path
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for

from liaison.services import receipts
from liaison.web.guards import guard
from liaison.web.limits import code_limit
from liaison.web.resident import access
from liaison.web.wiring import wiring

blueprint = Blueprint("receipts", __name__, url_prefix="/m")
LONGEST = 200


@blueprint.get("/<number>/receipt")
@guard("matter.follow")
@code_limit
def receipt(number: str) -> Any:
    """Recompute the matter's chain now, and compare the receipt that was typed in, if any."""
    case = access.find_case(number)
    if case is None:
        return redirect(url_for("tracking.matter", number=number), 303)
    typed = request.args.get("receipt", "").strip()[:LONGEST]
    folder = Path(wiring().config.history.anchors)
    checked = receipts.check(access.actor_for(case), case, typed, folder)
    page = render_template("resident/receipt.html", case=case, typed=typed, checked=checked, shortest=receipts.SHORTEST)
    return Response(page)
