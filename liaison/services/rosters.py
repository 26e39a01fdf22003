"""Duty rosters of stations: who stands on them, in which order, who is away; and whether a station screens."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import exists, literal, or_, select
from sqlalchemy.orm import joinedload

from liaison.db import session
from liaison.domain.actors import Actor
from liaison.domain.errors import Invalid, NotFound
from liaison.domain.routing import Reason, choose_deputy
from liaison.models.people import Account, Deputy
from liaison.models.regions import Region
from liaison.models.stations import DutyTurn, Station
from liaison.services import audit, stations
from liaison.services.reach import station_within


@dataclass(frozen=True)
class Turn:
    """A deputy's place in the roster: on duty this week or not, away until when, able to sign in or not; asked to
    stand in today or not."""

    deputy: Deputy
    on_duty: bool
    present: bool
    has_account: bool
    stands_in: bool


@dataclass(frozen=True)
class Roster:
    """A station's roster in its order, who would get a matter told there now (None: the office), and why."""

    station: Station
    turns: list[Turn]
    next_up: Deputy | None
    reason: Reason


def stations_within(actor: Actor) -> list[Station]:
    """The active stations within the actor's reach, by code."""
    return list(session.scalars(select(Station).where(Station.active, station_within(actor)).order_by(Station.code)))


def get_roster(actor: Actor, code: str, now: datetime) -> Roster:
    """The roster of a station within reach. Raises NotFound."""
    station = get_station(actor, code)
    turns = stations.duty_turns(station.id, now)
    found = session.scalars(select(Deputy).where(Deputy.id.in_([turn.deputy_id for turn in turns])))
    deputies = {deputy.id: deputy for deputy in found}
    listed = set(session.scalars(select(DutyTurn.deputy_id).where(DutyTurn.station_id == station.id)))
    shown = [
        Turn(deputies[turn.deputy_id], turn.on_duty, turn.present, turn.has_account, turn.stands_in)
        for turn in turns
        if turn.deputy_id in listed
    ]
    choice = choose_deputy(turns)
    return Roster(station, shown, deputies.get(choice.deputy_id), choice.reason)


def move_turn(actor: Actor, code: str, deputy_code: str, *, up: bool) -> None:
    """Let a deputy change places with the one before or after; at either end nothing happens."""
    rows = _rows(get_station(actor, code))
    place = _place(rows, deputy_code)
    other = place - 1 if up else place + 1
    if 0 <= other < len(rows):
        rows[place].deputy_id, rows[other].deputy_id = rows[other].deputy_id, rows[place].deputy_id
        session.flush()


def add_turn(actor: Actor, code: str, deputy_code: str) -> None:
    """Put a deputy at the end of a roster. Raises Invalid for an unknown deputy or one who stands there."""
    station = get_station(actor, code)
    deputy = stations.find_deputy(deputy_code)
    rows = _rows(station)
    if deputy is None or deputy.id in [row.deputy_id for row in rows]:
        raise Invalid({"deputy": ["请选择一位不在本站名册上的代表。"]})
    last = rows[-1].position if rows else 0
    session.add(DutyTurn(station_id=station.id, position=last + 1, deputy_id=deputy.id))
    session.flush()


def drop_turn(actor: Actor, code: str, deputy_code: str) -> None:
    """Take a deputy off a roster; matters already with the deputy stay there."""
    rows = _rows(get_station(actor, code))
    session.delete(rows[_place(rows, deputy_code)])
    session.flush()


def set_absence(actor: Actor, code: str, deputy_code: str, until: date | None, *, today: date) -> Deputy:
    """Write until which day a deputy on this roster is away, that day included; None means back.

    New matters go to the next in the roster meanwhile, at every station. Raises Invalid for a day gone by.
    """
    if until is not None and until < today:
        raise Invalid({"absent_until": ["日期已经过去，请填写今天或以后的日期。"]})
    rows = _rows(get_station(actor, code))
    deputy = session.get_one(Deputy, rows[_place(rows, deputy_code)].deputy_id)
    deputy.absent_until = until
    session.flush()
    return deputy


def set_screening(actor: Actor, code: str, on: bool, now: datetime) -> Station:
    """Say whether the office screens what is told at a station; off sends it straight to the deputy on duty."""
    station = get_station(actor, code)
    station.screening = on
    session.flush()
    audit.note(actor, "setting.screening", now, about=code, region_path=station.region.path, data={"on": on})
    return station


def deputies_to_take_over(region_path: str, *, able: bool = True) -> list[Deputy]:
    """The active deputies of a region, its neighbours and what lies above and below, by pinyin.

    With `able` only those who can sign in.
    """
    around = region_path.rstrip("/").rpartition("/")[0]
    around = f"{around}/" if around else region_path
    near = or_(Region.path.startswith(around, autoescape=True), literal(around).like(Region.path + "%"))
    found = select(Deputy).join(Region, Region.id == Deputy.region_id).where(Deputy.active, near)
    if able:
        found = found.where(exists().where(Account.deputy_id == Deputy.id, Account.active))
    return list(session.scalars(found.order_by(Deputy.name_pinyin, Deputy.code)))


def deputy_names(ids: list[str]) -> dict[str, str]:
    """The names of deputies by their ids as text."""
    rows = session.execute(select(Deputy.id, Deputy.name).where(Deputy.id.in_(ids))) if ids else []
    return {str(id_): name for id_, name in rows}


def get_station(actor: Actor, code: str) -> Station:
    """The active station of that code, if the actor looks after it, with its region. Raises NotFound."""
    wanted = (Station.code == code, Station.active, station_within(actor))
    found = session.scalar(select(Station).where(*wanted).options(joinedload(Station.region)))
    if found is None:
        raise NotFound("没有找到这个联络站。")
    return found


def _rows(station: Station) -> list[DutyTurn]:
    """The roster's rows in order, locked, so that two who sort at once do not lose a deputy."""
    return list(
        session.scalars(
            select(DutyTurn)
            .where(DutyTurn.station_id == station.id)
            .order_by(DutyTurn.position)
            .options(joinedload(DutyTurn.deputy, innerjoin=True))
            .with_for_update(of=DutyTurn)
            .execution_options(populate_existing=True)
        )
    )


def _place(rows: list[DutyTurn], deputy_code: str) -> int:
    for place, row in enumerate(rows):
        if row.deputy.code == deputy_code:
            return place
    raise NotFound("这位代表不在本站名册上，请刷新后再试。")
