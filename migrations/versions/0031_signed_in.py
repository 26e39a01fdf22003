"""Whom a session's token stands for, asked by the statement that begins a request's transaction.

The function is the owner's, since at that moment no role is taken on yet. Who calls it has the digest of a token, or
is told nothing.
"""

from alembic import op

revision = "0031_signed_in"
down_revision = "0030_registers_version"

SIGNED_IN = """
CREATE FUNCTION signed_in(digest bytea, moment timestamptz, idle_since timestamptz)
RETURNS TABLE (
    session_id uuid, seen_at timestamptz, proven boolean, by text, account_id uuid, name text, role text,
    region_path text, department_id uuid, station_id uuid, deputy_id uuid, head boolean, must_change boolean,
    password_changed_at timestamptz, otp_since timestamptz
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT
        s.id, s.seen_at, s.proven_at IS NOT NULL, s.by, a.id, a.name, a.role,
        r.path, a.department_id, a.station_id, a.deputy_id, a.head, a.must_change,
        a.password_changed_at, a.otp_since
    FROM sessions s JOIN accounts a ON a.id = s.account_id JOIN regions r ON r.id = a.region_id
    WHERE s.token_digest = digest AND s.revoked_at IS NULL AND s.expires_at > moment AND s.seen_at > idle_since
    AND a.active;
END $$
"""
SIGNATURE = "signed_in(bytea, timestamptz, timestamptz)"


def upgrade() -> None:
    op.execute(SIGNED_IN)


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {SIGNATURE}")
