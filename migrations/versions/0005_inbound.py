"""What platforms tell us: events that are stored before they are worked off, their sealed content, used nonces."""

import sqlalchemy as sa
from alembic import op

revision = "0005_inbound"
down_revision = "0004_channels"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "inbound_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("message_id", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", TIME, nullable=False),
        sa.Column("worked_at", TIME, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_events")),
        sa.UniqueConstraint("source", "message_id", name=op.f("uq_inbound_events_source_message_id")),
    )
    op.create_index(
        "ix_inbound_events_next_at",
        "inbound_events",
        ["next_at"],
        postgresql_where=sa.text("state IN ('waiting', 'failed')"),
    )
    op.create_table(
        "inbound_nonces",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("source", "nonce", name=op.f("pk_inbound_nonces")),
    )
    op.create_index(op.f("ix_inbound_nonces_seen_at"), "inbound_nonces", ["seen_at"])
    op.create_table(
        "messages",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_messages")),
        schema="vault",
    )


def downgrade() -> None:
    op.drop_table("messages", schema="vault")
    op.drop_table("inbound_nonces")
    op.drop_table("inbound_events")
