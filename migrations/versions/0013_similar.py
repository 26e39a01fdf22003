"""Matters that share telling words with another, found by the index of pairs of characters."""

from alembic import op

revision = "0013_similar"
down_revision = "0012_desk"

# Below row-level security no query may use the index itself; this returns ids alone, and the rows behind them are seen
# through the wall. Pairs that stand in many matters tell nothing: what is common, the statistics of the index know.
MOST = 24
"""Telling pairs. In 96 pairs of real messages about one event, each holds one of the first twelve of the other;
what takes time is counting them in each text that holds any: all pairs of a long one took seconds."""

CASES_LIKE = f"""
CREATE FUNCTION cases_like(words text, since timestamptz, most integer) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH common AS (
        SELECT each.word FROM pg_stats,
            LATERAL unnest(most_common_elems::text::text[], most_common_elem_freqs) AS each (word, share)
        WHERE tablename = 'ix_cases_bigrams' AND each.share > 0.02 AND each.word IS NOT NULL
    ), first AS (
        SELECT word FROM unnest(bigrams(words)) AS word
        WHERE word !~ '[[:space:][:punct:]]' AND word NOT IN (SELECT common.word FROM common)
        ORDER BY strpos(lower(words), word) LIMIT {MOST}
    ), telling AS MATERIALIZED (
        SELECT coalesce(array_agg(word), '{{}}') AS mine FROM first
    )
    SELECT id FROM telling, cases, LATERAL (SELECT lower(text) AS said OFFSET 0) AS folded
    WHERE bigrams(text) && mine AND (created_at >= since OR closed_at IS NULL)
        AND starts_with(region_path, coalesce(acting('region'), ''))
    ORDER BY (SELECT count(*) FROM unnest(mine) AS word WHERE strpos(said, word) > 0) DESC, created_at DESC
    LIMIT most
$$
"""


def upgrade() -> None:
    op.execute(CASES_LIKE)


def downgrade() -> None:
    op.execute("DROP FUNCTION cases_like(text, timestamptz, integer)")
