"""Who synthetic matters are told to and handled by: the stations, deputies and departments an installation has."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from bench.places import STATION
from liaison.db import session
from liaison.domain.calendar import WorkingCalendar, local_day
from liaison.models.departments import Category, Department
from liaison.models.people import Account
from liaison.models.regions import Region
from liaison.models.stations import Station
from liaison.services import stations
from liaison.services.calendars import current_calendar
from liaison.services.sealing import Keys


@dataclass(frozen=True)
class Post:
    """A station with its deputies, whoever is on duty first."""

    id: UUID
    code: str
    region_id: UUID
    region_path: str
    deputies: Sequence[tuple[UUID, str]]


@dataclass(frozen=True)
class Town:
    """Where matters are told and who handles them, the busiest first; `accounts` are those of deputies."""

    posts: Sequence[Post]
    departments: Sequence[tuple[UUID, str]]
    categories: Sequence[UUID]
    accounts: Mapping[UUID, UUID]
    calendar: WorkingCalendar
    mac: Callable[[bytes], bytes]
    key_id: str


def read_town(keys: Keys, now: datetime) -> Town:
    """The installation's; the station that is measured everywhere is the busiest."""
    found = session.scalars(select(Station).where(Station.active).order_by(Station.code != STATION, Station.code)).all()
    accounts = session.execute(select(Account.deputy_id, Account.id).where(Account.deputy_id.is_not(None)))
    departments = session.execute(select(Department.id, Department.name).order_by(Department.code))
    posts = [_post(station, now) for station in found]
    return Town(
        posts=[post for post in posts if post.deputies],
        departments=[tuple(row) for row in departments],
        categories=session.scalars(select(Category.id).order_by(Category.code)).all(),
        accounts=dict(accounts.tuples().all()),
        calendar=current_calendar(),
        mac=keys.mac(keys.newest_code),
        key_id=keys.newest_code,
    )


def _post(station: Station, now: datetime) -> Post:
    first = stations.on_duty(station, now)
    deputies = sorted(stations.deputies_of(station, local_day(now)), key=lambda each: each.id != first)
    named = [(each.id, each.name) for each in deputies]
    region = session.get_one(Region, station.region_id)
    return Post(station.id, station.code, region.id, region.path, named)
