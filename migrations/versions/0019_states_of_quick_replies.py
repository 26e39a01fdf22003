"""A text for reuse may be for matters of one state alone."""

import sqlalchemy as sa
from alembic import op

revision = "0019_states_of_quick_replies"
down_revision = "0018_voices"


def upgrade() -> None:
    op.add_column("quick_replies", sa.Column("state", sa.Text()))


def downgrade() -> None:
    op.drop_column("quick_replies", "state")
