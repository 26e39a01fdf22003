"""A reading of the database's clock for each machine: uptimes of two cannot be compared, so each looks for itself."""

import sqlalchemy as sa
from alembic import op

revision = "0036_clock_readings"
down_revision = "0035_lean_indexes"


def upgrade() -> None:
    op.create_table(
        "clock_readings",
        sa.Column("boot_id", sa.Text(), nullable=False),
        sa.Column("boot_seconds", sa.Float(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("jumped_seconds", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("boot_id", name=op.f("pk_clock_readings")),
    )


def downgrade() -> None:
    op.drop_table("clock_readings")
