"""Who waits to be known by WeChat or WeCom, and whom the office has invited; by what they are known is in the vault."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column, relationship

from liaison.models.base import Base, new_id
from liaison.models.people import Account


class Binding(Base):
    """Something somebody is known by (`kind`: openid or userid) that no account is bound to yet.

    A phone that showed its openid holds a ticket, kept as a digest, good until `ticket_until`. Once it says whose it
    is, or an administrator does (`asked_by_id`), it waits for somebody to confirm. `failures` are wrong invitations.
    """

    __tablename__ = "bindings"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str]
    ticket_digest: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    ticket_until: Mapped[datetime | None]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    asked_at: Mapped[datetime | None]
    asked_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    device: Mapped[str] = mapped_column(default="")
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    expires_at: Mapped[datetime]

    account: Mapped[Account | None] = relationship(lazy="raise", foreign_keys=[account_id])
    asked_by: Mapped[Account | None] = relationship(lazy="raise", foreign_keys=[asked_by_id])


class Invitation(Base):
    """The digest of a code by which one deputy binds a phone at once; the row goes when it was used."""

    __tablename__ = "invitations"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    made_by_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
