"""The daily anchors as the public sees them: what was signed, and leaves that name no case."""

from datetime import date
from pathlib import Path

from flask import Blueprint, Response, render_template, request

from liaison.domain.errors import NotFound
from liaison.services import anchors
from liaison.web.guards import guard
from liaison.web.wiring import wiring

blueprint = Blueprint("anchors", __name__, url_prefix="/public/anchors")
SHOWN = 31
ABSENT = "没有这一天的存证。"
A_DAY = 86_400


@blueprint.get("")
@guard("public.read")
def listing() -> str:
    """A month of anchors, newest first, and the key that signs them."""
    folder, before = _folder(), request.args.get("before", "")
    days = [day for day in anchors.days(folder) if not before or day.isoformat() < before]
    found = [_find(day) for day in days[:SHOWN]]
    following = days[SHOWN - 1].isoformat() if len(days) > SHOWN else None
    key = anchors.public_key(wiring().config.secrets.anchor_key)
    return render_template("resident/anchors.html", rows=found, next=following, key=key)


@blueprint.get("/<day>.json")
@guard("public.read")
def one(day: str) -> Response:
    """One anchor as JSON. Raises NotFound."""
    try:
        found = _find(date.fromisoformat(day))
    except ValueError:
        raise NotFound(ABSENT) from None
    answer = Response(anchors.public_lines(found), mimetype="application/json")
    answer.cache_control.public, answer.cache_control.max_age = True, A_DAY
    return answer


def _find(day: date) -> anchors.Anchor:
    found = anchors.find_anchor(_folder(), day)
    if found is None:
        raise NotFound(ABSENT)
    return found


def _folder() -> Path:
    return Path(wiring().config.history.anchors)
