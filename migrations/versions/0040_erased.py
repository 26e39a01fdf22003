"""An index of the erasures in the audit log, which every tick holds against the file that outlives a restore."""

import sqlalchemy as sa
from alembic import op

revision = "0040_erased"
down_revision = "0039_light_wall"


def upgrade() -> None:
    op.create_index("ix_audit_erased", "audit", ["seq"], postgresql_where=sa.text("act = 'data.erase'"))


def downgrade() -> None:
    op.drop_index("ix_audit_erased", "audit")
