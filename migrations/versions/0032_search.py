"""Words are looked for as far as few cases hold them, and what waits in boxes is found without looking at all cases."""

import sqlalchemy as sa
from alembic import op

revision = "0032_search"
down_revision = "0031_signed_in"

BEFORE = """
CREATE FUNCTION cases_containing(words text) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id FROM cases WHERE bigrams(text) @> bigrams(words) AND strpos(text, words) > 0
$$
"""
# No sequential scan: it would be begun wherever many rows are guessed to fit, and goes through everything if few do.
CONTAINING = """
CREATE FUNCTION cases_containing(words text, few integer) RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE found uuid[];
BEGIN
    SELECT coalesce(array_agg(id), '{}') INTO found FROM (
        SELECT id FROM cases WHERE bigrams(text) @> bigrams(words) AND strpos(text, words) > 0 LIMIT few + 1
    ) AS containing;
    RETURN CASE WHEN cardinality(found) <= few THEN found END;
END $$
"""
RUNNING = sa.text("stopped_at IS NULL AND paused_at IS NULL")
INDEXES = (
    ("ix_clocks_running", "clocks", "due_at", RUNNING),
    ("ix_assignments_return_requested", "assignments", "case_id", sa.text("state = 'return_requested'")),
    ("ix_extensions_undecided", "extensions", "assignment_id", sa.text("granted IS NULL")),
    ("ix_notices_unread", "notices", "recipient_id", sa.text("channel = 'inbox' AND read_at IS NULL")),
)


def upgrade() -> None:
    op.execute("DROP FUNCTION cases_containing(text)")
    op.execute(CONTAINING)
    for name, table, column, where in INDEXES:
        op.create_index(name, table, [column], postgresql_where=where)


def downgrade() -> None:
    for name, table, _, _ in INDEXES:
        op.drop_index(name, table_name=table)
    op.execute("DROP FUNCTION cases_containing(text, integer)")
    op.execute(BEFORE)
