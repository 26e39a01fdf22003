"""Channels to people's phones: addresses, consent, routes of a notice, limits of a channel; the watch on the clock."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004_channels"
down_revision = "0003_operations"

JSONB = postgresql.JSONB(astext_type=sa.Text())
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    for table in ("accounts", "cases"):
        op.add_column(table, sa.Column("channels", JSONB, nullable=False, server_default="[]"))
        op.alter_column(table, "channels", server_default=None)
    asleep = sa.text("remind_at IS NULL AND stopped_at IS NULL AND paused_at IS NULL")
    op.create_index("ix_clocks_asleep", "clocks", ["id"], postgresql_where=asleep)
    _add_tables()
    _extend_notices()
    # The inbox needs no delivery any more: the row itself is what it shows.
    op.execute("UPDATE notices SET state = 'sent', settled_at = created_at WHERE channel = 'inbox' AND state = 'due'")


def downgrade() -> None:
    op.execute("DELETE FROM notice_acts USING notices WHERE notice_id = notices.id AND topic = 'bundle'")
    op.execute("UPDATE notices SET state = 'sent', bundle_id = NULL WHERE state = 'bundled'")
    op.execute("DELETE FROM notices WHERE topic = 'bundle'")
    op.drop_index("ix_clocks_asleep", table_name="clocks")
    op.drop_index(op.f("ix_notices_bundle_id"), table_name="notices")
    op.drop_index("ix_notices_outward", table_name="notices")
    op.drop_index("ix_notices_provider_id", table_name="notices")
    for column in ("undelivered", "delivered_at", "provider_id", "rung_at", "bundle_id", "urgent", "passed", "route"):
        op.drop_column("notices", column)
    for table in ("clock_watch", "channel_states", "consents"):
        op.drop_table(table)
    op.drop_table("addresses", schema="vault")
    for table in ("cases", "accounts"):
        op.drop_column(table, "channels")


def _add_tables() -> None:
    op.create_table(
        "addresses",
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("recipient_id", "channel", name=op.f("pk_addresses")),
        schema="vault",
    )
    op.create_table(
        "consents",
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("stock", sa.Integer(), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("recipient_id", "template", name=op.f("pk_consents")),
    )
    op.create_table(
        "channel_states",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("paused_until", TIME, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("tokens", sa.Float(), nullable=False),
        sa.Column("refilled_at", TIME, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_channel_states")),
    )
    op.create_table(
        "clock_watch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("boot_id", sa.Text(), nullable=False),
        sa.Column("boot_seconds", sa.Float(), nullable=False),
        sa.Column("jumped_seconds", sa.Float(), nullable=False),
        sa.Column("alarm_since", TIME, nullable=True),
        sa.Column("confirmed_by", sa.Text(), nullable=True),
        sa.Column("confirmed_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_watch")),
    )


def _extend_notices() -> None:
    added = (
        sa.Column("route", JSONB, nullable=False, server_default="[]"),
        sa.Column("passed", JSONB, nullable=False, server_default="[]"),
        sa.Column("urgent", sa.Boolean(), nullable=False, server_default="false"),
        sa.Column("bundle_id", sa.Uuid(), nullable=True),
        sa.Column("rung_at", TIME, nullable=True),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("delivered_at", TIME, nullable=True),
        sa.Column("undelivered", sa.Text(), nullable=True),
    )
    for column in added:
        op.add_column("notices", column)
    for name in ("route", "passed", "urgent"):
        op.alter_column("notices", name, server_default=None)
    op.create_foreign_key(op.f("fk_notices_bundle_id_notices"), "notices", "notices", ["bundle_id"], ["id"])
    op.create_index(op.f("ix_notices_bundle_id"), "notices", ["bundle_id"])
    known = sa.text("provider_id IS NOT NULL")
    op.create_index("ix_notices_provider_id", "notices", ["provider_id"], postgresql_where=known)
    op.create_index(
        "ix_notices_outward", "notices", ["recipient_id", "settled_at"], postgresql_where=sa.text("channel <> 'inbox'")
    )
