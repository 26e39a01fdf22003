"""Similar matters are sought by the first two dozen telling pairs of a text: all of a long one took seconds."""

from alembic import op

revision = "0019_telling"
down_revision = "0018_voices"

MOST = 24
"""Telling pairs. In 96 pairs of real messages about one event, each holds one of the first twelve of the other;
what takes time is counting them in each text that holds any."""

HEAD = """
CREATE OR REPLACE FUNCTION cases_like(words text, since timestamptz, most integer) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH common AS (
        SELECT each.word FROM pg_stats,
            LATERAL unnest(most_common_elems::text::text[], most_common_elem_freqs) AS each (word, share)
        WHERE tablename = 'ix_cases_bigrams' AND each.share > 0.02 AND each.word IS NOT NULL
    )"""
FIRST = f"""{HEAD}, first AS (
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
ALL = f"""{HEAD}, telling AS MATERIALIZED (
        SELECT coalesce(array_agg(word), '{{}}') AS mine FROM unnest(bigrams(words)) AS word
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
    op.execute(FIRST)


def downgrade() -> None:
    op.execute(ALL)
