"""What the office prints and sticks on walls: a station's QR code and its poster. Public, and costly to draw."""

from dataclasses import replace
from functools import lru_cache

from flask import Blueprint, Response

from liaison.domain.station_codes import station_scene, station_url
from liaison.services import posters, stations
from liaison.services.posters import PosterStation
from liaison.services.station_pictures import mini_code
from liaison.web.guards import guard
from liaison.web.labels import label
from liaison.web.wiring import unit_of_work, wiring

blueprint = Blueprint("printing", __name__, url_prefix="/s/<code>")
AN_HOUR = 3600


@blueprint.get("/qr.png")
@guard("asset.read")
def qr_png(code: str) -> Response:
    """The code as a picture of 600 pixels."""
    return _cached(_png(poster_of(stations.get_station(code)).url), "image/png", f"{code}.png")


@blueprint.get("/qr.svg")
@guard("asset.read")
def qr_svg(code: str) -> Response:
    """The code for printers that want no pixels."""
    return _cached(_svg(poster_of(stations.get_station(code)).url), "image/svg+xml", f"{code}.svg")


@blueprint.get("/poster.pdf")
@guard("asset.read")
def poster(code: str) -> Response:
    """The A4 sheet, with the mini-program's code where there is one."""
    with unit_of_work():
        facts = poster_of(stations.get_station(code))
    sheet = _pdf(with_mini_code(facts))
    return _cached(sheet, "application/pdf", f"{code}.pdf", "attachment")  # browsers show no document in a sandbox


_png = lru_cache(maxsize=256)(posters.qr_png)
_svg = lru_cache(maxsize=256)(posters.qr_svg)
_pdf = lru_cache(maxsize=32)(posters.poster_pdf)


def poster_of(found: stations.Station) -> PosterStation:
    """What a station's poster shows."""
    return PosterStation(
        name=found.name,
        kind_label=label("kind", found.kind),
        code=found.code,
        address=found.address,
        opening=found.opening,
        url=station_url(wiring().config.base_url, found.code, wiring().keys.stations),
    )


def with_mini_code(facts: PosterStation) -> PosterStation:
    """The poster with the mini-program's code beside the other; without it while WeChat gives none.

    Asks WeChat, so it must stand in no transaction.
    """
    codes = wiring().codes
    if codes is None:
        return facts
    scene = station_scene(facts.code, wiring().keys.stations)
    return replace(facts, mini_code=mini_code(codes, scene, wiring().store, wiring().once))


def _cached(data: bytes, mime: str, name: str, disposition: str = "inline") -> Response:
    answer = Response(data, mimetype=mime)
    answer.headers["Content-Disposition"] = f'{disposition}; filename="{name}"'
    answer.cache_control.public, answer.cache_control.max_age = True, AN_HOUR
    answer.add_etag()
    return answer
