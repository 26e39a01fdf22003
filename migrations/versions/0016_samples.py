"""Samples of closed cases that are looked back at."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016_samples"
down_revision = "0015_answers"

SEEN = "EXISTS (SELECT FROM cases c WHERE c.id = sampled.case_id)"


def upgrade() -> None:
    op.create_table(
        "samples",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("region_path", sa.Text(), nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("filters", postgresql.JSONB(), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name=op.f("fk_samples_by_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_samples")),
    )
    op.create_table(
        "sampled",
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_sampled_case_id_cases")),
        sa.ForeignKeyConstraint(["sample_id"], ["samples.id"], name=op.f("fk_sampled_sample_id_samples")),
        sa.PrimaryKeyConstraint("sample_id", "case_id", name=op.f("pk_sampled")),
    )
    op.create_index(op.f("ix_sampled_case_id"), "sampled", ["case_id"])
    op.execute("ALTER TABLE sampled ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY web_sees ON sampled FOR SELECT TO liaison_web USING ({SEEN})")
    # A lot changes no case: whoever sees one may draw it, and nobody takes it out again.
    op.execute(f"CREATE POLICY web_adds ON sampled FOR INSERT TO liaison_web WITH CHECK ({SEEN})")
    op.execute("CREATE POLICY worker_works ON sampled TO liaison_worker USING (true) WITH CHECK (true)")


def downgrade() -> None:
    op.drop_table("sampled")
    op.drop_table("samples")
