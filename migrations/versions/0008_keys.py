"""The ids of the keys under which query codes and look-up digests are stored."""

import sqlalchemy as sa
from alembic import op

revision = "0008_keys"
down_revision = "0007_conflicts"

FIRST = "1"
"""The id of the only key there was."""


def upgrade() -> None:
    op.add_column("matters", sa.Column("code_key_id", sa.Text(), server_default=FIRST, nullable=False))
    op.alter_column("matters", "code_key_id", server_default=None)
    op.add_column("identities", sa.Column("code_key_id", sa.Text(), nullable=True), schema="vault")
    op.execute(f"UPDATE vault.identities SET code_key_id = '{FIRST}' WHERE phone_mac IS NOT NULL")


def downgrade() -> None:
    op.drop_column("identities", "code_key_id", schema="vault")
    op.drop_column("matters", "code_key_id")
