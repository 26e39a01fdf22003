"""Departments and categories as lists to choose from, within what the one who chooses may reach."""

from sqlalchemy import literal, or_, select
from sqlalchemy.orm import joinedload

from liaison.db import session
from liaison.domain.actors import Actor
from liaison.domain.errors import NotFound
from liaison.models.departments import Category, Department
from liaison.models.regions import Region


def departments_for(actor: Actor) -> list[Department]:
    """The active departments of the actor's region, of those below and of those above it, by code."""
    below = Region.path.startswith(actor.region_path, autoescape=True)
    above = literal(actor.region_path).like(Region.path + "%")
    return list(
        session.scalars(
            select(Department)
            .join(Region, Region.id == Department.region_id)
            .where(Department.active, or_(below, above))
            .order_by(Department.code)
        )
    )


def all_categories() -> list[Category]:
    """Every category with its usual department, parents before children, in their order."""
    return list(
        session.scalars(
            select(Category)
            .options(joinedload(Category.department))
            .order_by(Category.parent_id.is_not(None), Category.position, Category.code)
        )
    )


def get_region(actor: Actor, code: str) -> Region:
    """The actor's region or one below it. Raises NotFound for any other."""
    within = Region.path.startswith(actor.region_path, autoescape=True)
    found = session.scalar(select(Region).where(Region.code == code, within))
    if found is None:
        raise NotFound("没有找到这个区域，请从列表中选择。")
    return found


def regions_within(actor: Actor) -> list[Region]:
    """The actor's region and those below it, from the top."""
    within = Region.path.startswith(actor.region_path, autoescape=True)
    return list(session.scalars(select(Region).where(within).order_by(Region.path)))
