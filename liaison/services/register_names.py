"""What lists and cases call a category, a station, a deputy, a department: kept by id while the registers stay as
they are, so that no query joins what a process knows already.
"""

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select

from liaison.db import lasting, session
from liaison.models.departments import Category, Department
from liaison.models.people import Deputy
from liaison.models.stations import Station

Register = Category | Station | Deputy | Department


class Named(NamedTuple):
    """The code and the name of something in the registers."""

    code: str
    name: str


def find_station(id_: UUID | None) -> Named | None:
    """What a station is called."""
    return _named(Station).get(id_)


def find_deputy(id_: UUID | None) -> Named | None:
    """What a deputy is called."""
    return _named(Deputy).get(id_)


def find_category(id_: UUID | None) -> Named | None:
    """What a category is called."""
    return _named(Category).get(id_)


def category_names() -> Mapping[UUID | None, str]:
    """The names of all categories."""
    return _names(Category)


def station_names() -> Mapping[UUID | None, str]:
    """The names of all stations."""
    return _names(Station)


def deputy_names() -> Mapping[UUID | None, str]:
    """The names of all deputies."""
    return _names(Deputy)


def department_names() -> Mapping[UUID | None, str]:
    """The names of all departments."""
    return _names(Department)


def headed_names() -> Mapping[UUID | None, str]:
    """The same, each followed by the name of the department's head where it is known."""
    name = func.rtrim(Department.name + " " + Department.head_name)
    return lasting("names of departments and heads", lambda: dict(session.execute(select(Department.id, name)).all()))


def _names(table: type[Register]) -> Mapping[UUID | None, str]:
    return lasting(
        f"names of {table.__tablename__}", lambda: {id_: each.name for id_, each in _named(table).items()}
    )


def _named(table: type[Register]) -> Mapping[UUID | None, Named]:
    return lasting(f"named {table.__tablename__}", lambda: _read(table))


def _read(table: type[Register]) -> dict[UUID | None, Named]:
    rows = session.execute(select(table.id, table.code, table.name))
    return {id_: Named(code, name) for id_, code, name in rows}
