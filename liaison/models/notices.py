"""The outbox: one row per message, recipient and channel; the truth that the queue only rings for."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from liaison.models.base import Base, new_id
from liaison.models.people import Account


class Notice(Base):
    """One message to one recipient by one channel; says that there is news, never what.

    State: due → leased → sent | dead, or cancelled; `in_doubt` after a restore (services/restoring). `token` fences a
    claim: only its holder may settle.
    `due_at` is when it was to be sent, `next_at` when it is rung, leased until or tried again.
    `recipient_id` is an account, or for a resident the case itself; a digest is about no case. `owner_id` is who looks
    after a dead one.
    """

    __tablename__ = "notices"
    __table_args__ = (
        Index("ix_notices_next_at", "next_at", postgresql_where=text("state IN ('due', 'leased')")),
        Index("ix_notices_recipient", "recipient_id", "created_at", postgresql_where=text("channel = 'inbox'")),
        Index("ix_notices_dead", "id", postgresql_where=text("state IN ('dead', 'in_doubt')")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    dedup_key: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("cases.id"), index=True)
    clock_id: Mapped[UUID | None]
    generation: Mapped[int] = mapped_column(default=0)
    topic: Mapped[str]
    recipient_role: Mapped[str]
    recipient_id: Mapped[UUID]
    channel: Mapped[str]
    state: Mapped[str] = mapped_column(default="due")
    token: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    next_at: Mapped[datetime]
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    error: Mapped[str | None]
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))


class NoticeAct(Base):
    """What a person decided about a notice, and when: took it on, had it sent again, let it go out or held it back."""

    __tablename__ = "notice_acts"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    notice_id: Mapped[UUID] = mapped_column(ForeignKey("notices.id"), index=True)
    act: Mapped[str]
    by_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    at: Mapped[datetime]

    by: Mapped[Account] = relationship(lazy="raise")
