"""A deputy's boxes in the order they are shown in: the index of a deputy's cases goes by box instead of by state."""

from alembic import op

revision = "0033_deputy_box"
down_revision = "0032_search"

# As `services.inboxes.DEPUTY_BOXES` has them. Whoever changes them there replaces this and builds the index anew.
BOX = """
CREATE FUNCTION deputy_box(state text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN state IN ('with_deputy', 'replied') THEN 'todo'
        WHEN state IN ('needs_info', 'handed_over', 'assigned', 'rating', 'tracking', 'reopened') THEN 'doing'
        WHEN state IN ('closed', 'merged', 'not_accepted', 'redirected', 'withdrawn') THEN 'done'
    END
$$
"""


def upgrade() -> None:
    op.execute(BOX)
    op.execute("CREATE INDEX ix_cases_deputy_id_box ON cases (deputy_id, deputy_box(state), created_at, id)")
    op.drop_index("ix_cases_deputy_id_state_created_at", "cases")
    op.execute("ANALYZE cases")  # else nothing is known of how many cases stand in a box


def downgrade() -> None:
    op.create_index("ix_cases_deputy_id_state_created_at", "cases", ["deputy_id", "state", "created_at", "id"])
    op.drop_index("ix_cases_deputy_id_box", "cases")
    op.execute("DROP FUNCTION deputy_box(text)")
