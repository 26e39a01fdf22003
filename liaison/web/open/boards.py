"""The board on a wall: a screen is paired once with a code, and its own cookie then opens these pages and no others."""

from collections.abc import Mapping
from datetime import timedelta

from flask import Blueprint, current_app, make_response, redirect, render_template, request, url_for
from marshmallow import fields, validate
from werkzeug.wrappers import Response

from liaison.domain.errors import Invalid
from liaison.services import boards
from liaison.web.fields import Input
from liaison.web.guards import NotSignedIn, guard
from liaison.web.limits import pairing_limit
from liaison.web.uploads import read_body
from liaison.web.whereabouts import origin
from liaison.web.wiring import now, unit_of_work

blueprint = Blueprint("boards", __name__, url_prefix="/wall")
COOKIE = "board"
LONGEST_CODE = 40  # characters: sixteen, however they are set apart
MOST = 6  # lines that can be read from across a room
OVER = "这块屏幕的授权已到期或被收回，请人大办负责人重新生成配对码。"


class PairIn(Input):
    """The code of a screen."""

    code = fields.String(required=True, validate=validate.Length(1, LONGEST_CODE, error="请输入配对码。"))


@blueprint.get("")
@guard("board.show")
def show() -> Response | str:
    """The board of this screen, or the form to pair it."""
    try:
        told = _told()
    except NotSignedIn:
        return redirect(url_for("boards.pair_form"))
    return render_template("wall.html", **told)


@blueprint.get("/figures")
@guard("board.show")
def figures() -> Response | str:
    """The piece of it that is asked for every minute."""
    try:
        return render_template("_wall.html", **_told())
    except NotSignedIn:
        return Response(OVER, 401, mimetype="text/plain")


@blueprint.get("/pair")
@guard("board.show")
def pair_form() -> str:
    """The form for the code."""
    return _form()


@blueprint.post("/pair")
@guard("board.show")
@pairing_limit
def pair() -> Response | tuple[str, int]:
    """Pair this screen: its cookie is sent to these pages alone."""
    try:
        body = read_body(PairIn())
        with unit_of_work():
            board, token = boards.pair(body["code"], origin(), now())
    except Invalid as error:
        return _form(error), 422
    answer = make_response(redirect(url_for("boards.show"), 303))
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    told = {"max_age": boards.LASTS - _age(board), "httponly": True, "secure": secure, "samesite": "Strict"}
    answer.set_cookie(COOKIE, token, path=blueprint.url_prefix, **told)
    return answer


def _age(board: boards.Board) -> timedelta:
    return max(timedelta(), now() - board.created_at)


def _told() -> Mapping[str, object]:
    """What the board shows. Raises NotSignedIn without a key that opens it."""
    at = now()
    with unit_of_work():
        board = boards.find(request.cookies.get(COOKIE, ""), at)
    if board is None:
        raise NotSignedIn(OVER)
    return {"shown": boards.figures(board, at), "at": at, "most": MOST}


def _form(error: Invalid | None = None) -> str:
    was_paired = COOKIE in request.cookies and error is None
    return render_template("wall_pair.html", error=error, over=OVER if was_paired else "", typed=request.values)
