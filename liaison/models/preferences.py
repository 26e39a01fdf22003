"""What regions have set for themselves (`domain.preferences`), and every change of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from liaison.models.base import Base, new_id
from liaison.models.regions import Region


class Setting(Base):
    """A region's own value; without a row it follows the region above, or the default."""

    __tablename__ = "settings"

    region_id: Mapped[UUID] = mapped_column(ForeignKey("regions.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(JSONB)


class SettingChange(Base):
    """One change, from what to what; None stands for no own value. The last one's id is the version of all settings."""

    __tablename__ = "setting_changes"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    seq: Mapped[int] = mapped_column(unique=True)
    at: Mapped[datetime]
    by_name: Mapped[str]
    region_id: Mapped[UUID] = mapped_column(ForeignKey("regions.id"), index=True)
    key: Mapped[str]
    before: Mapped[int | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[int | None] = mapped_column(JSONB(none_as_null=True))

    region: Mapped[Region] = relationship(lazy="raise")
