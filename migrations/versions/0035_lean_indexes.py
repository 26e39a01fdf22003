"""Rows that have nothing to find stand in no index, and no index is kept that no query can use.

Every row of a submission is written down again for each of its indexes; most cases are neither merged nor supervised,
most clocks and answers are no assignment's, most notices in no bundle. Below row-level security no query may look for
paths of regions by their beginning. A tenth of a page of cases is left free, so that moves find room beside their row.
"""

from alembic import op

revision = "0035_lean_indexes"
down_revision = "0034_newest"

MOSTLY_NULL = (
    ("cases", "supervised_at"),
    ("cases", "merged_into_id"),
    ("clocks", "assignment_id"),
    ("notices", "bundle_id"),
    ("replies", "assignment_id"),
)
TRACE = "uq_content_checks_trace_id"


def upgrade() -> None:
    for table, column in MOSTLY_NULL:
        name = f"ix_{table}_{column}"
        op.drop_index(name, table)
        op.create_index(name, table, [column], postgresql_where=f"{column} IS NOT NULL")
    op.drop_constraint(TRACE, "content_checks")
    op.create_index(TRACE, "content_checks", ["trace_id"], unique=True, postgresql_where="trace_id IS NOT NULL")
    op.drop_index("ix_idempotency_created_at", "idempotency")
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"], postgresql_using="brin")
    op.drop_index("ix_cases_region_path", "cases")
    op.drop_index("ix_cases_station_id", "cases")
    op.create_index("ix_cases_station_id_created_at", "cases", ["station_id", "created_at", "id"])
    op.execute("ALTER TABLE cases SET (fillfactor = 90)")


def downgrade() -> None:
    op.execute("ALTER TABLE cases RESET (fillfactor)")
    op.drop_index("ix_cases_station_id_created_at", "cases")
    op.create_index("ix_cases_station_id", "cases", ["station_id"])
    op.create_index(
        "ix_cases_region_path", "cases", ["region_path"], postgresql_ops={"region_path": "text_pattern_ops"}
    )
    op.drop_index("ix_idempotency_created_at", "idempotency")
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"])
    op.drop_index(TRACE, "content_checks")
    op.create_unique_constraint(TRACE, "content_checks", ["trace_id"])
    for table, column in MOSTLY_NULL:
        name = f"ix_{table}_{column}"
        op.drop_index(name, table)
        op.create_index(name, table, [column])
