"""What was asked about the content of a case, and what came of it: a hint for the office, seen by nobody else."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from liaison.models.base import Base, new_id


class ContentCheck(Base):
    """One text or file of a case to look at: waiting → asked (a medium whose result comes later) → done.

    `about` names what it is within the case, `event:<seq>` or `file:<position>`, and `digest` its content, so that
    nothing is asked twice. `suggest`, `hint` and `source` are the newest of what was found, None while nobody has
    looked. A text may be found by our own words first and by the platform later. `trace_id` is the platform's name of
    a medium it looks at. `token` fences the attempts: only the newest may settle.
    """

    __tablename__ = "content_checks"
    __table_args__ = (
        UniqueConstraint("case_id", "about", "digest"),
        Index("ix_content_checks_next_at", "next_at", postgresql_where=text("state <> 'done'")),
        Index("uq_content_checks_trace_id", "trace_id", unique=True, postgresql_where=text("trace_id IS NOT NULL")),
        Index("ix_content_checks_flagged", "case_id", postgresql_where=text("suggest IN ('review', 'risky')")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    about: Mapped[str]
    digest: Mapped[str]
    state: Mapped[str] = mapped_column(default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    token: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    next_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    suggest: Mapped[str | None]
    hint: Mapped[str | None]
    source: Mapped[str | None]
    error: Mapped[str | None]
    trace_id: Mapped[str | None]
