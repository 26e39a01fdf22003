"""A resident's own matters, where WeChat says who they are: one list, from which each opens without its code."""

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for

from liaison.domain.errors import NotFound
from liaison.services import own_matters
from liaison.services import visitors as visits
from liaison.web.guards import guard
from liaison.web.limits import code_limit
from liaison.web.paging import page
from liaison.web.resident import access, visitors
from liaison.web.wiring import now, unit_of_work, wiring

blueprint = Blueprint("own", __name__, url_prefix="/my")
LONGEST_QUERY = 50


@blueprint.get("")
@guard("matter.own")
def listing() -> Any:
    """The list; to who is not known by WeChat, how to get one."""
    return visitors.silent_round() or _page()


@blueprint.post("/additions")
@guard("matter.keep")
@code_limit
def add() -> Any:
    """Put a matter told before, or elsewhere, into the list by its query code."""
    visitor_id = visitors.current()
    if visitor_id is None:
        return redirect(url_for("own.listing"), 303)
    try:
        case = access.open_case(request.form.get("number", ""), request.form.get("code", ""))
    except NotFound as error:
        return _page(error.detail, 404)
    _bind(visitor_id, case)
    return redirect(url_for("own.listing", done="added"), 303)


@blueprint.post("/opened")
@guard("matter.keep")
@code_limit
def keep() -> Any:
    """Put the matter that is open in this browser into the list."""
    visitor_id, case = visitors.current(), access.find_case(request.form.get("number", ""))
    if visitor_id is None or case is None:
        return redirect(url_for("own.listing"), 303)
    _bind(visitor_id, case)
    return redirect(url_for("own.listing", done="added"), 303)


@blueprint.post("/unbinding")
@guard("matter.keep")
def remove() -> Any:
    """Take a matter out of the list; it stays as it is, and opens by its code."""
    visitor_id, case = visitors.current(), visitors.find_own(request.form.get("number", ""))
    if visitor_id is None or case is None:
        return redirect(url_for("own.listing"), 303)
    access.actor_for(case)
    with unit_of_work():
        own_matters.unbind(visitor_id, case.number, wiring().keys)
    return redirect(url_for("own.listing", done="removed"), 303)


@blueprint.post("/leaving")
@guard("matter.keep")
def leave() -> Response:
    """End the visit: the list and what it opens are no longer shown on this phone."""
    answer = redirect(url_for("own.listing", done="left"), 303)
    if visitor_id := visitors.current():
        access.forget(own_matters.numbers(visitor_id))
        with unit_of_work():
            visits.leave(visitors.token(), now())
    visitors.drop(answer)
    visitors.mark_round(answer, visitors.DONE)
    return answer


def _plays_wechat() -> bool:
    """Whether this is a demo, whose sandbox is WeChat in any browser."""
    return wiring().config.demo and wiring().oauth is not None


def _bind(visitor_id: Any, case: Any) -> None:
    with unit_of_work():
        own_matters.bind(visitor_id, case.id, now())


def _page(error: str = "", status: int = 200) -> Response:
    visitor_id, words = visitors.current(), request.args.get("q", "").strip()[:LONGEST_QUERY]
    rows, following = [], None
    if visitor_id:
        rows, following = page(
            lambda after, limit: own_matters.mine(visitor_id, words, now(), after, limit),
            lambda row: (row.created_at, row.id),
        )
    shown = render_template(
        "resident/own.html",
        known=visitor_id is not None,
        in_wechat=visitors.may_enter() or _plays_wechat(),
        missed=visitors.missed(),
        rows=rows,
        next=following,
        q=words,
        error=error,
        typed=request.form,
        done=request.args.get("done", ""),
    )
    return Response(shown, status)
