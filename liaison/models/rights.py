"""What residents have agreed to, what they want erased, what must not be deleted for now, and files that must."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from liaison.models.base import Base, new_id


class Agreement(Base):
    """That a resident agreed to one purpose under one version of the privacy text, and took it back, if they did.

    Kept after erasure, since whoever handles information must be able to show the consent; it names nobody.
    """

    __tablename__ = "agreements"
    __table_args__ = (
        Index(
            "ix_agreements_standing", "case_id", "purpose", unique=True, postgresql_where=text("withdrawn_at IS NULL")
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    purpose: Mapped[str]
    version: Mapped[int]
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class ErasureRequest(Base):
    """A resident's wish to be erased while the matter is handled or held; one of them waits at a time."""

    __tablename__ = "erasure_requests"
    __table_args__ = (
        Index("ix_erasure_requests_waiting", "case_id", unique=True, postgresql_where=text("granted IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    granted: Mapped[bool | None]


class Hold(Base):
    """A legal hold: nothing of the case is deleted while this row is there."""

    __tablename__ = "holds"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    reason: Mapped[str]
    by_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    at: Mapped[datetime]


class DoomedFile(Base):
    """A file that no case names any more: to be removed from the store, which no transaction can do."""

    __tablename__ = "doomed_files"

    key: Mapped[str] = mapped_column(primary_key=True)
    doomed_at: Mapped[datetime]
