"""Liaison stations and their duty rosters."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from liaison.models.base import Base, new_id
from liaison.models.people import Deputy
from liaison.models.regions import Region


class Station(Base):
    """The place with the QR code on its wall; `screening` off sends matters straight to the deputy on duty."""

    __tablename__ = "stations"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[str]
    region_id: Mapped[UUID] = mapped_column(ForeignKey("regions.id"), index=True)
    address: Mapped[str] = mapped_column(default="")
    opening: Mapped[str] = mapped_column(default="")
    capabilities: Mapped[list] = mapped_column(default=list)
    screening: Mapped[bool] = mapped_column(default=True)
    active: Mapped[bool] = mapped_column(default=True)
    last_scan_at: Mapped[datetime | None]

    region: Mapped[Region] = relationship(lazy="raise")


class DutyTurn(Base):
    """A deputy's place in a station's roster; the week of the year says whose turn it is."""

    __tablename__ = "duty_turns"

    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    deputy_id: Mapped[UUID] = mapped_column(ForeignKey("deputies.id"), index=True)

    deputy: Mapped[Deputy] = relationship(lazy="raise")


class DutyChange(Base):
    """What is otherwise at a station on one day: somebody stands in, nobody is on duty, or a rest day has duty too.

    `kind` is one of `domain.duty.Change`; without a deputy it is the one whose turn it is anyhow.
    """

    __tablename__ = "duty_changes"

    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str]
    deputy_id: Mapped[UUID | None] = mapped_column(ForeignKey("deputies.id"), index=True)

    deputy: Mapped[Deputy | None] = relationship(lazy="raise")
