"""What a resident's matter has beyond the trunk, and the rows that make submitting idempotent."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column, relationship

from liaison.models.base import Base, new_id
from liaison.models.cases import Case


class Matter(Base):
    """A resident's matter: how it came in, the sealed query code, why it went to this deputy and that department.

    Only the keyed digest `code_seal` of the query code is stored, under `code_key_id`, which must stay valid with it.
    `channel` names the right door of a refusal or redirection; `about_person` is whom the
    resident said it is about, in the own words, for the office alone.
    """

    __tablename__ = "matters"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    code_seal: Mapped[bytes] = mapped_column(LargeBinary)
    code_key_id: Mapped[str]
    source: Mapped[str]
    entered_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    share_identity: Mapped[bool] = mapped_column(default=False)
    about_person: Mapped[str] = mapped_column(default="")
    routing: Mapped[dict] = mapped_column(default=dict)
    suggested_department_id: Mapped[UUID | None] = mapped_column(ForeignKey("departments.id"))
    claimed_at: Mapped[datetime | None]
    channel: Mapped[str | None]

    case: Mapped[Case] = relationship(lazy="raise")


class Idempotency(Base):
    """A key a client chose for one submission, with the digest of what it sent."""

    __tablename__ = "idempotency"
    __table_args__ = (Index("ix_idempotency_created_at", "created_at", postgresql_using="brin"),)

    scope: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str]
    case_id: Mapped[UUID]
    created_at: Mapped[datetime]


class Reveal(Base):
    """A request to learn who the resident is: a reason, a second person, a quarter of an hour."""

    __tablename__ = "reveals"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    position: Mapped[int]
    reason: Mapped[str]
    asked_by_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    asked_at: Mapped[datetime]
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[datetime | None]
    granted: Mapped[bool | None]
    expires_at: Mapped[datetime | None]
