"""The audit log: who read a resident's name, took data out, or changed a setting."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from liaison.models.base import Base, new_id


class AuditEntry(Base):
    """One act, chained by hash to the one before it and only ever added.

    `about` names the thing in words people use, such as a case's number; `region_path` is where the thing lies, empty
    for what concerns the whole installation.
    """

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_at", "at", "id"),
        Index("ix_audit_act", "act", "at", "id"),
        Index("ix_audit_erased", "seq", postgresql_where=text("act = 'data.erase'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    seq: Mapped[int] = mapped_column(unique=True)
    at: Mapped[datetime]
    act: Mapped[str]
    by_role: Mapped[str]
    by_id: Mapped[UUID | None]
    by_name: Mapped[str]
    about: Mapped[str]
    region_path: Mapped[str]
    data: Mapped[dict]
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    body_digest: Mapped[str]
    prev_hash: Mapped[str]
    hash: Mapped[str]
