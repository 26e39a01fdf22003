"""Accounts known by WeChat and WeCom: what they are known by in the vault, who waits to be bound, who is invited."""

import sqlalchemy as sa
from alembic import op

revision = "0025_bindings"
down_revision = "0024_chat"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("sessions", sa.Column("by", sa.Text(), nullable=False, server_default="password"))
    op.alter_column("sessions", "by", server_default=None)
    op.create_table(
        "marks",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.Column("code_key_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "kind", name=op.f("pk_marks")),
        schema="vault",
    )
    op.create_index("ix_marks_mac", "marks", ["mac"], schema="vault")
    alone = sa.text("kind IN ('openid', 'userid')")
    op.create_index("ix_marks_alone", "marks", ["kind", "mac"], unique=True, schema="vault", postgresql_where=alone)
    _add_waiting()


def downgrade() -> None:
    op.drop_table("invitations")
    op.drop_table("bindings")
    op.drop_table("marks", schema="vault")
    op.drop_column("sessions", "by")


def _add_waiting() -> None:
    op.create_table(
        "bindings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ticket_digest", sa.LargeBinary(), nullable=True),
        sa.Column("ticket_until", TIME, nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("asked_at", TIME, nullable=True),
        sa.Column("asked_by_id", sa.Uuid(), nullable=True),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", TIME, nullable=True),
        sa.Column("expires_at", TIME, nullable=False),
        *(
            sa.ForeignKeyConstraint([column], ["accounts.id"], name=op.f(f"fk_bindings_{column}_accounts"))
            for column in ("account_id", "asked_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bindings")),
        sa.UniqueConstraint("ticket_digest", name=op.f("uq_bindings_ticket_digest")),
    )
    op.create_index(op.f("ix_bindings_account_id"), "bindings", ["account_id"])
    op.create_table(
        "invitations",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        *(
            sa.ForeignKeyConstraint([column], ["accounts.id"], name=op.f(f"fk_invitations_{column}_accounts"))
            for column in ("account_id", "made_by_id")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("digest", name=op.f("uq_invitations_digest")),
    )
