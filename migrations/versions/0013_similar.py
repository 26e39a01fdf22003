"""Matters that share telling words with another, found by the index of pairs of characters."""

from alembic import op

revision = "0013_similar"
down_revision = "0012_desk"

# Below row-level security no query may use the index itself; this returns ids alone, and the rows behind them are seen
# through the wall. Pairs that stand in many matters tell nothing: what is common, the statistics of the index know.
CASES_LIKE = """
CREATE FUNCTION cases_like(words text, since timestamptz, most integer) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH common AS (
        SELECT each.word FROM pg_stats,
            LATERAL unnest(most_common_elems::text::text[], most_common_elem_freqs) AS each (word, share)
        WHERE tablename = 'ix_cases_bigrams' AND each.share > 0.02 AND each.word IS NOT NULL
    ), telling AS MATERIALIZED (
        SELECT coalesce(array_agg(word), '{}') AS mine FROM unnest(bigrams(words)) AS word
        WHERE word !~ '[[:space:][:punct:]]' AND word NOT IN (SELECT common.word FROM common)
    )
    SELECT id FROM telling, cases
    WHERE bigrams(text) && mine AND (created_at >= since OR closed_at IS NULL)
        AND starts_with(region_path, coalesce(acting('region'), ''))
    ORDER BY (SELECT count(*) FROM unnest(mine) AS word WHERE strpos(lower(text), word) > 0) DESC, created_at DESC
    LIMIT most
$$
"""


def upgrade() -> None:
    op.execute(CASES_LIKE)


def downgrade() -> None:
    op.execute("DROP FUNCTION cases_like(text, timestamptz, integer)")
