"""The page on which the head of the office says who hears of which rung, and how long each clock runs, by region."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from liaison.domain.errors import Invalid
from liaison.domain.reminders import NEVER_EMPTY, Audience
from liaison.services import ladders, local_terms
from liaison.services.departments import regions_within
from liaison.services.ladders import RungSetting
from liaison.services.local_terms import TermSetting
from liaison.web.console.frame import blueprint
from liaison.web.console.inputs import LadderIn, TermsIn
from liaison.web.guards import current_actor, guard
from liaison.web.uploads import read_body
from liaison.web.wiring import now, unit_of_work


@blueprint.get("/ladders")
@guard("ladders.read")
def ladder_page() -> str:
    """The ladder and the terms of one region, the viewer's own unless another is asked for."""
    return _page(request.args.get("region") or regions_within(current_actor())[0].code)


@blueprint.post("/ladders/<region>/rungs")
@guard("ladders.write")
def ladder_rungs(region: str) -> Response | tuple[str, int]:
    """Write who hears of each rung."""
    return _save(region, LadderIn(), ladders.set_ladder, "提醒对象已保存，下一次提醒起生效。", "rungs")


@blueprint.post("/ladders/<region>/reset")
@guard("ladders.write")
def ladder_reset(region: str) -> Response:
    """Take back what the region has set for its ladder."""
    with unit_of_work():
        ladders.reset_ladder(current_actor(), region, now())
    flash("已恢复为沿用上级或默认的提醒对象。")
    return redirect(url_for("console.ladder_page", region=region), 303)


@blueprint.post("/ladders/<region>/terms")
@guard("ladders.write")
def ladder_terms(region: str) -> Response | tuple[str, int]:
    """Write the region's own terms."""
    return _save(region, TermsIn(), local_terms.set_terms, "时限已保存，对之后开始的时限生效。", "terms")


def _save(region: str, schema: Any, write: Callable[..., Any], done: str, part: str) -> Response | tuple[str, int]:
    try:
        body = read_body(schema)
        with unit_of_work():
            write(current_actor(), region, body, now())
    except Invalid as error:
        return _page(region, error, part), 422
    flash(done)
    return redirect(url_for("console.ladder_page", region=region), 303)


def _page(code: str, error: Invalid | None = None, part: str = "") -> str:
    """The page; after a refusal the refused part keeps what was typed."""
    actor = current_actor()
    region, rungs = ladders.settings_of(actor, code)
    terms = local_terms.terms_of(actor, code)
    return render_template(
        "console/ladders.html",
        region=region,
        regions=regions_within(actor),
        rungs=rungs,
        terms=terms,
        audiences=list(Audience),
        chosen=request.form if part == "rungs" else _chosen(rungs),
        typed=request.form if part == "terms" else _typed(terms),
        never_empty=NEVER_EMPTY,
        error=error,
        errors=error.errors if error else {},
        own_rungs=any(each.is_own for each in rungs),
    )


def _chosen(rungs: list[RungSetting]) -> MultiDict:
    return MultiDict((each.rung, audience) for each in rungs for audience in each.audience)


def _typed(terms: list[TermSetting]) -> MultiDict:
    return MultiDict((each.clock, each.own) for each in terms)
