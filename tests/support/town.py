"""A small town for tests: one tree of regions, two stations, three deputies, three departments, an office.

The rows are made anew for every test; `town.actor("office")` is who acts.
"""

from dataclasses import dataclass, field
from datetime import date
from functools import cache
from types import SimpleNamespace
from typing import Any

from liaison.db import session
from liaison.domain.access import FACTOR_ROLES
from liaison.domain.actors import Actor, Role
from liaison.models.base import new_id
from liaison.models.departments import Category, Department, RoutingRule
from liaison.models.people import Account, Deputy
from liaison.models.regions import Region
from liaison.models.stations import DutyTurn, Station
from liaison.services.sign_in import actor_of, hash_password
from tests.support.clock import MONDAY

PASSWORD = "demo-password"
PROVINCE, CITY, COUNTY = "110000", "110100", "110101"


@dataclass
class Town:
    """All rows of the town; accounts by username, regions, stations, deputies, departments, categories by name."""

    regions: SimpleNamespace
    stations: SimpleNamespace
    deputies: SimpleNamespace
    departments: SimpleNamespace
    categories: SimpleNamespace
    accounts: dict[str, Account] = field(default_factory=dict)
    actors: dict[str, Actor] = field(default_factory=dict)
    rules: list[RoutingRule] = field(default_factory=list)
    password: str = PASSWORD

    def actor(self, username: str) -> Actor:
        """The actor behind an account, as a request of theirs would have it."""
        return self.actors[username]


@cache
def password_hash() -> str:
    """The hash of everybody's password; made once, because argon2 is slow on purpose."""
    return hash_password(PASSWORD)


def build_town() -> Town:
    """Write the town into the running transaction."""
    regions = _regions()
    session.flush()
    departments, stations, deputies = _departments(regions), _stations(regions), _deputies(regions)
    session.flush()
    categories = _categories(departments)
    town = Town(regions, stations, deputies, departments, categories)
    _rosters(town)
    _rules(town)
    _accounts(town)
    session.flush()
    town.actors = {username: actor_of(account) for username, account in town.accounts.items()}
    return town


def _add(row: Any) -> Any:
    session.add(row)
    return row


def _region(code: str, name: str, level: str, parent: Region | None) -> Region:
    path = f"{parent.path if parent else ''}{code}/"
    return _add(
        Region(id=new_id(), code=code, name=name, level=level, parent_id=parent.id if parent else None, path=path)
    )


def _regions() -> SimpleNamespace:
    province = _region(PROVINCE, "示范省", "province", None)
    session.flush()
    city = _region(CITY, "示范市", "city", province)
    session.flush()
    county = _region(COUNTY, "示范县", "county", city)
    other_county = _region("110102", "邻县", "county", city)
    session.flush()
    east = _region("110101001", "城东镇", "township", county)
    west = _region("110101002", "城西镇", "township", county)
    return SimpleNamespace(province=province, city=city, county=county, other_county=other_county, east=east, west=west)


def _departments(regions: SimpleNamespace) -> SimpleNamespace:
    def department(code: str, name: str) -> Department:
        return _add(Department(id=new_id(), code=code, name=name, region_id=regions.county.id))

    return SimpleNamespace(
        housing=department("housing", "住建局"),
        water=department("water", "水务局"),
        traffic=department("traffic", "交通局"),
    )


def _stations(regions: SimpleNamespace) -> SimpleNamespace:
    def station(code: str, name: str, region: Region, screening: bool) -> Station:
        return _add(
            Station(id=new_id(), code=code, name=name, kind="station", region_id=region.id, screening=screening)
        )

    return SimpleNamespace(
        east=station("S001", "城东人大代表联络站", regions.east, True),
        west=station("S002", "城西人大代表联络站", regions.west, False),
    )


def _deputies(regions: SimpleNamespace) -> SimpleNamespace:
    def deputy(code: str, name: str, absent_until: date | None = None) -> Deputy:
        row = Deputy(id=new_id(), code=code, name=name, level="county", region_id=regions.county.id)
        row.absent_until = absent_until
        return _add(row)

    return SimpleNamespace(
        absent=deputy("D001", "常在外", date(2026, 12, 31)),
        without_account=deputy("D002", "无账号"),
        present=deputy("D003", "刘在岗"),
        other=deputy("D004", "陈接手"),
    )


def _rosters(town: Town) -> None:
    people = town.deputies
    east, west = town.stations.east, town.stations.west
    for position, deputy in enumerate((people.absent, people.without_account, people.present), start=1):
        _add(DutyTurn(station_id=east.id, position=position, deputy_id=deputy.id))
    _add(DutyTurn(station_id=west.id, position=1, deputy_id=people.other.id))


def _categories(departments: SimpleNamespace) -> SimpleNamespace:
    def category(code: str, name: str, position: int, department: Department) -> Category:
        return _add(Category(id=new_id(), code=code, name=name, position=position, department_id=department.id))

    return SimpleNamespace(
        roads=category("roads", "道路交通", 1, departments.traffic),
        pipes=category("pipes", "供水排水", 2, departments.water),
    )


def _rules(town: Town) -> None:
    path = town.regions.county.path
    for words, department in ((["路灯"], "housing"), (["漏水", "水管"], "water")):
        row = RoutingRule(
            id=new_id(),
            region_path=path,
            priority=10,
            keywords=words,
            department_id=getattr(town.departments, department).id,
            reason="职责清单",
        )
        town.rules.append(_add(row))


def hire(town: Town, username: str, role: Role, region: Region) -> None:
    """One more person, for a test that needs a second of a kind."""
    _account(town, username, role, region)
    session.flush()
    town.actors[username] = actor_of(town.accounts[username])


def _accounts(town: Town) -> None:
    county, people = town.regions.county, town.deputies
    _account(town, "deputy", Role.DEPUTY, county, deputy_id=people.present.id)
    _account(town, "absent", Role.DEPUTY, county, deputy_id=people.absent.id)
    _account(town, "other_deputy", Role.DEPUTY, county, deputy_id=people.other.id)
    for name, department in vars(town.departments).items():
        _account(town, f"{name}_handler", Role.HANDLER, county, department=department)
        _account(town, f"{name}_approver", Role.APPROVER, county, department=department)
        _account(town, f"{name}_head", Role.APPROVER, county, department=department, head=True)
    _account(town, "office", Role.OFFICE, county)
    _account(town, "office_lead", Role.OFFICE_LEAD, county)
    _account(town, "other_office", Role.OFFICE, town.regions.other_county)
    _account(town, "liaison", Role.LIAISON, town.regions.east, station=town.stations.east)
    for role in (Role.SUPERVISOR, Role.ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR, Role.AUDITOR):
        _account(town, role, role, county)
    _account(town, "second_security", Role.SECURITY_ADMINISTRATOR, county)


def _account(town: Town, username: str, role: Role, region: Region, **reach: Any) -> None:
    row = Account(
        id=new_id(),
        username=username,
        password_hash=password_hash(),
        password_changed_at=MONDAY,
        otp_since=MONDAY if role in FACTOR_ROLES else None,
        name=f"{username}的人",
        role=role,
        **reach,
    )
    row.region = region
    town.accounts[username] = _add(row)
