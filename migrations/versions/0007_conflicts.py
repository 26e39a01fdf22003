"""Whom a case is about, which deputies lead departments, and the person a resident named."""

import sqlalchemy as sa
from alembic import op

revision = "0007_conflicts"
down_revision = "0006_history"


def upgrade() -> None:
    op.create_table(
        "leaderships",
        sa.Column("deputy_id", sa.Uuid(), nullable=False),
        sa.Column("department_id", sa.Uuid(), nullable=False),
        _key("leaderships", "deputy_id", "deputies"),
        _key("leaderships", "department_id", "departments"),
        sa.PrimaryKeyConstraint("deputy_id", "department_id", name=op.f("pk_leaderships")),
    )
    op.create_index("ix_leaderships_department_id", "leaderships", ["department_id"])
    op.create_table(
        "conflicts",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by_id", sa.Uuid(), nullable=True),
        sa.Column("lifted_reason", sa.Text(), nullable=False),
        _key("conflicts", "case_id", "cases"),
        _key("conflicts", "by_id", "accounts"),
        _key("conflicts", "lifted_by_id", "accounts"),
        sa.PrimaryKeyConstraint("case_id", "party_id", name=op.f("pk_conflicts")),
    )
    standing = sa.text("lifted_at IS NULL")
    op.create_index("ix_conflicts_party_id", "conflicts", ["party_id", "case_id"], postgresql_where=standing)
    op.add_column("matters", sa.Column("about_person", sa.Text(), nullable=False, server_default=""))
    op.alter_column("matters", "about_person", server_default=None)


def downgrade() -> None:
    op.drop_column("matters", "about_person")
    op.drop_table("conflicts")
    op.drop_table("leaderships")


def _key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))
