"""What was asked about the content of a case: rows that wait for a look, hints that only the office sees."""

import sqlalchemy as sa
from alembic import op

revision = "0021_checks"
down_revision = "0020_registers"

TIME = sa.DateTime(timezone=True)
ENGINE = "(SELECT acting('role')) = 'system'"
OFFICE = "(SELECT acting('role')) IN ('system', 'office', 'office_lead')"
WITHIN = "EXISTS (SELECT FROM cases c WHERE c.id = content_checks.case_id)"


def upgrade() -> None:
    op.create_table(
        "content_checks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("next_at", TIME, nullable=False),
        sa.Column("settled_at", TIME, nullable=True),
        sa.Column("suggest", sa.Text(), nullable=True),
        sa.Column("hint", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("trace_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_content_checks_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content_checks")),
        sa.UniqueConstraint("case_id", "about", "digest", name=op.f("uq_content_checks_case_id_about_digest")),
        sa.UniqueConstraint("trace_id", name=op.f("uq_content_checks_trace_id")),
    )
    waiting, flagged = sa.text("state <> 'done'"), sa.text("suggest IN ('review', 'risky')")
    op.create_index("ix_content_checks_next_at", "content_checks", ["next_at"], postgresql_where=waiting)
    op.create_index("ix_content_checks_flagged", "content_checks", ["case_id"], postgresql_where=flagged)
    op.execute("ALTER TABLE content_checks ENABLE ROW LEVEL SECURITY")
    seen = f"{OFFICE} AND {WITHIN}"
    op.execute(f"CREATE POLICY web_sees ON content_checks FOR SELECT TO liaison_web USING ({seen})")
    op.execute(f"CREATE POLICY web_adds ON content_checks FOR INSERT TO liaison_web WITH CHECK ({ENGINE})")
    op.execute(
        f"CREATE POLICY web_changes ON content_checks FOR UPDATE TO liaison_web USING ({ENGINE}) WITH CHECK ({ENGINE})"
    )
    op.execute(f"CREATE POLICY web_drops ON content_checks FOR DELETE TO liaison_web USING ({ENGINE})")
    op.execute("CREATE POLICY worker_works ON content_checks TO liaison_worker USING (true) WITH CHECK (true)")


def downgrade() -> None:
    op.drop_table("content_checks")
