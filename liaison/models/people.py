"""Deputies, accounts and sessions: those who act for the congress, the departments and the stations."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column, relationship

from liaison.models.base import Base, new_id
from liaison.models.departments import Department
from liaison.models.regions import Region


class Deputy(Base):
    """A people's deputy; public by office, so the name stands here and not in the vault."""

    __tablename__ = "deputies"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    name_pinyin: Mapped[str] = mapped_column(default="", index=True)
    level: Mapped[str]
    unit: Mapped[str] = mapped_column(default="")
    occupation: Mapped[str] = mapped_column(default="")
    groups: Mapped[list] = mapped_column(default=list)
    term: Mapped[str] = mapped_column(default="")
    region_id: Mapped[UUID] = mapped_column(ForeignKey("regions.id"), index=True)
    absent_until: Mapped[date | None]
    active: Mapped[bool] = mapped_column(default=True)

    region: Mapped[Region] = relationship(lazy="raise")


class Leadership(Base):
    """A deputy leads a department, and so answers for it: in conflict with whatever is about it."""

    __tablename__ = "leaderships"

    deputy_id: Mapped[UUID] = mapped_column(ForeignKey("deputies.id"), primary_key=True)
    department_id: Mapped[UUID] = mapped_column(ForeignKey("departments.id"), primary_key=True, index=True)


class Account(Base):
    """A sign-in: one role, one region, what else that role reaches, and the channels the vault keeps addresses for."""

    __tablename__ = "accounts"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    username: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    name: Mapped[str]
    role: Mapped[str] = mapped_column(index=True)
    region_id: Mapped[UUID] = mapped_column(ForeignKey("regions.id"), index=True)
    department_id: Mapped[UUID | None] = mapped_column(ForeignKey("departments.id"), index=True)
    station_id: Mapped[UUID | None] = mapped_column(ForeignKey("stations.id"), index=True)
    deputy_id: Mapped[UUID | None] = mapped_column(ForeignKey("deputies.id"), unique=True)
    head: Mapped[bool] = mapped_column(default=False)
    channels: Mapped[list] = mapped_column(default=list)
    active: Mapped[bool] = mapped_column(default=True)
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]

    region: Mapped[Region] = relationship(lazy="raise")
    department: Mapped[Department | None] = relationship(lazy="raise")
    station: Mapped[Any] = relationship("Station", lazy="raise")


class Session(Base):
    """A signed-in session, kept by the digest of its token so that a copy of the table opens nothing."""

    __tablename__ = "sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    token_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship(lazy="raise")
