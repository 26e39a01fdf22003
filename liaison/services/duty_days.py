"""Who is on duty at stations day by day, and what single days are changed to; new matters follow (`stations`)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import joinedload

from liaison.db import session
from liaison.domain.actors import Actor
from liaison.domain.calendar import corresponding_day, local_day
from liaison.domain.duty import Change, Standing, has_duty, turns_on
from liaison.domain.errors import Invalid
from liaison.domain.routing import DutyTurn as Turn
from liaison.domain.routing import choose_deputy
from liaison.models.people import Deputy
from liaison.models.stations import DutyChange, DutyTurn, Station
from liaison.services import audit, rosters, stations
from liaison.services.calendars import current_calendar
from liaison.services.reach import station_within

PAGE = 40  # stations of one page: a month of each is worked out and shown
AROUND = 12
"""How many months before and after this one can be looked at: rosters change too often to say more."""

_GONE_BY = "这一天已经过去，不能再改。"
_CHOOSE = "请选择一位有账号的代表。"


@dataclass(frozen=True)
class DutyDay:
    """One day at a station.

    `holder` takes what is told that day (None: the office), by name and by id; `turn` is whose turn it is by the
    roster; `passed` are those passed over by name, each with the code of the reason. `has_duty` tells whether the
    station is attended.
    """

    day: date
    has_duty: bool
    working: bool
    holder: str | None
    holder_id: UUID | None
    turn: str | None
    passed: Sequence[tuple[str, str]]
    change: Change | None


@dataclass(frozen=True)
class Run:
    """Days of one week with the same deputy on duty, first and last, and how that came about."""

    first: date
    last: date
    holder: str | None
    change: Change | None


@dataclass(frozen=True)
class Month:
    """A station's days of one month."""

    station: Station
    first: date
    days: Sequence[DutyDay]

    @property
    def runs(self) -> list[Run]:
        """The days with duty, those next to each other within a week drawn together."""
        found: list[Run] = []
        for each in (each for each in self.days if each.has_duty):
            last = found[-1] if found else None
            same = last and (last.holder, last.change) == (each.holder, each.change)
            if same and last.last.isocalendar()[:2] == each.day.isocalendar()[:2]:
                found[-1] = Run(last.first, each.day, each.holder, each.change)
            else:
                found.append(Run(each.day, each.day, each.holder, each.change))
        return found

    @property
    def unattended(self) -> list[date]:
        """The days with duty on which no deputy can take it."""
        return [each.day for each in self.days if each.has_duty and each.holder is None]


@dataclass(frozen=True)
class Wish:
    """What a day is to be: a change with its deputy's code, or neither, as the roster says."""

    day: date
    change: Change | None
    deputy: str = ""


def read_month(text: str, today: date) -> date:
    """The first day of a month written "2026-11"; without one this month's. Raises Invalid."""
    this = today.replace(day=1)
    if not text:
        return this
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        raise Invalid({"month": ["月份请写成“2026-11”的样式。"]}) from None
    if not corresponding_day(this, -AROUND) <= first <= corresponding_day(this, AROUND):
        raise Invalid({"month": ["只能查看前后一年以内的值班表。"]})
    return first


def month_of(actor: Actor, code: str, first: date) -> Month:
    """A month of a station within reach. Raises NotFound."""
    return months_of([rosters.get_station(actor, code)], first)[0]


def months_within(actor: Actor, first: date, *, skip: int = 0) -> tuple[list[Month], bool]:
    """A month of the stations within reach, by code, one page of them; and whether there are more."""
    rows = select(Station).where(Station.active, station_within(actor)).options(joinedload(Station.region))
    found = list(session.scalars(rows.order_by(Station.code).offset(skip).limit(PAGE + 1)))
    return months_of(found[:PAGE], first), len(found) > PAGE


def change_day(actor: Actor, code: str, wish: Wish, now: datetime) -> Wish:
    """Change one day of a station, or let the roster have it again; returns what that day was changed to before.

    Raises Invalid for a day gone by, and for a deputy who is not there or cannot sign in.
    """
    station = rosters.get_station(actor, code)
    if wish.day < local_day(now):
        raise Invalid({"day": [_GONE_BY]})
    deputy = _deputy(station, wish)
    key = (DutyChange.station_id == station.id, DutyChange.day == wish.day)
    before = _as_it_was(station, wish.day)
    session.execute(delete(DutyChange).where(*key))
    if wish.change:
        taken = deputy.id if deputy else None
        session.add(DutyChange(station_id=station.id, day=wish.day, kind=wish.change, deputy_id=taken))
    session.flush()
    told = {"day": wish.day.isoformat(), "change": wish.change, "deputy": wish.deputy, "before": before.change}
    audit.note(actor, "setting.duty", now, about=code, region_path=station.region.path, data=told)
    return before


def _as_it_was(station: Station, day: date) -> Wish:
    """What a day is changed to now, the station locked so that two who change it follow each other."""
    session.execute(select(Station.id).where(Station.id == station.id).with_for_update())
    was = session.execute(
        select(DutyChange.kind, Deputy.code)
        .outerjoin(Deputy, Deputy.id == DutyChange.deputy_id)
        .where(DutyChange.station_id == station.id, DutyChange.day == day)
    ).first()
    return Wish(day, Change(was.kind), was.code or "") if was else Wish(day, None)


def _deputy(station: Station, wish: Wish) -> Deputy | None:
    """Who is to take the day, as far as the change names anybody. Raises Invalid."""
    if wish.change is None or wish.change is Change.OFF or (wish.change is Change.EXTRA and not wish.deputy):
        return None
    for each in rosters.deputies_to_take_over(station.region.path):
        if each.code == wish.deputy:
            if each.absent_until and each.absent_until >= wish.day:
                raise Invalid({"deputy": ["这位代表那天请假，请换一位。"]})
            return each
    raise Invalid({"deputy": [_CHOOSE]})


@dataclass(frozen=True)
class _People:
    """Those on each station's roster in its order, all who may be on duty, and their names."""

    listed: Mapping[UUID, Sequence[UUID]]
    known: Mapping[UUID, Standing]
    names: Mapping[UUID, str]

    def turns(self, station: Station, day: date, stand_in: UUID | None) -> list[Turn]:
        """The turns of a station's day."""
        listed = self.listed.get(station.id, ())
        standing = [self.known[id_] for id_ in listed]
        if stand_in and stand_in not in listed:
            standing.append(replace(self.known[stand_in], is_listed=False))
        return turns_on(day, standing, stand_in)


def months_of(found: Sequence[Station], first: date) -> list[Month]:
    """A month of each station; three statements for all of them."""
    ids = [station.id for station in found]
    until = corresponding_day(first, 1)
    within = (DutyChange.station_id.in_(ids), DutyChange.day >= first, DutyChange.day < until)
    changes = {(each.station_id, each.day): each for each in session.scalars(select(DutyChange).where(*within))}
    people = _people(ids, {each.deputy_id for each in changes.values() if each.deputy_id})
    days = [first + timedelta(days=offset) for offset in range((until - first).days)]
    return [
        Month(station, first, [_day(station, day, changes.get((station.id, day)), people) for day in days])
        for station in found
    ]


def _people(ids: Sequence[UUID], guests: set[UUID]) -> _People:
    rows = session.execute(
        select(DutyTurn.station_id, DutyTurn.deputy_id).where(DutyTurn.station_id.in_(ids)).order_by(DutyTurn.position)
    ).all()
    able = stations.has_account().label("able")
    people = session.execute(
        select(Deputy.id, Deputy.name, Deputy.absent_until, Deputy.active, able).where(
            Deputy.id.in_({row.deputy_id for row in rows} | guests)
        )
    ).all()
    listed: dict[UUID, list[UUID]] = defaultdict(list)
    for row in rows:
        listed[row.station_id].append(row.deputy_id)
    known = {row.id: Standing(row.id, row.absent_until, row.active, row.able) for row in people}
    return _People(listed, known, {row.id: row.name for row in people})


def _day(station: Station, day: date, changed: DutyChange | None, people: _People) -> DutyDay:
    change = Change(changed.kind) if changed else None
    turns = people.turns(station, day, changed.deputy_id if changed else None)
    choice, names = choose_deputy(turns), people.names
    turn = next((each.deputy_id for each in turns if each.on_duty), None)
    working = current_calendar().is_working(day)
    passed = [(names[each.deputy_id], each.why) for each in choice.passed]
    return DutyDay(
        day=day,
        has_duty=has_duty(working, change),
        working=working,
        holder=names.get(choice.deputy_id),
        holder_id=choice.deputy_id,
        turn=names.get(turn),
        passed=passed,
        change=change,
    )
