"""The working-day calendar of 2004 to 2026, as the State Council published it year by year."""

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0002_calendar"
down_revision = "0001_trunk"

TABLE = Path(__file__).parents[1] / "calendar-2004-2026.csv"
YEARS = range(2004, 2027)

days = sa.table(
    "calendar_days", sa.column("day", sa.Date), sa.column("working", sa.Boolean), sa.column("name", sa.Text)
)
years = sa.table("calendar_years", sa.column("year", sa.Integer), sa.column("loaded_at", sa.DateTime(timezone=True)))


def upgrade() -> None:
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = [
            {"day": date.fromisoformat(row["day"]), "working": row["kind"] == "work", "name": row["name"]}
            for row in csv.DictReader(file)
        ]
    op.bulk_insert(days, rows)
    loaded = datetime(2025, 11, 4, tzinfo=UTC)  # the day the table of 2026 was published
    op.bulk_insert(years, [{"year": year, "loaded_at": loaded} for year in YEARS])


def downgrade() -> None:
    op.execute("DELETE FROM calendar_days")
    op.execute("DELETE FROM calendar_years")
