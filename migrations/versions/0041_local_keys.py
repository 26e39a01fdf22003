"""Notices are unique by case and key: one index of which a case's notices share a page, in place of two.

A key alone is a hash. In an index of hashes every notice dirties a page of its own, all of which PostgreSQL writes to
its log after each checkpoint.
"""

from alembic import op

revision = "0041_local_keys"
down_revision = "0040_erased"


def upgrade() -> None:
    columns = ["case_id", "dedup_key"]
    op.create_index("uq_notices_case_id", "notices", columns, unique=True, postgresql_nulls_not_distinct=True)
    op.drop_constraint("uq_notices_dedup_key", "notices", type_="unique")
    op.drop_index("ix_notices_case_id", "notices")


def downgrade() -> None:
    op.create_index("ix_notices_case_id", "notices", ["case_id"])
    op.create_unique_constraint("uq_notices_dedup_key", "notices", ["dedup_key"])
    op.drop_index("uq_notices_case_id", "notices")
