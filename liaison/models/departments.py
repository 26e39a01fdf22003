"""Departments, the category tree, routing rules, and what a region sets for itself: terms and ladders."""

from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from liaison.models.base import Base, new_id
from liaison.models.regions import Region


class Department(Base):
    """A body that handles what is assigned to it (承办单位)."""

    __tablename__ = "departments"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    duties: Mapped[str] = mapped_column(default="")
    head_name: Mapped[str] = mapped_column(default="")
    region_id: Mapped[UUID] = mapped_column(ForeignKey("regions.id"), index=True)
    active: Mapped[bool] = mapped_column(default=True)

    region: Mapped[Region] = relationship(lazy="raise")


class Category(Base):
    """What a matter is about; two levels, each with the department and complexity it usually means."""

    __tablename__ = "categories"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    position: Mapped[int]
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("categories.id"), index=True)
    department_id: Mapped[UUID | None] = mapped_column(ForeignKey("departments.id"))
    complexity: Mapped[str] = mapped_column(default="ordinary")
    active: Mapped[bool] = mapped_column(default=True)

    department: Mapped[Department | None] = relationship(lazy="raise")


class RoutingRule(Base):
    """Words or a category, perhaps within a region, that suggest a department; edited by the office."""

    __tablename__ = "routing_rules"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    region_path: Mapped[str]
    priority: Mapped[int]
    category: Mapped[str | None]
    keywords: Mapped[list] = mapped_column(default=list)
    department_id: Mapped[UUID] = mapped_column(ForeignKey("departments.id"))
    reason: Mapped[str] = mapped_column(default="")
    active: Mapped[bool] = mapped_column(default=True)

    department: Mapped[Department] = relationship(lazy="raise")


class LocalTerm(Base):
    """A term a region has set for itself in place of the default of `domain.terms`."""

    __tablename__ = "local_terms"
    __table_args__ = (UniqueConstraint("region_id", "clock"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    region_id: Mapped[UUID] = mapped_column(ForeignKey("regions.id"))
    clock: Mapped[str]
    term: Mapped[str]


class LadderRung(Base):
    """Whom a region has told at a rung of the ladder, in place of `domain.reminders.LADDER`."""

    __tablename__ = "ladder_rungs"
    __table_args__ = (UniqueConstraint("region_id", "rung"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    region_id: Mapped[UUID] = mapped_column(ForeignKey("regions.id"))
    rung: Mapped[str]
    audiences: Mapped[list]
