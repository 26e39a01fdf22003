"""All that a department was ever given is read from the newest on, without its whole past being put in order."""

from alembic import op

revision = "0037_all_of_a_department"
down_revision = "0036_clock_readings"

INDEX = "ix_assignments_department_id_assigned_at"


def upgrade() -> None:
    op.create_index(INDEX, "assignments", ["department_id", "assigned_at", "id"])


def downgrade() -> None:
    op.drop_index(INDEX, table_name="assignments")
