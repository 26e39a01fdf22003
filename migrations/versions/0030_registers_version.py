"""Which state the registers are in: another id after every change of what rules everybody and changes seldom.

Processes keep such rows from one transaction to the next for as long as this id stays (`db.lasting`).
"""

import sqlalchemy as sa
from alembic import op

revision = "0030_registers_version"
down_revision = "0029_boards"

TABLES = (
    "regions",
    "stations",
    "duty_turns",
    "duty_changes",
    "deputies",
    "leaderships",
    "accounts",
    "departments",
    "categories",
    "routing_rules",
    "calendar_days",
    "calendar_years",
    "local_terms",
    "ladder_rungs",
    "settings",
)
BUSY = {
    "stations": "last_scan_at",
    "accounts": "password_hash,must_change,password_changed_at,otp_since,otp_step,failures,locked_until,single_keys",
}
"""Columns that change with every visit and rule nobody."""

RENEW = """
CREATE FUNCTION renew_registers_version() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public
AS $$ BEGIN
    INSERT INTO registers_version VALUES (true, gen_random_uuid())
    ON CONFLICT (one) DO UPDATE SET version = excluded.version;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "registers_version",
        sa.Column("one", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_registers_version")),
        sa.CheckConstraint("one", name=op.f("ck_registers_version_one")),
    )
    op.execute("REVOKE ALL ON registers_version FROM liaison_web, liaison_worker")
    op.execute("GRANT SELECT ON registers_version TO PUBLIC")  # read before a role is taken on
    op.execute("INSERT INTO registers_version VALUES (true, gen_random_uuid())")
    op.execute(RENEW)
    for table in TABLES:
        of_statement = "INSERT OR DELETE OR TRUNCATE" if table in BUSY else "INSERT OR UPDATE OR DELETE OR TRUNCATE"
        op.execute(
            f"CREATE TRIGGER renew_version AFTER {of_statement} ON {table} EXECUTE FUNCTION renew_registers_version()"
        )
    for table, columns in BUSY.items():
        ignored = f"'{{{columns}}}'::text[]"
        op.execute(
            f"CREATE TRIGGER renew_version_by_row AFTER UPDATE ON {table} FOR EACH ROW"
            f" WHEN (to_jsonb(old) - {ignored} IS DISTINCT FROM to_jsonb(new) - {ignored})"
            " EXECUTE FUNCTION renew_registers_version()"
        )


def downgrade() -> None:
    for table in BUSY:
        op.execute(f"DROP TRIGGER renew_version_by_row ON {table}")
    for table in TABLES:
        op.execute(f"DROP TRIGGER renew_version ON {table}")
    op.execute("DROP FUNCTION renew_registers_version")
    op.execute("DROP TABLE registers_version")
