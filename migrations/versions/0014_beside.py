"""Beside the cases: notes among those of one side, texts written again and again, and what is typed but not sent."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014_beside"
down_revision = "0013_similar"

TIME = sa.DateTime(timezone=True)
SIDE = """
CREATE FUNCTION acting_side() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE acting('role')
        WHEN 'office' THEN 'office'
        WHEN 'office_lead' THEN 'office'
        WHEN 'handler' THEN 'department:' || acting('department')
        WHEN 'approver' THEN 'department:' || acting('department')
        WHEN 'deputy' THEN 'deputy:' || acting('deputy')
    END
$$
"""
ENGINE = "(SELECT acting('role')) = 'system'"
MINE = "account_id = (SELECT acting('account'))::uuid"
OURS = "side = (SELECT acting_side())"
AT_HOME = "(side <> 'office' OR region_path = (SELECT acting('region')))"


def upgrade() -> None:
    op.execute(SIDE)
    _notes()
    _quick_replies()
    _drafts()
    for table in ("notes", "quick_replies", "drafts"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY worker_works ON {table} TO liaison_worker USING (true) WITH CHECK (true)")
    within = "EXISTS (SELECT FROM cases c WHERE c.id = case_id)"
    seen = f"({ENGINE} OR {OURS}) AND {within}"
    op.execute(f"CREATE POLICY web_sees ON notes FOR SELECT TO liaison_web USING ({seen})")
    op.execute(f"CREATE POLICY web_adds ON notes FOR INSERT TO liaison_web WITH CHECK ({ENGINE})")
    op.execute(f"CREATE POLICY web_changes ON notes FOR UPDATE TO liaison_web USING ({ENGINE}) WITH CHECK ({ENGINE})")
    ours = f"{MINE} OR (shared AND {OURS} AND {AT_HOME})"
    op.execute(f"CREATE POLICY web_keeps ON quick_replies TO liaison_web USING ({ours}) WITH CHECK ({ours})")
    kept = f"({ENGINE} OR {MINE}) AND {within}"
    op.execute(f"CREATE POLICY web_keeps ON drafts TO liaison_web USING ({kept}) WITH CHECK ({kept})")


def _notes() -> None:
    op.create_table(
        "notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_notes_case_id_cases")),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name=op.f("fk_notes_by_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
    )
    op.create_index("ix_notes_case_id", "notes", ["case_id", "side", "at"])


def _quick_replies() -> None:
    op.create_table(
        "quick_replies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("region_path", sa.Text(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("use", sa.Text(), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("saved_at", TIME, nullable=False),
        sa.Column("removed_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_quick_replies_account_id_accounts")),
        sa.ForeignKeyConstraint(
            ["category_id"], ["categories.id"], name=op.f("fk_quick_replies_category_id_categories")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quick_replies")),
    )
    op.create_index(op.f("ix_quick_replies_account_id"), "quick_replies", ["account_id"])
    op.create_index(op.f("ix_quick_replies_side"), "quick_replies", ["side"])


def _drafts() -> None:
    op.create_table(
        "drafts",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("fields", postgresql.JSONB(), nullable=False),
        sa.Column("saved_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_drafts_account_id_accounts")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_drafts_case_id_cases")),
        sa.PrimaryKeyConstraint("account_id", "case_id", "form", "about", name=op.f("pk_drafts")),
    )


def downgrade() -> None:
    op.drop_table("drafts")
    op.drop_table("quick_replies")
    op.drop_table("notes")
    op.execute("DROP FUNCTION acting_side()")
