"""The public roster of deputies: everybody can find the own deputy, and see what was published of their work."""

from flask import Blueprint, render_template, request

from liaison.services import deputies, publication, stations
from liaison.web.guards import guard
from liaison.web.paging import page

blueprint = Blueprint("deputies", __name__, url_prefix="/deputies")
PER_PAGE, MOST_SKIPPED = 20, 10_000
LONGEST_QUERY = 50


@blueprint.get("")
@guard("public.read")
def listing() -> str:
    """All deputies as their names are read out, those of one station, those that a search finds."""
    query, station = (request.args.get(name, "").strip()[:LONGEST_QUERY] for name in ("q", "station"))
    skip = min(max(0, request.args.get("skip", 0, type=int)), MOST_SKIPPED)
    found = deputies.search(query, station=station, skip=skip, limit=PER_PAGE + 1)
    shown = found[:PER_PAGE]
    return render_template(
        "resident/deputies.html",
        rows=shown,
        met=deputies.stations_of(shown),
        answered=deputies.answered_by(shown),
        q=query,
        station=stations.get_station(station) if station else None,
        next=skip + PER_PAGE if len(found) > PER_PAGE else None,
    )


@blueprint.get("/<code>")
@guard("public.read")
def one(code: str) -> str:
    """One deputy: where to be met, and every published answer, newest first."""
    found = deputies.get_deputy(code)
    rows, following = page(
        lambda after, limit: publication.published(deputy_id=found.id, after=after, limit=limit),
        lambda row: (row.published_at, row.case_id),
    )
    return render_template(
        "resident/deputy.html",
        deputy=found,
        met=deputies.stations_of([found]).get(found.id, []),
        count=deputies.answered_by([found]).get(found.id, 0),
        rows=rows,
        next=following,
    )
