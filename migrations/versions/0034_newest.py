"""The newest matters that hold some words are found by the owner's function, page by page, as far as an office reaches.

Looking each of thousands up through the wall takes ten times as long as finding them. What is returned are ids alone;
their rows are seen through the wall, whatever region and account are said.
"""

from alembic import op

revision = "0034_newest"
down_revision = "0033_deputy_box"

# Words few matters hold are found by their index, all of them, and put in order; words many hold are soon met on the
# way back from the newest. Both take about the same where 4 × √(all matters) hold them. How common they are, the
# statistics of the index tell by their rarest pair of characters; they know nothing of how far an office reaches and
# which pairs come together, so that the way back ends somewhere and the index is asked after all. `OFFSET 0` and the
# settings keep either way from being taken for the other.
NEWEST = """
CREATE FUNCTION newest_containing(
    words text, region text, account uuid, before_made timestamptz, before_id uuid, most integer
) RETURNS uuid[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    hidden uuid[] := ARRAY(SELECT conflicting(account, NULL, NULL));
    first timestamptz := coalesce(before_made, 'infinity');
    beyond uuid := coalesce(before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
    few integer := (SELECT 4 * sqrt(greatest(reltuples, 10000)) FROM pg_class WHERE oid = 'cases'::regclass);
    pair text;
    plan json;
    guessed float := 'infinity';
    found uuid[];
BEGIN
    FOREACH pair IN ARRAY (bigrams(words))[1:5] LOOP
        EXECUTE format('EXPLAIN (FORMAT json) SELECT FROM cases WHERE bigrams(text) @> %L', ARRAY[pair]) INTO plan;
        guessed := least(guessed, (plan #>> '{0,Plan,Plan Rows}')::float);
    END LOOP;
    IF guessed > few THEN
        found := ARRAY(
            SELECT id FROM (
                SELECT id, created_at, text, region_path FROM cases WHERE (created_at, id) < (first, beyond)
                ORDER BY created_at DESC, id DESC LIMIT 4 * few
            ) AS newest
            WHERE strpos(text, words) > 0 AND starts_with(region_path, region) AND id <> ALL (hidden)
            ORDER BY created_at DESC, id DESC LIMIT most
        );
        IF cardinality(found) = most THEN
            RETURN found;
        END IF;
    END IF;
    RETURN ARRAY(
        SELECT id FROM (
            SELECT id, created_at FROM cases
            WHERE bigrams(text) @> bigrams(words) AND strpos(text, words) > 0
            AND starts_with(region_path, region) AND id <> ALL (hidden) AND (created_at, id) < (first, beyond)
            OFFSET 0
        ) AS containing
        ORDER BY created_at DESC, id DESC LIMIT most
    );
END $$
"""


def upgrade() -> None:
    op.execute(NEWEST)


def downgrade() -> None:
    op.execute("DROP FUNCTION newest_containing(text, text, uuid, timestamptz, uuid, integer)")
