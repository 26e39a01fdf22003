"""The register of deputies: of which level and unit, met at which stations, leading which departments."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from liaison import wall
from liaison.db import session
from liaison.domain.calendar import local_day
from liaison.domain.registers import ALSO_PROVINCIAL, DEPUTY_LEVELS
from liaison.models.cases import Case
from liaison.models.departments import Department
from liaison.models.people import Account, Deputy, Leadership
from liaison.models.regions import Region
from liaison.models.stations import DutyChange, DutyTurn, Station
from liaison.services import conflicts
from liaison.services.reach import region_around, station_within
from liaison.services.register_sheets import LINE, NAME, Kind, Sheet, Values, count, initials, region_code
from liaison.services.spelling import spell

BLANK = {
    "code": "",
    "name": "",
    "level": "",
    "region": "",
    "unit": "",
    "occupation": "",
    "term": "",
    "groups": [],
    "stations": [],
    "leads": [],
}
MOST_GROUPS = 10


def open_matters(deputy: Deputy) -> int:
    """How many matters that are not closed are this deputy's, whoever may see them (see `open_assignments`)."""
    with wall.behind():
        return count(select(Case.id).where(Case.deputy_id == deputy.id, Case.closed_at.is_(None)))


def hanging_on(deputy: Deputy) -> dict[str, Any]:
    """What hangs on a deputy: the account, open matters, the stations on whose roster, the departments led."""
    stands = select(Station).join(DutyTurn).where(DutyTurn.deputy_id == deputy.id)
    led = select(Department).join(Leadership).where(Leadership.deputy_id == deputy.id)
    return {
        "open": open_matters(deputy),
        "accounts": session.scalars(select(Account).where(Account.deputy_id == deputy.id, Account.active)).all(),
        "stations": session.scalars(stands.order_by(Station.name, Station.code)).all(),
        "departments": session.scalars(led.order_by(Department.name, Department.code)).all(),
    }


def _read(row: Deputy) -> Values:
    stands = select(Station.code).join(DutyTurn).where(DutyTurn.deputy_id == row.id)
    led = select(Department.code).join(Leadership).where(Leadership.deputy_id == row.id)
    return {
        "code": row.code,
        "name": row.name,
        "level": row.level,
        "region": region_code(row),
        "unit": row.unit,
        "occupation": row.occupation,
        "term": row.term,
        "groups": list(row.groups),
        "stations": sorted(session.scalars(stands)),
        "leads": sorted(session.scalars(led)),
    }


def _check(sheet: Sheet) -> Values:
    region = sheet.region()
    name, unit = sheet.text("name", NAME, required=True), sheet.text("unit", LINE)
    if sheet.values["level"] == ALSO_PROVINCIAL and sheet.before.get("level") != ALSO_PROVINCIAL:
        sheet.values["level"] = "provincial"
    level = sheet.choice("level", DEPUTY_LEVELS, "代表层级")
    if region and name:
        same = (Deputy.level == level, Deputy.unit == unit, Deputy.region_id == region.id)
        sheet.refuse_namesake("name", Deputy, *same, where="同一选举单位")
    if len(sheet.values["groups"]) > MOST_GROUPS:
        sheet.refuse("groups", f"专业小组最多 {MOST_GROUPS} 个。")
    sheet.codes("stations", _stations(sheet), "联络站")
    sheet.codes("leads", _departments(sheet), "承办单位")
    if sheet.row is not None and not sheet.row.active and sheet.values["stations"]:
        sheet.refuse("stations", "这位代表已停用，请先恢复，再排进值班名册。")
    return {
        "name": name,
        "name_pinyin": spell(name),
        "level": level,
        "unit": unit,
        "region_id": region.id if region else None,
        "occupation": sheet.text("occupation", LINE),
        "term": sheet.text("term", NAME),
        "groups": sheet.values["groups"],
    }


def _stations(sheet: Sheet) -> set[str]:
    return set(session.scalars(select(Station.code).where(Station.active, station_within(sheet.actor))))


def _departments(sheet: Sheet) -> set[str]:
    around = region_around(sheet.actor, Region.path)
    rows = select(Department.code).join(Region, Region.id == Department.region_id).where(Department.active, around)
    return set(session.scalars(rows))


def _settle(sheet: Sheet, row: Deputy, now: datetime) -> Values:
    """Put the deputy on the rosters told and off the others; take away what a led department is in conflict with."""
    was, now_at = set(sheet.before.get("stations", ())), set(sheet.values["stations"])
    _leave(row, was - now_at)
    for station in session.scalars(select(Station).where(Station.code.in_(now_at - was)).order_by(Station.code)):
        rosters_last = select(DutyTurn.position).where(DutyTurn.station_id == station.id)
        last = session.scalar(rosters_last.order_by(DutyTurn.position.desc()).limit(1))
        session.add(DutyTurn(station_id=station.id, position=(last or 0) + 1, deputy_id=row.id))
    session.flush()
    if set(sheet.before.get("leads", ())) != set(sheet.values["leads"]):
        wall.pass_through()  # a matter about the department leaves the deputy, also where the actor sees no matters
        led = select(Department).where(Department.code.in_(sheet.values["leads"])).order_by(Department.code)
        conflicts.set_leads(sheet.actor, row, session.scalars(led).all(), now=now)
    return {}


def _leave(row: Deputy, codes: Iterable[str]) -> None:
    gone = select(Station.id).where(Station.code.in_(codes))
    session.execute(delete(DutyTurn).where(DutyTurn.deputy_id == row.id, DutyTurn.station_id.in_(gone)))


def _hold(row: Deputy) -> str | None:
    if number := open_matters(row):
        return f"还有 {number} 件没有销号的事项在{row.name}代表手里。请先转给其他代表，或办结后再停用。"
    return None


def _let_go(row: Deputy, now: datetime) -> Values:
    """Take the deputy off all rosters and days to come; who restores the deputy says anew where."""
    stands = sorted(_read(row)["stations"])
    _leave(row, stands)
    to_come = (DutyChange.deputy_id == row.id, DutyChange.day >= local_day(now))
    session.execute(delete(DutyChange).where(*to_come))
    return {"stations": stands}


DEPUTIES = Kind("deputy", "代表", Deputy, BLANK, _read, _check, initials, _settle, _hold, _let_go)
