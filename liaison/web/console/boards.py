"""The screens on walls of a region: made, listed with when they were last seen, closed."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from marshmallow import fields
from werkzeug.wrappers import Response

from liaison.domain.errors import Invalid, NotFound
from liaison.services import boards
from liaison.services.departments import regions_within
from liaison.web.console.frame import blueprint
from liaison.web.fields import Input, Words
from liaison.web.guards import current_actor, guard
from liaison.web.uploads import read_body
from liaison.web.wiring import now, unit_of_work, wiring

NAME = 30  # characters: "信访大厅东墙"


class BoardIn(Input):
    """Where a screen hangs, and of which region it shows the board."""

    name = Words(2, NAME, required=True)
    region = fields.String(required=True)


@blueprint.get("/boards")
@guard("boards.read")
def board_list() -> str:
    """The screens within reach."""
    return _page()


@blueprint.post("/boards")
@guard("boards.write")
def board_add() -> str | tuple[str, int]:
    """Make one; its code is shown this once."""
    try:
        body = read_body(BoardIn())
        with unit_of_work():
            board, code = boards.add(current_actor(), body["name"], body["region"], now())
    except Invalid as error:
        return _page(error), 422
    except NotFound:
        return _page(Invalid({"region": ["请从列表中选择一个区域。"]})), 422
    address = wiring().config.base_url.rstrip("/") + url_for("boards.pair_form")
    return render_template("console/board_added.html", board=board, code=code, address=address)


@blueprint.post("/boards/<uuid:board_id>/close")
@guard("boards.write")
def board_close(board_id: UUID) -> Response:
    """Close one at once."""
    with unit_of_work():
        board = boards.revoke(current_actor(), board_id, now())
    flash(f"已收回“{board.name}”，它不能再显示数据。")
    return redirect(url_for("console.board_list"), 303)


def _page(error: Invalid | None = None) -> str:
    at, actor = now(), current_actor()
    return render_template(
        "console/boards.html",
        boards=boards.boards_within(actor, at),
        regions=regions_within(actor),
        pairs_until=at - boards.PAIRED_WITHIN,
        error=error,
        errors=error.errors if error else {},
        typed=request.form,
        at=at,
    )
