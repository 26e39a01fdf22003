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
    """A sign-in: one role, one region, what else that role reaches, and the channels the vault keeps addresses for.

    `otp_since` is when its second factor was confirmed, `otp_step` the last step whose code was taken. `single_keys`
    says whether a letter by itself does something in the console (WCAG 2.1.4 asks for a way to turn that off).
    """

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
    must_change: Mapped[bool] = mapped_column(default=False)
    password_changed_at: Mapped[datetime]
    otp_since: Mapped[datetime | None]
    otp_step: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    single_keys: Mapped[bool] = mapped_column(default=True)

    region: Mapped[Region] = relationship(lazy="raise")
    department: Mapped[Department | None] = relationship(lazy="raise")
    station: Mapped[Any] = relationship("Station", lazy="raise")
    deputy: Mapped[Deputy | None] = relationship(lazy="raise")


class Session(Base):
    """A signed-in session, kept by the digest of its token so that a copy of the table opens nothing.

    `by` is what opened it: password, wechat or wecom. `proven_at` is when the second factor was passed in it; `device`
    and `network` say roughly from where it came.
    """

    __tablename__ = "sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    token_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    proven_at: Mapped[datetime | None]
    by: Mapped[str] = mapped_column(default="password")
    device: Mapped[str] = mapped_column(default="")
    network: Mapped[str] = mapped_column(default="")

    account: Mapped[Account] = relationship(lazy="raise")


class Visit(Base):
    """A resident's session by WeChat, kept by the digest of its token; `visitor_id` is the vault's, and random."""

    __tablename__ = "visits"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    visitor_id: Mapped[UUID] = mapped_column(index=True)
    token_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class PastPassword(Base):
    """The hash of a password an account had, so that it is not taken again at once."""

    __tablename__ = "past_passwords"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    password_hash: Mapped[str]
    replaced_at: Mapped[datetime]


class RecoveryCode(Base):
    """The digest of a code that opens once in place of the second factor; the row goes when it has."""

    __tablename__ = "recovery_codes"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)


class Recovery(Base):
    """A locked-out person let in again by two others, of whom each knows one half of the code."""

    __tablename__ = "recoveries"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    reason: Mapped[str]
    asked_by_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    asked_at: Mapped[datetime]
    first_digest: Mapped[bytes] = mapped_column(LargeBinary)
    confirmed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    confirmed_at: Mapped[datetime | None]
    second_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime]
    failures: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship(lazy="raise", foreign_keys=[account_id])
    asked_by: Mapped[Account] = relationship(lazy="raise", foreign_keys=[asked_by_id])
