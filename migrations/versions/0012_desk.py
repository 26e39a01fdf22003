"""What an account keeps for its own work: saved views of its list, and whether single keys do something."""

import sqlalchemy as sa
from alembic import op

revision = "0012_desk"
down_revision = "0011_life"

MINE = "account_id = (SELECT acting('account'))::uuid"


def upgrade() -> None:
    op.create_table(
        "saved_views",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_saved_views_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
        sa.UniqueConstraint("account_id", "name", name=op.f("uq_saved_views_account_id_name")),
    )
    op.execute("ALTER TABLE saved_views ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY web_keeps ON saved_views TO liaison_web USING ({MINE}) WITH CHECK ({MINE})")
    op.execute("CREATE POLICY worker_works ON saved_views TO liaison_worker USING (true) WITH CHECK (true)")
    op.add_column("accounts", sa.Column("single_keys", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.alter_column("accounts", "single_keys", server_default=None)


def downgrade() -> None:
    op.drop_column("accounts", "single_keys")
    op.drop_table("saved_views")
