"""The office's JSON."""

from typing import Any

from apiflask import APIBlueprint
from flask import request

from liaison.services import inboxes, reveals
from liaison.services.wanted import Wanted
from liaison.web.answers import OfficeQuery, RowsOut, StaffMatterOut
from liaison.web.described import describe
from liaison.web.endpoints import MOVE_REFUSES, add_moves
from liaison.web.forms import OFFICE_FORMS
from liaison.web.guards import current_actor, guard
from liaison.web.paging import list_page
from liaison.web.projections import row_json, staff_matter
from liaison.web.reading import read_dossier, read_moved
from liaison.web.schemas import Decision, Nothing
from liaison.web.uploads import read_body
from liaison.web.wiring import now, unit_of_work

api = APIBlueprint("office", __name__, url_prefix="/api/v1/office", tag="Office")


def moved_matter(number: str) -> Any:
    """One matter of the office's region, in the transaction that moved it."""
    return staff_matter(read_moved(number))


@api.get("/matters")
@describe(RowsOut, query=OfficeQuery)
@guard("office.list")
def matters() -> Any:
    """The office's matters of one box, narrowed by words, state and department."""
    actor, at, asked = current_actor(), now(), request.args
    wanted = Wanted(asked.get("q", ""), asked.get("state", ""), asked.get("department", ""))
    box = asked.get("box", "all")
    rows, following = list_page(
        lambda after, limit: inboxes.office_box(actor, box, at, wanted=wanted, after=after, limit=limit)
    )
    return {"items": [row_json(row) for row in rows], "next": following}


@api.get("/matters/<reference>")
@describe(StaffMatterOut, refuses=(404,))
@guard("office.read")
def matter(reference: str) -> Any:
    """One matter of the office's region."""
    return staff_matter(read_dossier(reference))


@api.post("/matters/<reference>/reveals/<int(max=9999):position>/decision")
@describe(StaffMatterOut, takes=Decision, refuses=MOVE_REFUSES)
@guard("office.reveal_decision")
def decide_reveal(reference: str, position: int) -> Any:
    """Grant or decline a request to learn who the resident is."""
    body = read_body(Decision())
    with unit_of_work():
        reveals.decide_reveal(current_actor(), reference, position, body["approve"], body["text"], now=now())
        return moved_matter(reference)


@api.post("/matters/<reference>/reveals/<int(max=9999):position>/end")
@describe(StaffMatterOut, takes=Nothing, refuses=MOVE_REFUSES)
@guard("office.reveal_end")
def end_reveal(reference: str, position: int) -> Any:
    """Let who the resident is be seen no longer, before the time is over."""
    read_body(Nothing())
    with unit_of_work():
        reveals.end_reveal(current_actor(), reference, position, now=now())
        return moved_matter(reference)


add_moves(api, "/matters/<reference>", OFFICE_FORMS, StaffMatterOut, moved_matter)
