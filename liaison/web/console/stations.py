"""Stations and their duty rosters, for the office and for a station's own liaison."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from liaison.domain.errors import Invalid
from liaison.services import rosters, station_tree
from liaison.services.register_lists import Wanted
from liaison.web.console.choices import Choices
from liaison.web.console.frame import blueprint
from liaison.web.console.inputs import AbsenceIn, SwitchIn, TurnIn
from liaison.web.console.register_faces import FACES
from liaison.web.guards import current_actor, guard
from liaison.web.uploads import read_body
from liaison.web.wiring import now, today, unit_of_work

LONGEST = 50
FILTERS = {"words": "q", "region": "region", "kind": "kind", "capability": "capability", "state": "state"}


@blueprint.get("/stations")
@guard("roster.read")
def station_list() -> str:
    """The stations within reach as a tree of regions, with how alive each is."""
    actor, asked = current_actor(), {name: value.strip()[:LONGEST] for name, value in request.args.items()}
    wanted = Wanted(**{part: asked.get(name, "") for part, name in FILTERS.items()})
    return render_template(
        "console/stations.html",
        tree=station_tree.tree(actor, wanted, now()),
        faces=FACES,
        asked=asked,
        here={name: asked[name] for name in FILTERS.values() if asked.get(name)},
        choices=Choices(actor),
        days=station_tree.UNSCANNED.days,
    )


@blueprint.get("/stations/<code>")
@guard("roster.read")
def station_page(code: str) -> str:
    """One station: its roster, who is next, its QR code and poster."""
    return _page(code)


@blueprint.post("/stations/<code>/turn")
@guard("roster.write")
def station_turn(code: str) -> Response | tuple[str, int]:
    """Move a deputy up or down the roster, put one on it or take one off."""
    actor = current_actor()
    try:
        body = read_body(TurnIn())
        with unit_of_work():
            match body["act"]:
                case "add":
                    rosters.add_turn(actor, code, body["deputy"])
                case "drop":
                    rosters.drop_turn(actor, code, body["deputy"])
                case act:
                    rosters.move_turn(actor, code, body["deputy"], up=act == "up")
    except Invalid as error:
        return _page(code, error), 422
    return _back(code, "名册已更新。")


@blueprint.post("/stations/<code>/absence")
@guard("roster.write")
def station_absence(code: str) -> Response | tuple[str, int]:
    """Write until when a deputy is away, or that the deputy is back."""
    try:
        body = read_body(AbsenceIn())
        with unit_of_work():
            deputy = rosters.set_absence(current_actor(), code, body["deputy"], body["absent_until"], today=today())
    except Invalid as error:
        return _page(code, error), 422
    return _back(code, f"{deputy.name}：{'已登记请假。' if deputy.absent_until else '已销假。'}")


@blueprint.post("/stations/<code>/screening")
@guard("roster.screening")
def station_screening(code: str) -> Response:
    """Have the office screen what is told at this station, or not."""
    body = read_body(SwitchIn())
    with unit_of_work():
        rosters.set_screening(current_actor(), code, body["on"], now())
    return _back(code, "已开启初审。" if body["on"] else "已关闭初审，新事项直接交当值代表。")


def _back(code: str, words: str) -> Response:
    flash(words)
    return redirect(url_for("console.station_page", code=code), 303)


def _page(code: str, error: Invalid | None = None) -> str:
    roster = rosters.get_roster(current_actor(), code, now())
    standing = {turn.deputy.id for turn in roster.turns}
    around = rosters.deputies_to_take_over(roster.station.region.path, able=False)
    return render_template(
        "console/station.html",
        roster=roster,
        station=roster.station,
        others=[deputy for deputy in around if deputy.id not in standing],
        error=error,
        typed=request.form,
        today=today(),
    )
