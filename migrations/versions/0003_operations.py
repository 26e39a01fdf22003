"""What the people who watch the clockwork need: owners of dead notices, ladders of regions, imports of calendars."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003_operations"
down_revision = "0002_calendar"


def upgrade() -> None:
    _change_notices()
    op.create_table(
        "ladder_rungs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("region_id", sa.Uuid(), nullable=False),
        sa.Column("rung", sa.Text(), nullable=False),
        sa.Column("audiences", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_ladder_rungs_region_id_regions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ladder_rungs")),
        sa.UniqueConstraint("region_id", "rung", name=op.f("uq_ladder_rungs_region_id_rung")),
    )
    op.create_table(
        "calendar_imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("years", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_imports")),
    )


def downgrade() -> None:
    op.drop_table("calendar_imports")
    op.drop_table("ladder_rungs")
    op.drop_index(op.f("ix_notice_acts_notice_id"), table_name="notice_acts")
    op.drop_table("notice_acts")
    op.execute("DELETE FROM notices WHERE case_id IS NULL")  # digests, which only this revision knows
    op.drop_index("ix_notices_dead", table_name="notices")
    op.alter_column("notices", "case_id", nullable=False)
    op.drop_column("notices", "owner_id")


def _change_notices() -> None:
    op.alter_column("notices", "case_id", nullable=True)
    op.add_column("notices", sa.Column("owner_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_notices_owner_id_accounts"), "notices", "accounts", ["owner_id"], ["id"])
    op.create_index("ix_notices_dead", "notices", ["id"], postgresql_where=sa.text("state IN ('dead', 'in_doubt')"))
    op.create_table(
        "notice_acts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_notice_acts_notice_id_notices")),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name=op.f("fk_notice_acts_by_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_acts")),
    )
    op.create_index(op.f("ix_notice_acts_notice_id"), "notice_acts", ["notice_id"])
