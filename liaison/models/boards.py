"""Screens on walls that show the board of one region and nothing else."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column, relationship

from liaison.models.base import Base, new_id
from liaison.models.regions import Region


class Board(Base):
    """One screen. `code_digest` is of the code that pairs it, gone once used; `token_digest` of its cookie.

    `device` and `network` say roughly from where it was paired.
    """

    __tablename__ = "boards"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    region_id: Mapped[UUID] = mapped_column(ForeignKey("regions.id"), index=True)
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    expires_at: Mapped[datetime]
    code_digest: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    token_digest: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    paired_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    device: Mapped[str] = mapped_column(default="")
    network: Mapped[str] = mapped_column(default="")

    region: Mapped[Region] = relationship(lazy="raise")
