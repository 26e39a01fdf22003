"""The register of stations. A new one has its public code at once, and by it its QR code and poster."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select

from liaison import wall
from liaison.db import session
from liaison.domain.registers import CAPABILITIES, STATION_KINDS, make_station_code
from liaison.models.cases import Case
from liaison.models.people import Account
from liaison.models.stations import Station
from liaison.services.register_sheets import LINE, NAME, Kind, Sheet, Values, count, region_code

BLANK = {
    "code": "",
    "name": "",
    "kind": "",
    "region": "",
    "address": "",
    "opening": "",
    "capabilities": [],
    "screening": True,
}


def open_matters(station: Station) -> int:
    """How many matters told at this station are not closed, whoever may see them; they go on when it is retired."""
    with wall.behind():
        return count(select(Case.id).where(Case.station_id == station.id, Case.closed_at.is_(None)))


def hanging_on(station: Station) -> dict[str, Any]:
    """What hangs on a station: its liaisons' accounts, and the open matters told there."""
    own = (Account.station_id == station.id, Account.active)
    return {
        "open": open_matters(station),
        "accounts": session.scalars(select(Account).where(*own).order_by(Account.name)).all(),
    }


def _read(row: Station) -> Values:
    return {
        "code": row.code,
        "name": row.name,
        "kind": row.kind,
        "region": region_code(row),
        "address": row.address,
        "opening": row.opening,
        "capabilities": sorted(row.capabilities),
        "screening": row.screening,
    }


def _check(sheet: Sheet) -> Values:
    region = sheet.region()
    name = sheet.text("name", NAME, required=True)
    if region and name:
        sheet.refuse_namesake("name", Station, Station.region_id == region.id, where=region.name)
    return {
        "name": name,
        "kind": sheet.choice("kind", STATION_KINDS, "站点类型"),
        "region_id": region.id if region else None,
        "address": sheet.text("address", LINE),
        "opening": sheet.text("opening", LINE),
        "capabilities": sheet.codes("capabilities", CAPABILITIES, "功能"),
        "screening": sheet.values["screening"],
    }


def _make_code(name: str, taken: Collection[str]) -> str:
    return make_station_code(taken)


STATIONS = Kind("station", "联络站", Station, BLANK, _read, _check, _make_code)
