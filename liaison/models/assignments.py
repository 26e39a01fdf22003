"""One department's duty on one case, its replies and the extensions it asked for."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from liaison.models.base import Base, new_id
from liaison.models.cases import Attachment, Case
from liaison.models.departments import Department


class Assignment(Base):
    """交办单: `position` counts from 1 within the case; `level` is the owner's rank: 0 handler, 1 head, 2 leader.

    `clock_id` is the clock lists show: the acknowledgement's, then the handling's.
    """

    __tablename__ = "assignments"
    __table_args__ = (
        UniqueConstraint("case_id", "position"),
        Index("ix_assignments_department_id_state", "department_id", "state", "assigned_at", "id"),
        Index("ix_assignments_department_id_assigned_at", "department_id", "assigned_at", "id"),
        Index("ix_assignments_return_requested", "case_id", postgresql_where=text("state = 'return_requested'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    position: Mapped[int]
    round: Mapped[int]
    department_id: Mapped[UUID] = mapped_column(ForeignKey("departments.id"))
    part: Mapped[str]
    level: Mapped[int] = mapped_column(default=0)
    complexity: Mapped[str]
    state: Mapped[str]
    locked: Mapped[bool] = mapped_column(default=False)
    clock_id: Mapped[UUID | None]
    assigned_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    return_reason: Mapped[str] = mapped_column(default="")
    belongs_to_id: Mapped[UUID | None] = mapped_column(ForeignKey("departments.id"))
    ended_at: Mapped[datetime | None]

    case: Mapped[Case] = relationship(lazy="raise")
    department: Mapped[Department] = relationship(lazy="raise", foreign_keys=[department_id])


class Reply(Base):
    """An answer by a deputy or a department; a department's counts once its approver has signed it."""

    __tablename__ = "replies"
    __table_args__ = (
        Index("ix_replies_assignment_id", "assignment_id", postgresql_where=text("assignment_id IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    assignment_id: Mapped[UUID | None] = mapped_column(ForeignKey("assignments.id"))
    round: Mapped[int]
    by_role: Mapped[str]
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    by_name: Mapped[str]
    text: Mapped[str]
    outcome: Mapped[str]
    measures: Mapped[str] = mapped_column(default="")
    owner: Mapped[str] = mapped_column(default="")
    promised_on: Mapped[date | None]
    at: Mapped[datetime]
    approved_at: Mapped[datetime | None]
    rejected_at: Mapped[datetime | None]

    files: Mapped[list[Attachment]] = relationship(lazy="raise", order_by=Attachment.position)


class Extension(Base):
    """The one extension a clock may get: asked before expiry, decided by the office, told to the resident."""

    __tablename__ = "extensions"
    __table_args__ = (Index("ix_extensions_undecided", "assignment_id", postgresql_where=text("granted IS NULL")),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    clock_id: Mapped[UUID] = mapped_column(ForeignKey("clocks.id"), unique=True)
    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignments.id"), index=True)
    working_days: Mapped[int]
    reason: Mapped[str]
    asked_by_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    granted: Mapped[bool | None]
