"""A category that is no longer chosen is retired, not deleted: old matters keep its name."""

import sqlalchemy as sa
from alembic import op

revision = "0019_registers"
down_revision = "0018_voices"


def upgrade() -> None:
    op.add_column("categories", sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.alter_column("categories", "active", server_default=None)


def downgrade() -> None:
    op.drop_column("categories", "active")
