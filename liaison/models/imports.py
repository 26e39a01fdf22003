"""Imports of registers from tables people upload: what was read, what it would change, and how to take it back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from liaison.models.base import Base, new_id


class Import(Base):
    """One uploaded table: looked over (until `expires_at`), perhaps imported, perhaps undone.

    `lines` are the rows as they were read, each with its number in the table; `changes` and `faults` are what the
    preview found, in codes. Once imported, it happened just as `changes` says. `stage` is what a long one waits for
    (`services.imports`), `tries` how often a job began to import it, `progress` how many lines that has done.
    """

    __tablename__ = "imports"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str]
    region_path: Mapped[str]
    file_name: Mapped[str]
    sha256: Mapped[str]
    lines: Mapped[list]
    changes: Mapped[list]
    faults: Mapped[list]
    counts: Mapped[dict]
    by_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    by_name: Mapped[str]
    at: Mapped[datetime]
    expires_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    undone_by_name: Mapped[str | None]
    stage: Mapped[str] = mapped_column(default="")
    tries: Mapped[int] = mapped_column(default=0)
    progress: Mapped[int] = mapped_column(default=0)


class ImportedRow(Base):
    """A row of a register's table as it was before an import and as that left it; None where there was none.

    `key` is its primary key.
    """

    __tablename__ = "imported_rows"

    import_id: Mapped[UUID] = mapped_column(ForeignKey("imports.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    table: Mapped[str]
    key: Mapped[dict]
    before: Mapped[dict | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[dict | None] = mapped_column(JSONB(none_as_null=True))
