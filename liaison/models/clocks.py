"""Running deadlines, the working-day calendar and the signs of life of the clockwork."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from liaison.models.assignments import Assignment
from liaison.models.base import Base, new_id
from liaison.models.cases import Case


class Clock(Base):
    """A deadline of a case or of one assignment: its term, pauses, extension, due date and next reminder.

    `remind_at` is the next rung of its ladder, `reminded_to` the moment up to which rungs have fallen;
    `generation` grows with each recomputation, so that a rung of the old due date is not taken for the new.
    `blue_at`, `yellow_at`, `red_at` let a query compute the light. Open means neither stopped nor paused.
    """

    __tablename__ = "clocks"
    __table_args__ = (
        Index("ix_clocks_running", "due_at", postgresql_where=text("stopped_at IS NULL AND paused_at IS NULL")),
        Index("ix_clocks_remind_at", "remind_at", postgresql_where=text("remind_at IS NOT NULL")),
        Index("ix_clocks_lapse_at", "lapse_at", postgresql_where=text("lapse_at IS NOT NULL")),
        Index(
            "ix_clocks_asleep",
            "id",
            postgresql_where=text("remind_at IS NULL AND stopped_at IS NULL AND paused_at IS NULL"),
        ),
        Index("ix_clocks_assignment_id", "assignment_id", postgresql_where=text("assignment_id IS NOT NULL")),
        Index("ix_clocks_provisional", "id", postgresql_where=text("provisional AND stopped_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    assignment_id: Mapped[UUID | None] = mapped_column(ForeignKey("assignments.id"))
    kind: Mapped[str]
    owner: Mapped[str]
    term: Mapped[str]
    started_at: Mapped[datetime]
    due_on: Mapped[date]
    due_at: Mapped[datetime]
    provisional: Mapped[bool]
    blue_at: Mapped[datetime]
    yellow_at: Mapped[datetime]
    red_at: Mapped[datetime]
    pauses: Mapped[list] = mapped_column(default=list)
    paused_at: Mapped[datetime | None]
    paused_days: Mapped[int] = mapped_column(default=0)
    paused_seconds: Mapped[int] = mapped_column(default=0)
    extended: Mapped[int] = mapped_column(default=0)
    stopped_at: Mapped[datetime | None]
    generation: Mapped[int] = mapped_column(default=1)
    remind_at: Mapped[datetime | None]
    reminded_to: Mapped[datetime]
    lapse_at: Mapped[datetime | None]

    case: Mapped[Case] = relationship(lazy="raise")
    assignment: Mapped[Assignment | None] = relationship(lazy="raise")


class CalendarDay(Base):
    """A day on which the official table departs from weekday = work, weekend = rest."""

    __tablename__ = "calendar_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    working: Mapped[bool]
    name: Mapped[str] = mapped_column(default="")


class CalendarYear(Base):
    """A year for which the official table is loaded."""

    __tablename__ = "calendar_years"

    year: Mapped[int] = mapped_column(primary_key=True)
    loaded_at: Mapped[datetime]


class CalendarImport(Base):
    """An official table taken in by a person: who, when, which years, how many clocks moved."""

    __tablename__ = "calendar_imports"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime]
    by_name: Mapped[str]
    years: Mapped[list]
    moved: Mapped[int]


class Heartbeat(Base):
    """When a part of the clockwork last proved that it lives, through the database."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class ClockWatch(Base):
    """The one row that remembers where the database's clock stood against the machine's uptime.

    `jumped_seconds` is by how much it has jumped and not come back, `alarm_since` since when that is too much;
    a person who finds the clock right confirms it.
    """

    __tablename__ = "clock_watch"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    boot_id: Mapped[str]
    boot_seconds: Mapped[float]
    jumped_seconds: Mapped[float]
    alarm_since: Mapped[datetime | None]
    confirmed_by: Mapped[str | None]
    confirmed_at: Mapped[datetime | None]


class ClockReading(Base):
    """What the database's clock said when a machine last asked it, and by how much it had jumped by then.

    A row for each boot: only against its own uptime can a machine tell that a clock went ahead.
    """

    __tablename__ = "clock_readings"

    boot_id: Mapped[str] = mapped_column(primary_key=True)
    boot_seconds: Mapped[float]
    at: Mapped[datetime]
    jumped_seconds: Mapped[float]
