"""Slots of the vault: by these views a submission puts who tells it, and where, into the vault, and takes nothing out.

Who may only insert into them needs no stay in the vault, and their rows are written by the statement that writes the
rest of the submission.
"""

from alembic import op

revision = "0038_slots"
down_revision = "0037_all_of_a_department"

TABLES = ("identities", "places")


def upgrade() -> None:
    for table in TABLES:
        op.execute(f"CREATE VIEW slot_{table} AS SELECT * FROM vault.{table}")
        op.execute(f"REVOKE ALL ON slot_{table} FROM PUBLIC, liaison_web, liaison_worker")  # what defaults grant
        op.execute(f"GRANT INSERT ON slot_{table} TO liaison_web, liaison_worker")


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP VIEW slot_{table}")
