"""Single days on which a station's duty is otherwise than the roster says."""

import sqlalchemy as sa
from alembic import op

revision = "0022_duty"
down_revision = "0021_checks"


def upgrade() -> None:
    op.create_table(
        "duty_changes",
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("deputy_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["deputy_id"], ["deputies.id"], name=op.f("fk_duty_changes_deputy_id_deputies")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_duty_changes_station_id_stations")),
        sa.PrimaryKeyConstraint("station_id", "day", name=op.f("pk_duty_changes")),
    )
    op.create_index(op.f("ix_duty_changes_deputy_id"), "duty_changes", ["deputy_id"])


def downgrade() -> None:
    op.drop_table("duty_changes")
