"""What is to be said to those who wrote to the service account; what they wrote lies in the vault already."""

import sqlalchemy as sa
from alembic import op

revision = "0024_chat"
down_revision = "0023_imports"


def upgrade() -> None:
    op.create_table(
        "answers",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["inbound_events.id"],
            name=op.f("fk_answers_event_id_inbound_events"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_answers")),
    )
    op.create_index("ix_answers_next_at", "answers", ["next_at"], postgresql_where=sa.text("state = 'waiting'"))


def downgrade() -> None:
    op.drop_table("answers")
