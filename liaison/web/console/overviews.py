"""The overview and the board on the wall: figures that each open the list of what they count."""

from collections.abc import Callable

from flask import render_template, request, url_for

from liaison.domain.errors import Invalid
from liaison.services import overviews
from liaison.services.figures import CURRENT
from liaison.services.overviews import PERIODS, Line, Period
from liaison.web.console.frame import blueprint
from liaison.web.guards import current_actor, guard
from liaison.web.wiring import now

MOST_ON_BOARD = 6
"""Lines that can be read from across a room."""


@blueprint.get("/overview")
@guard("overview.read")
def overview_page() -> str | tuple[str, int]:
    """The figures of a period that may be asked for."""
    actor, at, error = current_actor(), now(), None
    try:
        found = overviews.overview(actor, request.args.get("period", PERIODS[0]), now=at)
    except Invalid as refused:
        error, found = refused, overviews.overview(actor, PERIODS[0], now=at)
    page = render_template(
        "console/overview.html",
        found=found,
        weeks=overviews.weeks(actor, found.period),
        health=sorted(overviews.health(actor, now=at), key=lambda each: not each.silent),
        busy=[line for line in found.stations if line.counts["received"] or line.counts["open"]],
        periods=PERIODS,
        least=found.total.least,
        silent=overviews.silent_days(actor),
        at=at,
        opens=_opening(found.period),
        error=error,
    )
    return (page, 422) if error else page


@blueprint.get("/duties")
@guard("overview.duties")
def duties_page() -> str | tuple[str, int]:
    """A department's own figures."""
    actor, at, error = current_actor(), now(), None
    try:
        period, line = overviews.own_duties(actor, request.args.get("period", PERIODS[0]), now=at)
    except Invalid as refused:
        error, (period, line) = refused, overviews.own_duties(actor, PERIODS[0], now=at)
    page = render_template(
        "console/duties.html",
        period=period,
        line=line,
        periods=PERIODS,
        least=line.least,
        at=at,
        opens=_opening(period),
        error=error,
    )
    return (page, 422) if error else page


@blueprint.get("/board")
@guard("overview.read")
def board_page() -> str:
    """The same for a screen on a wall: no matter is named, nor any person."""
    return render_template("console/board.html", **_board())


@blueprint.get("/board/figures")
@guard("overview.read")
def board_figures() -> str:
    """The piece of the board that is asked for again and again, which keeps no session alive."""
    return render_template("console/_board.html", **_board())


def _board() -> dict:
    at = now()
    found = overviews.overview(current_actor(), "today", now=at)
    places = _fullest(found.stations, "open"), _fullest(found.departments, "duty_open")
    return {"found": found, "places": places, "at": at, "most": MOST_ON_BOARD}


def _fullest(lines: object, figure: str) -> list[Line]:
    """Those with the most in hand first; who has done well or badly is no matter for a wall."""
    return sorted(lines, key=lambda line: -line.counts[figure])


def _opening(period: Period) -> Callable[..., str]:
    """How a figure's list is addressed: with the period's days, but for a figure of this very moment."""
    days = {"told_from": period.since.isoformat(), "told_until": period.until.isoformat()}

    def opens(figure: str, **narrowed: str) -> str:
        asked = {} if figure in CURRENT else days
        return url_for("console.home", **{"box": "all", "figure": figure} | asked | narrowed)

    return opens
