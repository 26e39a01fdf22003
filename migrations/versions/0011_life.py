"""The life of data: what residents agreed to, what they want erased, what is held, and which bodies were erased."""

import sqlalchemy as sa
from alembic import op

revision = "0011_life"
down_revision = "0010_sessions"

EARLIER = """
INSERT INTO agreements (id, case_id, purpose, version, given_at)
SELECT gen_random_uuid(), matters.case_id, told.purpose, 0, cases.created_at
FROM matters JOIN cases ON cases.id = matters.case_id
CROSS JOIN LATERAL (VALUES
    ('processing', true), ('sharing', matters.share_identity), ('notices', cases.channels <> '[]')
) AS told (purpose, agreed)
WHERE told.agreed
"""
"""What was agreed to before the text had versions; 0 stands for the form's own sentence."""

REFUSE = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are only ever added';
END $$
"""
REFUSE_ALL_BUT_ERASURE = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.erased_at IS NOT NULL
        AND to_jsonb(OLD) - '{text,data,salt,erased_at}'::text[] = to_jsonb(NEW) - '{text,data,salt,erased_at}'::text[]
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'events are only ever added';
END $$
"""
"""A body may be erased; its digest and place in the chain stand, and only a later event can make it good."""

WALLED = ("agreements", "erasure_requests", "holds")
ENGINE = "(SELECT acting('role')) = 'system'"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "agreements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("given_at", TIME, nullable=False),
        sa.Column("withdrawn_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_agreements_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreements")),
    )
    op.create_index(op.f("ix_agreements_case_id"), "agreements", ["case_id"])
    op.create_index(
        "ix_agreements_standing",
        "agreements",
        ["case_id", "purpose"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.execute(EARLIER)
    op.create_table(
        "erasure_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("decided_at", TIME, nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("granted", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_erasure_requests_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["accounts.id"], name=op.f("fk_erasure_requests_decided_by_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_requests")),
    )
    op.create_index(op.f("ix_erasure_requests_case_id"), "erasure_requests", ["case_id"])
    op.create_index(
        "ix_erasure_requests_waiting",
        "erasure_requests",
        ["case_id"],
        unique=True,
        postgresql_where=sa.text("granted IS NULL"),
    )
    op.create_table(
        "holds",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_holds_case_id_cases")),
        sa.ForeignKeyConstraint(["by_id"], ["accounts.id"], name=op.f("fk_holds_by_id_accounts")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_holds")),
    )
    op.create_table(
        "doomed_files",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("doomed_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_doomed_files")),
    )
    for table in WALLED:
        _wall(table)
    op.add_column("events", sa.Column("erased_at", TIME, nullable=True))
    op.execute(REFUSE_ALL_BUT_ERASURE)


def _wall(table: str) -> None:
    """As the tables of a case before it: seen by whom the case is seen by, changed by the engine."""
    seen = f"EXISTS (SELECT FROM cases c WHERE c.id = {table}.case_id)"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY web_sees ON {table} FOR SELECT TO liaison_web USING ({seen})")
    op.execute(f"CREATE POLICY web_adds ON {table} FOR INSERT TO liaison_web WITH CHECK ({ENGINE})")
    op.execute(f"CREATE POLICY web_changes ON {table} FOR UPDATE TO liaison_web USING ({seen}) WITH CHECK ({ENGINE})")
    op.execute(f"CREATE POLICY web_drops ON {table} FOR DELETE TO liaison_web USING ({ENGINE})")
    op.execute(f"CREATE POLICY worker_works ON {table} TO liaison_worker USING (true) WITH CHECK (true)")


def downgrade() -> None:
    op.execute(REFUSE)
    op.drop_column("events", "erased_at")
    op.drop_table("doomed_files")
    op.drop_table("holds")
    op.drop_table("erasure_requests")
    op.drop_table("agreements")
