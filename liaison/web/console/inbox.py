"""The home page: for each who works, the boxes of work with their counts and one page of rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import render_template, request

from liaison.domain.actors import DEPARTMENT_ROLES, OFFICE_ROLES, Actor, Role
from liaison.services import inboxes
from liaison.services.inboxes import Row
from liaison.web.console.choices import Choices
from liaison.web.console.frame import blueprint, is_plain
from liaison.web.guards import current_actor, guard
from liaison.web.paging import Cursor, page
from liaison.web.wiring import now

Fetch = Callable[[Cursor | None, int], list[Row]]


@dataclass(frozen=True)
class Desk:
    """The boxes of one role: their counts (None where nobody counts), the one shown, and where its rows come from."""

    counts: Mapping[str, int | None]
    box: str
    fetch: Fetch
    searches: bool = False


@blueprint.get("/")
@guard("console.home")
def home() -> str:
    """The viewer's work; roles whose work comes in later versions read what it will be."""
    actor, at = current_actor(), now()
    if is_plain(actor.role):
        return render_template("console/plain.html", role=actor.role)
    desk = _desk(actor, at)
    rows, following = page(desk.fetch, lambda row: row.cursor)
    return render_template(
        "console/inbox.html",
        desk=desk,
        rows=rows,
        following=following,
        asked=request.args,
        choices=Choices(actor) if desk.searches else None,
        duties=actor.role in DEPARTMENT_ROLES,
    )


def _desk(actor: Actor, at: datetime) -> Desk:
    if actor.role in OFFICE_ROLES:
        return _office_desk(actor, at)
    if actor.role in DEPARTMENT_ROLES:
        box = request.args.get("box", "todo")
        counts = inboxes.department_counts(actor, at)
        return Desk(counts, box, lambda after, n: inboxes.department_box(actor, box, at, after=after, limit=n))
    if actor.role is Role.DEPUTY:
        box = request.args.get("box", "todo")
        counts = inboxes.deputy_counts(actor)
        return Desk(counts, box, lambda after, n: inboxes.deputy_box(actor, box, at, after=after, limit=n))
    return Desk({"all": None}, "all", lambda after, n: inboxes.station_box(actor, at, after=after, limit=n))


def _office_desk(actor: Actor, at: datetime) -> Desk:
    """The office's boxes; without a box asked for, the first that holds work."""
    asked = request.args
    counts = inboxes.office_counts(actor, at) | {"all": None}
    filters = {name: asked.get(key, "") for name, key in _FILTERS.items()}
    first = next((box for box in ("screening", "dispatch", "decisions") if counts[box]), "screening")
    box = asked.get("box") or ("all" if any(filters.values()) else first)
    return Desk(
        counts, box, lambda after, n: inboxes.office_box(actor, box, at, **filters, after=after, limit=n), searches=True
    )


_FILTERS = {"query": "q", "state": "state", "department": "department"}
