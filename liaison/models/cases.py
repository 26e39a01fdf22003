"""The common trunk: a case, its chained events, its files, ratings and what was published of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, Sequence, UniqueConstraint, func, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from liaison.models.base import Base, new_id
from liaison.models.departments import Category
from liaison.models.people import Deputy
from liaison.models.stations import Station

PUBLISHED_WORDS = "(title || text) || answer"
"""All that was published of a case, as its index of words has it; bracketed as PostgreSQL gives it back."""

case_numbers = Sequence("case_numbers", metadata=Base.metadata)


class Case(Base):
    """Whatever people hand to each other: a number, a state, a head of a chain, and whom it concerns.

    `region_path` repeats the region's path, so that reach is one prefix condition; `clock_id` is the clock
    that lists and pages show; `came_from` is the state a resuming state was entered from; `has_merged` says that
    others were ever merged into it, which saves most cases a look-up. `channels` are those by which the resident can
    be reached, whose addresses the vault keeps.
    """

    __tablename__ = "cases"
    __table_args__ = (
        Index("ix_cases_deputy_id_box", "deputy_id", func.deputy_box(literal_column("state")), "created_at", "id"),
        Index("ix_cases_state_created_at", "state", "created_at", "id"),
        Index("ix_cases_created_at", "created_at", "id"),
        Index("ix_cases_station_id_created_at", "station_id", "created_at", "id"),
        Index("ix_cases_bigrams", func.bigrams(literal_column("text")), postgresql_using="gin"),
        Index("ix_cases_supervised_at", "supervised_at", postgresql_where=text("supervised_at IS NOT NULL")),
        Index("ix_cases_merged_into_id", "merged_into_id", postgresql_where=text("merged_into_id IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str]
    number: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    text: Mapped[str]
    region_id: Mapped[UUID] = mapped_column(ForeignKey("regions.id"))
    region_path: Mapped[str]
    station_id: Mapped[UUID | None] = mapped_column(ForeignKey("stations.id"))
    deputy_id: Mapped[UUID | None] = mapped_column(ForeignKey("deputies.id"))
    category_id: Mapped[UUID | None] = mapped_column(ForeignKey("categories.id"))
    state: Mapped[str]
    came_from: Mapped[str | None]
    state_since: Mapped[datetime]
    round: Mapped[int] = mapped_column(default=1)
    clock_id: Mapped[UUID | None]
    seq: Mapped[int] = mapped_column(default=0)
    head: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    supervised_at: Mapped[datetime | None]
    merged_into_id: Mapped[UUID | None] = mapped_column(ForeignKey("cases.id"))
    has_merged: Mapped[bool] = mapped_column(default=False)
    channels: Mapped[list] = mapped_column(default=list)


class Event(Base):
    """One line of a case's history; only ever added, and chained by hash (see `domain.chain`).

    `erased_at` says that what stands here is what an erasure has left, under a salt of its own; `body_digest` is still
    that of the body as it was.
    """

    __tablename__ = "events"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    by_role: Mapped[str]
    by_id: Mapped[UUID | None]
    by_name: Mapped[str] = mapped_column(default="")
    state: Mapped[str]
    internal: Mapped[bool] = mapped_column(default=False)
    text: Mapped[str] = mapped_column(default="")
    data: Mapped[dict] = mapped_column(default=dict)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    body_digest: Mapped[str]
    prev_hash: Mapped[str]
    hash: Mapped[str]
    erased_at: Mapped[datetime | None]

    case: Mapped[Case] = relationship(lazy="raise")


class Attachment(Base):
    """A file of a case, kept in the file store under a random key; `position` counts from 1 within the case."""

    __tablename__ = "attachments"
    __table_args__ = (UniqueConstraint("case_id", "position"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    position: Mapped[int]
    reply_id: Mapped[UUID | None] = mapped_column(ForeignKey("replies.id"), index=True)
    by_role: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    thumb_key: Mapped[str | None]
    name: Mapped[str] = mapped_column(default="")
    mime: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    created_at: Mapped[datetime]

    case: Mapped[Case] = relationship(lazy="raise")


class Rating(Base):
    """What the resident says of the answer of one round, in three parts."""

    __tablename__ = "ratings"
    __table_args__ = (Index("ix_ratings_case_id", "case_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    round: Mapped[int]
    result: Mapped[str]
    attitude: Mapped[int]
    speed: Mapped[int]
    text: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]


class Publication(Base):
    """What the public may read of a case: redacted by hand, the original kept.

    Repeats the case's number, category and deputy, since the public sees no case.
    """

    __tablename__ = "publications"
    __table_args__ = (
        Index("ix_publications_bigrams", func.bigrams(literal_column(PUBLISHED_WORDS)), postgresql_using="gin"),
    )

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    station_id: Mapped[UUID | None] = mapped_column(ForeignKey("stations.id"), index=True)
    category_id: Mapped[UUID | None] = mapped_column(ForeignKey("categories.id"), index=True)
    deputy_id: Mapped[UUID | None] = mapped_column(ForeignKey("deputies.id"), index=True)
    title: Mapped[str]
    text: Mapped[str]
    answer: Mapped[str]
    by_id: Mapped[UUID]
    published_at: Mapped[datetime] = mapped_column(index=True)

    station: Mapped[Station | None] = relationship(lazy="raise")
    category: Mapped[Category | None] = relationship(lazy="raise")
    deputy: Mapped[Deputy | None] = relationship(lazy="raise")


class PublishedPhoto(Base):
    """A photo the public may see: a new picture, covered where `boxes` say, in per cent; `position` as the original."""

    __tablename__ = "published_photos"
    __table_args__ = (UniqueConstraint("case_id", "position"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("publications.case_id", ondelete="CASCADE"))
    position: Mapped[int]
    boxes: Mapped[list]
    key: Mapped[str] = mapped_column(unique=True)
    thumb_key: Mapped[str]
    mime: Mapped[str]
    sha256: Mapped[str]
    created_at: Mapped[datetime]
