"""The deputies' JSON, for the mini-program."""

from typing import Any

from apiflask import APIBlueprint

from liaison.services import deputy_lists
from liaison.web.answers import DeputyQuery, RowsOut, StaffMatterOut
from liaison.web.described import describe
from liaison.web.endpoints import add_moves, box
from liaison.web.forms import DEPUTY_FORMS
from liaison.web.guards import current_actor, guard
from liaison.web.paging import list_page
from liaison.web.projections import row_json, staff_matter
from liaison.web.reading import read_dossier, read_moved
from liaison.web.wiring import now

api = APIBlueprint("deputy", __name__, url_prefix="/api/v1/deputy", tag="Deputy")


@api.get("/matters")
@describe(RowsOut, query=DeputyQuery)
@guard("deputy.list")
def matters() -> Any:
    """The deputy's matters of one box: todo, doing or done."""
    actor, at, wanted = current_actor(), now(), box()
    rows, following = list_page(
        lambda after, limit: deputy_lists.deputy_page(actor, wanted, at, after=after, limit=limit)
    )
    return {"items": [row_json(row) for row in rows], "next": following}


@api.get("/matters/<reference>")
@describe(StaffMatterOut, refuses=(404,))
@guard("deputy.read")
def matter(reference: str) -> Any:
    """One of the deputy's matters."""
    return staff_matter(read_dossier(reference))


add_moves(
    api,
    "/matters/<reference>",
    DEPUTY_FORMS,
    StaffMatterOut,
    lambda number: staff_matter(read_moved(number)),
)
