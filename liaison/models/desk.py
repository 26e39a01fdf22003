"""What people keep for their own work; of a case it says nothing to anybody but themselves and their own side."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from liaison.models.base import Base, new_id
from liaison.models.departments import Category


class SavedView(Base):
    """A way to look at one's list, by a name of one's own; `query` is that part of the list's address."""

    __tablename__ = "saved_views"
    __table_args__ = (UniqueConstraint("account_id", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    name: Mapped[str]
    query: Mapped[str]
    saved_at: Mapped[datetime]


class Note(Base):
    """A remark on a case among those of one side (内部备注); only ever added, part of no history and of no export.

    `side` is as `services.reach.side_of` says it.
    """

    __tablename__ = "notes"
    __table_args__ = (Index("ix_notes_case_id", "case_id", "side", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    side: Mapped[str]
    by_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    by_name: Mapped[str]
    text: Mapped[str]
    at: Mapped[datetime]


class QuickReply(Base):
    """A text one writes again and again, with placeholders; `shared` ones are for everybody of the side.

    `use` says for which forms; `category_id` and `state` for which matters, if not for all. An office's are its
    region's own.
    """

    __tablename__ = "quick_replies"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    side: Mapped[str] = mapped_column(index=True)
    region_path: Mapped[str]
    shared: Mapped[bool]
    use: Mapped[str]
    category_id: Mapped[UUID | None] = mapped_column(ForeignKey("categories.id"))
    state: Mapped[str | None]
    name: Mapped[str]
    text: Mapped[str]
    saved_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    category: Mapped[Category | None] = relationship(lazy="raise")


class Draft(Base):
    """What somebody has typed into one form of a case and not sent yet; `about` tells two forms of a name apart."""

    __tablename__ = "drafts"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    form: Mapped[str] = mapped_column(primary_key=True)
    about: Mapped[str] = mapped_column(primary_key=True)
    fields: Mapped[dict]
    saved_at: Mapped[datetime]
