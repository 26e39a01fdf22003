"""A category that is no longer chosen is retired, not deleted: old matters keep its name."""

import sqlalchemy as sa
from alembic import op

revision = "0020_registers"
down_revision = "0019_states_of_quick_replies"


def upgrade() -> None:
    op.add_column("categories", sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.alter_column("categories", "active", server_default=None)


def downgrade() -> None:
    op.drop_column("categories", "active")
