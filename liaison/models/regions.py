"""Administrative regions: the tree that tenancy and reach follow."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from liaison.models.base import Base, new_id


class RegistersVersion(Base):
    """Which state the registers are in: one row, whose id triggers renew with every change (migration 0030)."""

    __tablename__ = "registers_version"
    __table_args__ = (CheckConstraint("one", name="one"),)

    one: Mapped[bool] = mapped_column(primary_key=True)
    version: Mapped[UUID]


class Region(Base):
    """One region; `path` is the codes from the root joined and ended by "/", so that a prefix means "and below"."""

    __tablename__ = "regions"
    __table_args__ = (Index("ix_regions_path", "path", postgresql_ops={"path": "text_pattern_ops"}),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    level: Mapped[str]
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("regions.id"))
    path: Mapped[str]
