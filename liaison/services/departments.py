"""Departments and categories as lists to choose from, within what the one who chooses may reach."""

from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from liaison.db import apart, lasting, session
from liaison.domain.actors import Actor, Role
from liaison.domain.errors import NotFound
from liaison.models.departments import Category, Department
from liaison.models.regions import Region
from liaison.services.reach import region_around, region_within


def departments_for(actor: Actor) -> list[Department]:
    """The active departments of the actor's region, of those below and of those above it, by code."""
    return list(session.scalars(_around(actor)))


def _around(actor: Actor) -> Select[tuple[Department]]:
    return (
        select(Department)
        .join(Region, Region.id == Department.region_id)
        .where(Department.active, region_around(actor, Region.path))
        .order_by(Department.code)
    )


def departments_around(region_path: str) -> list[Department]:
    """The active departments of a region, of those below and of those above it, by code: whom one might complain of."""
    return lasting(f"around {region_path}", lambda: apart(_around(Actor(Role.ANYONE, region_path=region_path))))


def find_department_id(code: str) -> UUID | None:
    """The id of the department of that code."""
    return lasting("department ids", _ids).get(code)


def _ids() -> dict[str, UUID]:
    return dict(session.execute(select(Department.code, Department.id)).all())


def retired_departments() -> dict[str, str]:
    """The names of the departments no longer dispatched to, by code; who was suggested once may be among them."""
    rows = select(Department.code, Department.name).where(~Department.active)
    return lasting("retired departments", lambda: dict(session.execute(rows).all()))


def all_categories() -> list[Category]:
    """Every category with its usual department, parents before children, in their order; also those retired."""
    return list(
        session.scalars(
            select(Category)
            .options(joinedload(Category.department))
            .order_by(Category.parent_id.is_not(None), Category.position, Category.code)
        )
    )


def get_region(actor: Actor, code: str) -> Region:
    """The actor's region or one below it. Raises NotFound for any other."""
    found = session.scalar(select(Region).where(Region.code == code, region_within(actor, Region.path)))
    if found is None:
        raise NotFound("没有找到这个区域，请从列表中选择。")
    return found


def regions_within(actor: Actor) -> list[Region]:
    """The actor's region and those below it, from the top."""
    return list(session.scalars(select(Region).where(region_within(actor, Region.path)).order_by(Region.path)))
