"""The resident's rights as pages and JSON: see, correct, agree and take back, have erased; all with the query code."""

from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint
from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for

from liaison.domain.actors import Actor
from liaison.domain.consent import SWITCHED
from liaison.domain.erasure import DECIDED_WITHIN
from liaison.domain.errors import Conflict, Invalid
from liaison.models.cases import Case
from liaison.services import consents, dossiers, rights
from liaison.services.vault import Contact
from liaison.web import projections, schemas
from liaison.web.described import describe
from liaison.web.errors import status_of
from liaison.web.guards import guard
from liaison.web.limits import code_limit, submission_limit
from liaison.web.resident import access, answers
from liaison.web.resident.holdings import HoldingsOut, holdings_json
from liaison.web.resident.tracking import Refused
from liaison.web.uploads import read_body
from liaison.web.wiring import now, unit_of_work, wiring

blueprint = Blueprint("rights", __name__, url_prefix="/m")
api = APIBlueprint("rights_api", __name__, url_prefix="/api/v1", tag="Resident")

Body = dict[str, Any]
Run = Callable[[Actor, str, Body], Case]
REFUSES = (404, 409, 429)


@blueprint.get("/<number>/data")
@guard("matter.data")
@code_limit
def data(number: str) -> Any:
    """Everything we hold about the resident, on one page that can be printed."""
    case = access.find_case(number)
    return _data_page(case) if case else _ask_for_code(number)


@blueprint.get("/<number>/data.json")
@guard("matter.data")
@code_limit
def download(number: str) -> Any:
    """The same as one file."""
    case = access.find_case(number)
    if case is None:
        return _ask_for_code(number)
    answer = jsonify(_held(case))
    answer.headers["Content-Disposition"] = f'attachment; filename="{case.number}.json"'
    return answer


@blueprint.get("/<number>/erasure")
@guard("matter.erase")
@code_limit
def erasure_page(number: str) -> Any:
    """What goes and what stays, before anything goes."""
    case = access.find_case(number)
    return _erasure_page(case) if case else _ask_for_code(number)


@api.get("/matters/<number>/data")
@describe(HoldingsOut, headers=answers.SecretHeader, refuses=(404, 429))
@guard("matter.data")
@code_limit
def held(number: str) -> Any:
    """Everything we hold about the matter and its resident."""
    return _held(access.case_by_header(number))


def _acts(name: str, action: str, schema: type[schemas.Input], run: Run, page: Callable[..., Response]) -> None:
    """Add `POST /m/<number>/{name}`, a form of that page, and `POST /api/v1/matters/{number}/{name}`."""

    def from_page(number: str) -> Any:
        case = access.find_case(number)
        if case is None:
            return _ask_for_code(number)
        try:
            _do(case, schema, run)
        except (Invalid, Conflict) as error:
            errors = error.errors if isinstance(error, Invalid) else {}
            return page(case, Refused(name, error.detail, errors), status_of(error))
        return redirect(url_for("rights.data", number=case.number, done=name), 303)

    def from_api(number: str) -> Any:
        case = access.case_by_header(number)
        _do(case, schema, run)
        return _held(case)

    for view in (from_page, from_api):
        view.__name__, view.__doc__ = name, schema.__doc__
    blueprint.post(f"/<number>/{name}")(guard(action)(submission_limit(code_limit(from_page))))
    guarded = guard(action)(code_limit(from_api))
    described = describe(HoldingsOut, takes=schema, headers=answers.SecretHeader, refuses=REFUSES)(guarded)
    api.post(f"/matters/<number>/{name}")(described)


def _do(case: Case, schema: type[schemas.Input], run: Run) -> None:
    body = read_body(schema())
    with unit_of_work():
        run(access.actor_for(case), case.number, body)


def _held(case: Case) -> Any:
    actor = access.actor_for(case)
    dossier = dossiers.get_dossier(actor, case.number, wiring().keys, now())
    links = [projections.link_json(event) for event in dossier.links]
    seen = projections.resident_matter(dossier) | {"chain": links}
    return holdings_json(seen, rights.holdings(actor, dossier.case, wiring().keys))


def _data_page(case: Case, refused: Refused | None = None, status: int = 200) -> Response:
    page = render_template(
        "resident/data.html",
        case=case,
        held=rights.holdings(access.actor_for(case), case, wiring().keys),
        purposes=SWITCHED,
        refused=refused,
        errors=refused.errors if refused else {},
        typed=request.form,
        done=request.args.get("done", ""),
    )
    return Response(page, status)


def _erasure_page(case: Case, refused: Refused | None = None, status: int = 200) -> Response:
    page = render_template(
        "resident/erasure.html",
        case=case,
        held=rights.holdings(access.actor_for(case), case, wiring().keys),
        refused=refused,
        errors=refused.errors if refused else {},
        within=DECIDED_WITHIN,
    )
    return Response(page, status)


def _ask_for_code(number: str) -> Any:
    return redirect(url_for("tracking.matter", number=number), 303)


_acts(
    "contact",
    "matter.correct",
    schemas.Contact,
    lambda actor, number, body: rights.correct_contact(
        actor, number, Contact(body["name"] or None, body["phone"] or None), wiring().keys, now=now()
    ),
    _data_page,
)
_acts(
    "consents",
    "matter.consent",
    schemas.ConsentIn,
    lambda actor, number, body: consents.change(
        actor, number, body["purpose"], body["agreed"], wiring().keys, now=now()
    ),
    _data_page,
)
_acts(
    "erasure",
    "matter.erase",
    schemas.ErasureIn,
    lambda actor, number, body: rights.ask_erasure(actor, number, body["confirm"], wiring().keys, now=now()),
    _erasure_page,
)
