"""Long tables are looked over and imported by a job: what each waits for, and how far it is."""

import sqlalchemy as sa
from alembic import op

revision = "0028_import_jobs"
down_revision = "0027_settings"


def upgrade() -> None:
    for name, type_, value in (
        ("stage", sa.Text(), "''"),
        ("tries", sa.Integer(), "0"),
        ("progress", sa.Integer(), "0"),
    ):
        op.add_column("imports", sa.Column(name, type_, nullable=False, server_default=sa.text(value)))
        op.alter_column("imports", name, server_default=None)


def downgrade() -> None:
    for name in ("progress", "tries", "stage"):
        op.drop_column("imports", name)
