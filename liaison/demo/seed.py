"""Fills a database with the demo town and writes `demo.json` for whoever tries it.

Structure goes in as rows; matters walk through the real services in `story`, so that nothing here can show
a state the system would not reach by itself.
"""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path

from sqlalchemy import func, select

from liaison.db import db, session, transaction
from liaison.demo import desk, story, town
from liaison.demo.cast import by_code
from liaison.demo.phones import PEOPLE, reach, write_people
from liaison.demo.rows import Matter, Town
from liaison.models.departments import Department
from liaison.models.people import Account, Deputy
from liaison.models.regions import Region
from liaison.models.stations import Station
from liaison.scenery import FOLDER
from liaison.services import founding
from liaison.services.sealing import Keys
from liaison.services.sign_in import hash_password
from liaison.settings import Config

OFFICE_LEADS = 2  # the first of the office's staff


@dataclass(frozen=True)
class Seat:
    """One account to be: who signs in, in which role, for what."""

    username: str
    name: str
    role: str
    department: str | None = None
    station: str | None = None
    deputy: str | None = None
    head: bool = False
    stations: tuple[str, ...] = ()


def lay(config: Config, keys: Keys) -> None:
    """Put the town's structure and accounts into an empty database and describe them in `demo.json`."""
    found = town.load()
    password = secrets.token_urlsafe(9)
    seats = list(_seats(found))
    with transaction():
        now = session.scalar(select(func.now()))
        founding.found(found)
        reach(_add_accounts(seats, hash_password(password), now), config, keys, now)
        _describe(config, found, seats, password)
    if (folder := config.instance / FOLDER).is_dir():
        write_people(folder / PEOPLE, [(seat.username, seat.name, seat.role, _place(found, seat)) for seat in seats])


def tell(keys: Keys, now: datetime, *, processes: int = 2) -> None:
    """Tell all matters of the town, each in a transaction of its own; those a broken run has told are left."""
    shares: list[list[Matter]] = [[] for _ in range(processes)]
    for matter in town.load().matters:
        # Those that are merged go with the one they are merged into.
        shares[int((matter.merged_into or matter.code)[1:]) % processes].append(matter)
    session.remove()
    fork = get_context("fork")
    children = [fork.Process(target=_tell_share, args=(share, keys, now)) for share in shares]
    for child in children:
        child.start()
    for child in children:
        child.join()
    if any(child.exitcode for child in children):
        raise RuntimeError("a part of the demo town could not be told")
    desk.furnish(now)


def _tell_share(share: list[Matter], keys: Keys, now: datetime) -> None:
    db.engine.dispose(close=False)  # the parent's connections are not ours to use
    story.tell_all(share, keys, now)


def _seats(found: Town) -> Iterator[Seat]:
    for place, name in enumerate(found.office_staff, start=1):
        leads = place <= OFFICE_LEADS
        yield Seat(
            f"lead{place}" if leads else f"office{place - OFFICE_LEADS}", name, "office_lead" if leads else "office"
        )
    for department in found.departments:
        code = department.code
        for place, name in enumerate(department.handlers, start=1):
            yield Seat(f"{code}-{place}", name, "handler", code)
        yield Seat(f"{code}-qf", department.approver, "approver", code)
        yield Seat(f"{code}-head", department.head, "approver", code, head=True)
    for deputy in found.deputies:
        if deputy.has_account:
            yield Seat(
                deputy.code,
                deputy.name,
                "deputy",
                deputy=deputy.code,
                station=deputy.stations[0],
                stations=deputy.stations,
            )
    for station in found.stations:
        if station.liaison:
            yield Seat(f"l-{station.code}", station.liaison, "liaison", station=station.code, stations=(station.code,))
    yield Seat("supervisor", "监督委员", "supervisor")
    yield Seat("admin", "系统管理员", "administrator")
    yield Seat("security", "安全管理员", "security_administrator")
    yield Seat("auditor", "审计员", "auditor")


def _place(found: Town, seat: Seat) -> str:
    """Where somebody works, in words."""
    for rows, code in ((found.departments, seat.department), (found.stations, seat.station)):
        if code:
            return next(row.name for row in rows if row.code == code)
    return ""


def _add_accounts(seats: list[Seat], password_hash: str, now: datetime) -> list[Account]:
    region = session.scalars(select(Region).where(Region.level == "county")).one()
    accounts = [
        Account(
            username=seat.username,
            password_hash=password_hash,
            password_changed_at=now,
            name=seat.name,
            role=seat.role,
            region_id=region.id,
            department_id=by_code(Department, seat.department).id if seat.department else None,
            station_id=by_code(Station, seat.station).id if seat.station and not seat.deputy else None,
            deputy_id=by_code(Deputy, seat.deputy).id if seat.deputy else None,
            head=seat.head,
        )
        for seat in seats
    ]
    session.add_all(accounts)
    session.flush()
    return accounts


def _describe(config: Config, found: Town, seats: list[Seat], password: str) -> None:
    accounts = [
        {"username": seat.username, "password": password, "role": seat.role}
        | ({"department": seat.department} if seat.department else {})
        | ({"station": seat.station, "stations": list(seat.stations)} if seat.station else {})
        for seat in seats
    ]
    document = {"base_url": config.base_url, "stations": [row.code for row in found.stations], "accounts": accounts}
    path = Path(config.instance) / "demo.json"
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
    path.chmod(0o600)
