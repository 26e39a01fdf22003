"""What lists call a category, a station, a deputy, a department: kept by id while the registers stay as they are.

A page of rows looks them up here, so that no query of a list joins what a process knows already.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from liaison.db import lasting, session
from liaison.models.departments import Category, Department
from liaison.models.people import Deputy
from liaison.models.stations import Station


def category_names() -> Mapping[UUID | None, str]:
    """The names of all categories."""
    return _names("categories", Category.id, Category.name)


def station_names() -> Mapping[UUID | None, str]:
    """The names of all stations."""
    return _names("stations", Station.id, Station.name)


def deputy_names() -> Mapping[UUID | None, str]:
    """The names of all deputies."""
    return _names("deputies", Deputy.id, Deputy.name)


def department_names() -> Mapping[UUID | None, str]:
    """The names of all departments."""
    return _names("departments", Department.id, Department.name)


def headed_names() -> Mapping[UUID | None, str]:
    """The same, each followed by the name of the department's head where it is known."""
    return _names("departments and heads", Department.id, func.rtrim(Department.name + " " + Department.head_name))


def _names(of: str, key: ColumnElement, name: ColumnElement[str]) -> Mapping[Any, str]:
    return lasting(f"names of {of}", lambda: dict(session.execute(select(key, name)).all()))
