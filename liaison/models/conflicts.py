"""Whom a case is about: those who must not handle it, see it or hear of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from liaison.models.base import Base


class Conflict(Base):
    """One party of a case that is in conflict with it (`domain.conflict`).

    `party_id` is the id of a department, a deputy or an account, as `kind` says: no two of them share an id.
    It stands until `lifted_at`; the row stays, since who was ever in conflict never learns who the resident is.
    `source` says who named the party: the resident, the matter's own text, the office.
    """

    __tablename__ = "conflicts"
    __table_args__ = (
        Index("ix_conflicts_party_id", "party_id", "case_id", postgresql_where=text("lifted_at IS NULL")),
    )

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    party_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    source: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    lifted_at: Mapped[datetime | None]
    lifted_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    lifted_reason: Mapped[str] = mapped_column(default="")
