"""The merge assistant: matters about one event side by side, which of them leads, and all of it joined at once."""

from flask import flash, redirect, render_template, request, url_for
from marshmallow import fields
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from liaison.domain.errors import DomainError, Invalid, WrongState
from liaison.domain.likeness import pieces, telling
from liaison.models.cases import Case
from liaison.services import matters, register_names, similar
from liaison.services.dossiers import Dossier
from liaison.web.console.frame import blueprint
from liaison.web.console.onward import THEN, onward
from liaison.web.errors import status_of
from liaison.web.fields import CaseNumber, Input
from liaison.web.guards import current_actor, guard
from liaison.web.reading import read_dossier
from liaison.web.uploads import read_body
from liaison.web.wiring import now, unit_of_work

CANNOT_LEAD = (*similar.AWAY, "closed")


class MergingIn(Input):
    """Which matters are joined, and which of them leads."""

    lead = CaseNumber(required=True)
    cases = fields.List(CaseNumber(), load_default=list)


@blueprint.get("/merging/<number>")
@guard("office.merge")
def merging_page(number: str) -> str:
    """A matter beside those like it."""
    return _page(read_dossier(number))


@blueprint.post("/merging/<number>")
@guard("office.merge")
def merging(number: str) -> Response | tuple[str, int]:
    """Join the chosen matters to the lead."""
    dossier = read_dossier(number)
    try:
        body = read_body(MergingIn())
        joined = set(body["cases"]) - {body["lead"]}
        with unit_of_work():
            matters.merge_all(current_actor(), sorted(joined), body["lead"], now=now())
    except (Invalid, WrongState) as error:
        return _page(dossier, request.form, error), status_of(error)
    flash(f"已把 {len(joined)} 件并入 {body['lead']}。并错了的，打开那一件，用“恢复办理”撤销。")
    return redirect(onward(number) or url_for("console.case_page", number=body["lead"]), 303)


def _page(dossier: Dossier, typed: MultiDict | None = None, error: DomainError | None = None) -> str:
    case = dossier.case
    alike = similar.find_similar(current_actor(), case, now())
    everything = [case, *(each.case for each in alike)]
    return render_template(
        "console/merging.html",
        stations=register_names.station_names(),
        categories=register_names.category_names(),
        deputies=register_names.deputy_names(),
        case=case,
        shown=[(case, None, pieces(case.text, _words(everything[1:]))), *((e.case, e, e.pieces) for e in alike)],
        leads=[each for each in everything if each.state not in CANNOT_LEAD],
        chosen=typed or _start(case, alike),
        error=error,
        then=request.args.get(THEN, ""),
    )


def _start(case: Case, alike: list[similar.Similar]) -> MultiDict:
    """What is ticked at first: this matter and those surely alike; the oldest that is open leads."""
    sure = [case, *(each.case for each in alike if each.sure)]
    able = [(each.created_at, each.number) for each in sure if each.state not in CANNOT_LEAD]
    lead = min(able)[1] if able else ""
    return MultiDict([("lead", lead), *(("cases", each.number) for each in sure if each.state == "submitted")])


def _words(others: list[Case]) -> frozenset[str]:
    return frozenset[str]().union(*(telling(each.text) for each in others))
