"""What regions set for themselves while the system runs, and every change of it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027_settings"
down_revision = "0026_visitors"


def upgrade() -> None:
    op.create_table(
        "settings",
        sa.Column("region_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_settings_region_id_regions")),
        sa.PrimaryKeyConstraint("region_id", "key", name=op.f("pk_settings")),
    )
    op.create_table(
        "setting_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("region_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=True),
        sa.Column("after", postgresql.JSONB(), nullable=True),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_setting_changes_region_id_regions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_setting_changes")),
        sa.UniqueConstraint("seq", name=op.f("uq_setting_changes_seq")),
    )
    op.create_index(op.f("ix_setting_changes_region_id"), "setting_changes", ["region_id"])


def downgrade() -> None:
    op.drop_table("setting_changes")
    op.drop_table("settings")
