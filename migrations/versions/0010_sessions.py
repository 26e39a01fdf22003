"""Second factors, password rules, what a session came from, and recovery by two people."""

import sqlalchemy as sa
from alembic import op

revision = "0010_sessions"
down_revision = "0009_wall"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("accounts", sa.Column("must_change", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("accounts", sa.Column("password_changed_at", TIME, nullable=False, server_default=sa.func.now()))
    op.add_column("accounts", sa.Column("otp_since", TIME, nullable=True))
    op.add_column("accounts", sa.Column("otp_step", sa.Integer(), nullable=False, server_default="0"))
    for column in ("must_change", "password_changed_at", "otp_step"):
        op.alter_column("accounts", column, server_default=None)
    op.add_column("sessions", sa.Column("proven_at", TIME, nullable=True))
    for column in ("device", "network"):
        op.add_column("sessions", sa.Column(column, sa.Text(), nullable=False, server_default=""))
        op.alter_column("sessions", column, server_default=None)
    _add_tables()


def downgrade() -> None:
    op.drop_table("seeds", schema="vault")
    for table in ("recoveries", "recovery_codes", "past_passwords"):
        op.drop_table(table)
    for column in ("network", "device", "proven_at"):
        op.drop_column("sessions", column)
    for column in ("otp_step", "otp_since", "password_changed_at", "must_change"):
        op.drop_column("accounts", column)
    # The code before this revision does not know the role; nobody gets another one's rights by going back.
    op.execute(
        "UPDATE accounts SET role = 'supervisor', active = false WHERE role = 'security_administrator'"
    )


def _add_tables() -> None:
    op.create_table(
        "past_passwords",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("replaced_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_past_passwords_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_past_passwords")),
    )
    op.create_index(op.f("ix_past_passwords_account_id"), "past_passwords", ["account_id"])
    op.create_table(
        "recovery_codes",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_recovery_codes_account_id_accounts")),
        sa.PrimaryKeyConstraint("account_id", "digest", name=op.f("pk_recovery_codes")),
    )
    people = ("account_id", "asked_by_id", "confirmed_by_id")
    op.create_table(
        "recoveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("first_digest", sa.LargeBinary(), nullable=False),
        sa.Column("confirmed_by_id", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", TIME, nullable=True),
        sa.Column("second_digest", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        *(
            sa.ForeignKeyConstraint([column], ["accounts.id"], name=op.f(f"fk_recoveries_{column}_accounts"))
            for column in people
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recoveries")),
    )
    op.create_index(op.f("ix_recoveries_account_id"), "recoveries", ["account_id"])
    op.create_table(
        "seeds",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "state", name=op.f("pk_seeds")),
        schema="vault",
    )
