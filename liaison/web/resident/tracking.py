"""A matter as its resident follows it: opened once by the query code, then history, answers and the next steps."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for

from liaison.domain.actors import Actor
from liaison.domain.errors import Conflict, Invalid, NotFound, WrongState
from liaison.domain.numbers import check_number
from liaison.domain.workflow import Phase
from liaison.models.cases import Case
from liaison.services import dossiers, intake, ratings, vault
from liaison.services.photos import MAX_PHOTOS
from liaison.web import schemas
from liaison.web.errors import status_of
from liaison.web.fields import Input
from liaison.web.guards import guard
from liaison.web.limits import code_limit, submission_limit
from liaison.web.resident import access, visitors
from liaison.web.uploads import keep_photos, read_body
from liaison.web.wiring import now, unit_of_work, wiring

blueprint = Blueprint("tracking", __name__, url_prefix="/m")
Run = Callable[[Actor, str, dict[str, Any]], Case]


@dataclass(frozen=True)
class Refused:
    """A move that was not made: which form, what is wrong field by field, and one sentence."""

    form: str
    detail: str
    errors: dict[str, list[str]] = field(default_factory=dict)


@blueprint.get("")
@guard("matter.follow")
def look_up() -> Response:
    """The form that asks for number and query code."""
    return _ask(request.args.get("number", ""))


@blueprint.post("")
@guard("matter.follow")
@code_limit
def open_matter() -> Any:
    """Open a matter by its code for this visitor's session; 404 and the form again when they do not fit."""
    number, code = request.form.get("number", ""), request.form.get("code", "")
    try:
        return _opened(number, code)
    except NotFound as error:
        return _ask(number, error.detail, 404)


@blueprint.get("/<number>")
@guard("matter.follow")
@code_limit
def matter(number: str) -> Any:
    """The matter, if the link or the session carries its code; else the form that asks for it."""
    try:
        if code := request.args.get("c"):
            return _opened(number, code)
        printed = check_number(number)
    except (Invalid, NotFound):
        return _ask(number, NotFound.detail, 404)
    if printed != number:
        return redirect(url_for("tracking.matter", number=printed))
    case = access.find_case(printed)
    return _page(case) if case else visitors.silent_round() or _ask(printed)


def _moves(name: str, action: str, schema: type[Input], run: Run) -> None:
    """Add the form's target `POST /m/<number>/{name}`: makes the move, or gives the form back as it was typed."""

    def view(number: str) -> Any:
        case = access.find_case(number)
        if case is None:
            return redirect(url_for("tracking.matter", number=number), 303)
        try:
            body = read_body(schema())
            body["files"] = keep_photos(request.files.getlist("photos"))
            with unit_of_work():
                run(access.actor_for(case), case.number, body)
        except (Invalid, WrongState, Conflict) as error:
            errors = error.errors if isinstance(error, Invalid) else {}
            return _page(case, Refused(name, error.detail, errors), status_of(error))
        return redirect(url_for("tracking.matter", number=case.number, done=name), 303)

    view.__name__, view.__doc__ = name, schema.__doc__
    blueprint.post(f"/<number>/{name}")(guard(action)(submission_limit(view)))


_moves(
    "additions",
    "matter.add",
    schemas.AdditionIn,
    lambda actor, number, body: intake.add(actor, number, body["text"], body["files"], now=now()),
)
_moves(
    "rating",
    "matter.rate",
    schemas.RatingIn,
    lambda actor, number, body: ratings.rate(
        actor, number, ratings.Opinion(body["result"], body["attitude"], body["speed"], body["text"]), now=now()
    ),
)
_moves(
    "withdrawal",
    "matter.withdraw",
    schemas.WithdrawalIn,
    lambda actor, number, body: intake.withdraw(actor, number, body["reason"], now=now()),
)
_moves(
    "reopening",
    "matter.reopen",
    schemas.ReopeningIn,
    lambda actor, number, body: ratings.ask_again(actor, number, body["text"], now=now()),
)


def _opened(number: str, code: str) -> Response:
    """Keep the code and go to the address without it. Raises NotFound."""
    case = access.open_case(number, code)
    access.remember(case.number, code)
    return redirect(url_for("tracking.matter", number=case.number), 303)


def _ask(number: str, error: str = "", status: int = 200) -> Response:
    return Response(render_template("resident/look_up.html", number=number, error=error), status)


def _page(case: Case, refused: Refused | None = None, status: int = 200) -> Response:
    dossier = dossiers.get_dossier(access.actor_for(case), case.number, wiring().keys, now())
    page = render_template(
        "resident/matter.html",
        dossier=dossier,
        case=dossier.case,
        code=access.find_code(case.number),
        own=visitors.find_own(case.number) is not None,
        known=visitors.current() is not None,
        spot=vault.find_place(case.id, wiring().keys),
        phases=list(Phase),
        refused=refused,
        typed=request.form,
        fresh=request.args.get("receipt", ""),
        done=request.args.get("done", ""),
        most_photos=MAX_PHOTOS,
    )
    return Response(page, status)
