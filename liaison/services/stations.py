"""Stations, their rosters, and who answers for a new matter: what the routing rules need from the database."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, exists, or_, select, update
from sqlalchemy.orm import contains_eager, joinedload

from liaison.db import apart, lasting, session
from liaison.domain.calendar import local_day
from liaison.domain.conflict import Parties
from liaison.domain.duty import Standing, turns_on
from liaison.domain.errors import NotFound
from liaison.domain.routing import Choice, DutyTurn, Rule, Suggestion, choose_deputy, suggest
from liaison.models.departments import Category, Department, RoutingRule
from liaison.models.people import Account, Deputy
from liaison.models.regions import Region
from liaison.models.stations import DutyChange, Station
from liaison.models.stations import DutyTurn as RosterRow
from liaison.services.parties import concerned

MOST_PLACES = 40  # names a phone may suggest; more would weigh on the page
MOST_NEARBY = 5  # stations shown in place of one that was closed
SCANS_COUNTED_EVERY = timedelta(minutes=1)  # so that a busy wall does not write a row per scan
_scanned: dict[UUID, datetime] = {}  # when this process last wrote one


@dataclass(frozen=True)
class Routing:
    """Where a new matter goes: the deputy chosen and the departments suggested, each with its reason."""

    choice: Choice
    suggestions: list[Suggestion]


def get_station(code: str, *, retired: bool = False) -> Station:
    """The active station of that code with its region, to read alone. Raises NotFound.

    With `retired` also one that serves no longer: its code hangs on a wall somewhere, and what somebody typed for it,
    perhaps without signal, is taken in all the same.
    """
    found = lasting(f"station {code}", partial(_station, code))
    if not (found.active or retired):
        raise _unknown()
    return found


def search(query: str = "", *, skip: int = 0, limit: int = 20) -> list[Station]:
    """Active stations town by town, those whose name, address or town holds `query`."""
    rows = select(Station).join(Station.region).where(Station.active)
    if query:
        holds = (column.contains(query, autoescape=True) for column in (Station.name, Station.address, Region.name))
        rows = rows.where(or_(*holds))
    rows = rows.options(contains_eager(Station.region)).order_by(Region.code, Station.name, Station.code)
    return list(session.scalars(rows.offset(skip).limit(limit)))


def nearby(station: Station) -> list[Station]:
    """The active stations to go to instead of this one: of its town first, then of the towns beside it."""
    rows = select(Station).join(Station.region).where(Station.active, Station.id != station.id)
    rows = rows.where(Region.path.startswith(_around(station), autoescape=True)).options(contains_eager(Station.region))
    own_first = (Station.region_id == station.region_id).desc()
    return list(session.scalars(rows.order_by(own_first, Region.code, Station.name, Station.code).limit(MOST_NEARBY)))


def places_around(station: Station) -> list[str]:
    """Names of places known in the station's town and the towns beside it: towns, and where their stations are."""
    rows = session.execute(
        select(Region.name, Station.address)
        .join(Station, Station.region_id == Region.id)
        .where(Region.path.startswith(_around(station), autoescape=True), Station.active)
        .order_by((Region.id == station.region_id).desc(), Region.code, Station.code)
        .limit(MOST_PLACES)
    )
    names = dict.fromkeys(name for row in rows for name in row if name)
    return list(names)[:MOST_PLACES]


def active_stations() -> list[Station]:
    """Every active station, by code."""
    return list(session.scalars(select(Station).where(Station.active).order_by(Station.code)))


def is_scan_due(station: Station, now: datetime) -> bool:
    """Whether `note_scan` would write; asked first, it spares most scans a transaction of their own."""
    return abs(now - _scanned.get(station.id, now - SCANS_COUNTED_EVERY)) >= SCANS_COUNTED_EVERY


def note_scan(station: Station, now: datetime) -> None:
    """Remember that somebody opened the station's page."""
    if is_scan_due(station, now):
        session.execute(update(Station).where(Station.id == station.id).values(last_scan_at=now))
        _scanned[station.id] = now


def deputies_of(station: Station, day: date) -> list[Deputy]:
    """The deputies of a station in the order of its roster, to read alone; first who stands in that day from outside.

    Kept as long as the registers stay as they are: every scan asks for them.
    """
    listed = and_(RosterRow.deputy_id == Deputy.id, RosterRow.station_id == station.id)
    rows = (
        select(Deputy)
        .outerjoin(RosterRow, listed)
        .where(Deputy.active, Deputy.id.in_(_concerned(station.id, day)))
        .order_by(RosterRow.position.nulls_first())
    )
    return lasting(f"deputies {station.id} {day}", lambda: apart(rows))


def find_deputy(code: str) -> Deputy | None:
    """The active deputy of that code, who stays so until this is done."""
    wanted = select(Deputy).where(Deputy.code == code, Deputy.active)
    return session.scalar(wanted.with_for_update(read=True, key_share=True))


def duty_turns(station_id: UUID, now: datetime) -> list[DutyTurn]:
    """The roster as the rules see it today: whose turn it is, and who was asked to stand in."""
    day = local_day(now)
    rows = lasting(f"standing {station_id} {day}", lambda: session.execute(_standing(station_id, day)).all())
    stand_in = next((row.id for row in rows if row.stands_in), None)
    listed = sorted((row for row in rows if row.position is not None), key=lambda row: row.position)
    guests = [row for row in rows if row.position is None]
    standing = [
        Standing(row.id, row.absent_until, row.active, row.has_account, row.position is not None)
        for row in (*listed, *guests)
    ]
    return turns_on(day, standing, stand_in)


def has_account() -> ColumnElement[bool]:
    """Whether a deputy can sign in."""
    return exists().where(Account.deputy_id == Deputy.id, Account.active)


def _standing(station_id: UUID, day: date) -> Select:
    """Those on a roster with their places, and who stands in on that day; one statement, since every matter asks it."""
    listed = and_(RosterRow.deputy_id == Deputy.id, RosterRow.station_id == station_id)
    changed = (DutyChange.deputy_id == Deputy.id, DutyChange.station_id == station_id, DutyChange.day == day)
    return (
        select(
            Deputy.id,
            Deputy.absent_until,
            Deputy.active,
            has_account().label("has_account"),
            RosterRow.position,
            exists().where(*changed).label("stands_in"),
        )
        .outerjoin(RosterRow, listed)
        .where(Deputy.id.in_(_concerned(station_id, day)))
    )


def _concerned(station_id: UUID, day: date) -> CompoundSelect:
    """The ids of the deputies on a station's roster and of who stands in on a day."""
    listed = select(RosterRow.deputy_id).where(RosterRow.station_id == station_id)
    changed = (DutyChange.station_id == station_id, DutyChange.day == day, DutyChange.deputy_id.is_not(None))
    return listed.union_all(select(DutyChange.deputy_id).where(*changed))


def on_duty(station: Station, now: datetime) -> UUID | None:
    """Who would get a matter told at this station now; None when that is the office."""
    return choose_deputy(duty_turns(station.id, now)).deputy_id


def route(station: Station, text: str, category: Category | None, barred: Parties, now: datetime) -> Routing:
    """Choose the deputy and suggest departments for a matter told at this station, none of them in conflict with it."""
    suggested = suggest_departments(station.region.path, text, category)
    if barred.departments:
        codes = set(session.scalars(select(Department.code).where(Department.id.in_(barred.departments))))
        suggested = [each for each in suggested if each.department_code not in codes]
    return Routing(choose(station, barred, now), suggested)


def choose(station: Station, barred: Parties, now: datetime) -> Choice:
    """The deputy who takes a matter told at this station now, or the office; nobody in conflict with it."""
    turns = duty_turns(station.id, now)
    return choose_deputy(turns, excluded=concerned(barred, {turn.deputy_id for turn in turns}))


def reasons_of(choice: Choice) -> dict:
    """Why it was this deputy, as it is shown to the office later."""
    passed = [{"deputy_id": str(each.deputy_id), "why": each.why} for each in choice.passed]
    return {"deputy": choice.reason, "passed": passed}


def suggest_departments(region_path: str, text: str, category: Category | None) -> list[Suggestion]:
    """The departments that rules and the category suggest, best first, each with its reason."""
    usual = category.department if category else None
    default = usual.code if usual and usual.active else None
    return suggest(
        lasting("rules", _rules),
        text=text,
        category=category.code if category else None,
        category_department=default,
        region_path=region_path,
    )


def find_category(code: str | None) -> Category | None:
    """The category of that code with its usual department, or None; also a retired one, for what is under way."""
    return lasting("categories", _categories).get(code or "")


def top_categories() -> list[Category]:
    """The categories a resident chooses from."""
    wanted = (Category.parent_id.is_(None), Category.active)
    return list(session.scalars(select(Category).where(*wanted).order_by(Category.position, Category.code)))


def _station(code: str) -> Station:
    found = apart(select(Station).where(Station.code == code).options(joinedload(Station.region)))
    if not found:
        raise _unknown()
    return found[0]


def _unknown() -> NotFound:
    return NotFound("没有找到这个联络站，请核对二维码，或联系当地人大办。")


def _categories() -> dict[str, Category]:
    return {each.code: each for each in apart(select(Category).options(joinedload(Category.department)))}


def _around(station: Station) -> str:
    """The path of the region above a station's own."""
    above = station.region.path[:-1].rpartition("/")[0]
    return f"{above}/" if above else station.region.path


def _rules() -> list[Rule]:
    rows = session.execute(
        select(
            RoutingRule.id,
            RoutingRule.priority,
            RoutingRule.category,
            RoutingRule.keywords,
            RoutingRule.region_path,
            Department.code,
            RoutingRule.reason,
        )
        .join(Department, Department.id == RoutingRule.department_id)
        .where(RoutingRule.active, Department.active)
    )
    return [
        Rule(id_, priority, category, tuple(keywords), path or None, code, reason)
        for id_, priority, category, keywords, path, code, reason in rows
    ]
