"""What platforms told us, as it came: one row per message, whose content lies sealed in the vault."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from liaison.models.base import Base, new_id


class InboundEvent(Base):
    """One message from outside: waiting → done | failed; deleted when its time is over (`services.retention`).

    `message_id` is a keyed digest, so that the platform's repeats are known and nothing else can be learnt from it.
    `error` is why it failed, why it waits still, or why nothing followed from it.
    """

    __tablename__ = "inbound_events"
    __table_args__ = (
        UniqueConstraint("source", "message_id"),
        Index("ix_inbound_events_next_at", "next_at", postgresql_where=text("state IN ('waiting', 'failed')")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    source: Mapped[str]
    message_id: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    worked_at: Mapped[datetime | None]
    error: Mapped[str | None]


class InboundNonce(Base):
    """A nonce a signed request has used; kept only while that request's timestamp would still be taken."""

    __tablename__ = "inbound_nonces"

    source: Mapped[str] = mapped_column(primary_key=True)
    nonce: Mapped[str] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(index=True)


class Answer(Base):
    """What is to be said to somebody who wrote to the service account: waiting → done | failed, at most once a try.

    `kind` is told | pointer | welcome. To whom, and what was written, stands in the event's message in the vault.
    """

    __tablename__ = "answers"
    __table_args__ = (Index("ix_answers_next_at", "next_at", postgresql_where=text("state = 'waiting'")),)

    event_id: Mapped[UUID] = mapped_column(ForeignKey("inbound_events.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    token: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    error: Mapped[str | None]
