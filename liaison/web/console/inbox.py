"""The home page: for each who works, the boxes of work with their counts, saved views, and one page of rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from flask import render_template, request

from liaison.domain.actors import DEPARTMENT_ROLES, OFFICE_ROLES, Actor, Role
from liaison.domain.errors import Invalid
from liaison.domain.policy import may
from liaison.domain.workflow import ASSIGNMENT, MATTER
from liaison.services import inboxes, saved_views
from liaison.services.figures import DUTIES, FIGURES
from liaison.services.listing import Place, Row
from liaison.services.wanted import ANY, Sort, Wanted
from liaison.web.console.filters import Filters
from liaison.web.console.frame import blueprint, is_plain
from liaison.web.console.narrowing import FILTERS, as_query, from_query, here, read_wanted
from liaison.web.guards import current_actor, guard
from liaison.web.paging import DEFAULT_LIMIT, list_page
from liaison.web.wiring import now

Fetch = Callable[[Wanted, Place | None, int], list[Row]]
SIZES = (DEFAULT_LIMIT, 50, 100)
LOOKED_BACK_ON = ("done", "all", "today")
"""Boxes in which nothing presses: the newest comes first."""


@dataclass(frozen=True)
class Desk:
    """The boxes of one role: their counts (None where nobody counts), the one shown, and where its rows come from."""

    counts: Mapping[str, int | None]
    box: str
    fetch: Fetch
    states: Mapping[str, object] = field(default_factory=lambda: MATTER.states)

    @property
    def usual(self) -> Sort:
        """The order nobody has to ask for."""
        return Sort.NEWEST if self.box in LOOKED_BACK_ON else Sort.URGENT


@blueprint.get("/")
@guard("console.home")
def home() -> str | tuple[str, int]:
    """The viewer's work; roles whose work comes in later versions read what it will be."""
    actor, at = current_actor(), now()
    if is_plain(actor.role):
        return render_template("console/plain.html", role=actor.role)
    return inbox_page(actor, at)


def inbox_page(actor: Actor, at: datetime, errors: Mapping[str, list[str]] | None = None) -> str | tuple[str, int]:
    """One page of one box; filters that make no sense are said to, and narrow nothing."""
    desk, wanted, errors = desk_of(actor, at), ANY, dict(errors or {})
    try:
        wanted = read_wanted(request.args, desk.usual)
    except Invalid as error:
        errors |= error.errors
    rows, following = list_page(lambda after, limit: desk.fetch(wanted, after, limit))
    kept = here(request.args)
    views = [(name, from_query(query)) for name, query in saved_views.listed(actor)]
    shown = render_template(
        "console/inbox.html",
        desk=desk,
        rows=rows,
        following=following,
        asked=request.args,
        here=kept,
        query=as_query(kept),
        exports=may(actor.role, "inbox.export"),
        export_of={"box": desk.box} | {name: value for name, value in kept.items() if name != "limit"},
        is_narrowed=any(kept.get(name) for name in FILTERS),
        views=views,
        view=next((name for name, query in views if query == kept), None),
        wanted=wanted,
        sizes=SIZES,
        errors=errors,
        filters=Filters(actor),
        duties=actor.role in DEPARTMENT_ROLES,
        figures=_figures(actor),
    )
    return (shown, 422) if errors else shown


def _figures(actor: Actor) -> tuple[str, ...]:
    """The figures of overviews that this role's lists may be narrowed to."""
    return FIGURES if may(actor.role, "overview.read") else DUTIES if may(actor.role, "overview.duties") else ()


def desk_of(actor: Actor, at: datetime) -> Desk:
    """The boxes of whoever asks, with the one the address names."""
    box = request.args.get("box", "todo")
    if actor.role in OFFICE_ROLES:
        return _office_desk(actor, at)
    if actor.role in DEPARTMENT_ROLES:
        counts = inboxes.department_counts(actor, at)
        fetch = partial(inboxes.department_box, actor, box, at)
        return Desk(counts, box, lambda w, a, n: fetch(wanted=w, after=a, limit=n), ASSIGNMENT.states)
    if actor.role is Role.DEPUTY:
        counts = inboxes.deputy_counts(actor)
        return Desk(counts, box, lambda w, a, n: inboxes.deputy_box(actor, box, at, wanted=w, after=a, limit=n))
    return Desk({"all": None}, "all", lambda w, a, n: inboxes.station_box(actor, at, wanted=w, after=a, limit=n))


def _office_desk(actor: Actor, at: datetime) -> Desk:
    """The office's boxes; without a box asked for, the first that holds work."""
    counts = inboxes.office_counts(actor, at) | {"all": None}
    is_narrowed = any(request.args.get(name) for name in FILTERS)
    first = next((box for box in ("screening", "dispatch", "decisions") if counts[box]), "screening")
    box = request.args.get("box") or ("all" if is_narrowed else first)
    return Desk(counts, box, lambda w, a, n: inboxes.office_box(actor, box, at, wanted=w, after=a, limit=n))
