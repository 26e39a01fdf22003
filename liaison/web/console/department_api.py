"""The departments' JSON."""

from collections.abc import Callable
from functools import partial
from typing import Any

from apiflask import APIBlueprint

from liaison.domain.errors import NotFound
from liaison.services import inboxes
from liaison.services.dossiers import Dossier
from liaison.web.answers import AssignmentOut, DepartmentQuery, RowsOut
from liaison.web.described import describe
from liaison.web.endpoints import add_moves, box
from liaison.web.forms import DEPARTMENT_FORMS
from liaison.web.guards import current_actor, guard
from liaison.web.paging import list_page
from liaison.web.projections import assignment_matter, row_json
from liaison.web.reading import read_dossier, read_moved
from liaison.web.wiring import now

api = APIBlueprint("department", __name__, url_prefix="/api/v1/department", tag="Department")


def read_assignment(reference: str, read: Callable[[str], Dossier] = read_dossier) -> Any:
    """One assignment of the department with its matter. Raises NotFound for another department's."""
    number = reference.rpartition(".")[0]
    dossier, department_id = read(number), current_actor().department_id
    own = [duty for duty in dossier.duties if duty.assignment.department_id == department_id]
    if reference not in [duty.reference for duty in own]:
        raise NotFound()
    return assignment_matter(dossier, reference)


@api.get("/assignments")
@describe(RowsOut, query=DepartmentQuery)
@guard("assignment.list")
def assignments() -> Any:
    """The department's assignments of one box: todo, doing or done."""
    actor, at, wanted = current_actor(), now(), box()
    rows, following = list_page(
        lambda after, limit: inboxes.department_box(actor, wanted, at, after=after, limit=limit)
    )
    return {"items": [row_json(row) for row in rows], "next": following}


@api.get("/assignments/<reference>")
@describe(AssignmentOut, refuses=(404,))
@guard("assignment.read")
def assignment(reference: str) -> Any:
    """One of the department's assignments."""
    return read_assignment(reference)


add_moves(api, "/assignments/<reference>", DEPARTMENT_FORMS, AssignmentOut, partial(read_assignment, read=read_moved))
