"""Samples of closed cases that are looked back at (回头看), and how they were drawn."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from liaison.models.base import Base, new_id


class Sample(Base):
    """One drawing: from which cases (`filters`, in codes), how many there were, and the seed to draw them again.

    What was found of each is no column of ours: it is the case's own event `look_back` since `at`.
    """

    __tablename__ = "samples"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    region_path: Mapped[str]
    seed: Mapped[str]
    filters: Mapped[dict]
    population: Mapped[int]
    by_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]


class Sampled(Base):
    """A case of a sample, in the order in which it was drawn."""

    __tablename__ = "sampled"

    sample_id: Mapped[UUID] = mapped_column(ForeignKey("samples.id"), primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), primary_key=True, index=True)
    position: Mapped[int]
