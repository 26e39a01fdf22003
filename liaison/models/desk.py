"""What one account keeps for its own work: nothing here says anything of a case to anybody else."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from liaison.models.base import Base, new_id


class SavedView(Base):
    """A way to look at one's list, by a name of one's own; `query` is that part of the list's address."""

    __tablename__ = "saved_views"
    __table_args__ = (UniqueConstraint("account_id", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    name: Mapped[str]
    query: Mapped[str]
    saved_at: Mapped[datetime]
