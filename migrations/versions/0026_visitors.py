"""Residents known by WeChat: who they are and which matters are theirs in the vault, their sessions outside it."""

import sqlalchemy as sa
from alembic import op

revision = "0026_visitors"
down_revision = "0025_bindings"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "visitors",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("openid", sa.LargeBinary(), nullable=False),
        sa.Column("openid_mac", sa.LargeBinary(), nullable=False),
        sa.Column("code_key_id", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visitors")),
        schema="vault",
    )
    op.create_index("ix_visitors_openid_mac", "visitors", ["openid_mac"], schema="vault")
    op.create_table(
        "own_matters",
        sa.Column("visitor_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("added_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["visitor_id"],
            ["vault.visitors.id"],
            name=op.f("fk_own_matters_visitor_id_visitors"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("visitor_id", "case_id", name=op.f("pk_own_matters")),
        schema="vault",
    )
    op.create_index(op.f("ix_own_matters_case_id"), "own_matters", ["case_id"], schema="vault")
    op.create_table(
        "visits",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("visitor_id", sa.Uuid(), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_visits_token_digest")),
    )
    op.create_index(op.f("ix_visits_visitor_id"), "visits", ["visitor_id"])


def downgrade() -> None:
    op.drop_table("visits")
    op.drop_table("own_matters", schema="vault")
    op.drop_table("visitors", schema="vault")
