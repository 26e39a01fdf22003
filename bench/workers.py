"""How many due clocks a second the clockwork turns into notices, beside what merely claiming them takes; how fast the
relay hands notices on, and a worker sends them by a channel that answers at once.

Due clocks are copies of a few: as many deputies' as departments', open, with a rung that has just fallen.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from liaison.db import session

MULTIPLY = text("""
WITH copies AS (
    SELECT nth, gen_random_uuid() AS its, CAST(:deputies AS uuid[]) AS deputies
    FROM generate_series(1, :count) AS nth
), copied AS (
    INSERT INTO cases
    SELECT fresh.* FROM copies, cases, LATERAL jsonb_populate_record(cases, jsonb_build_object(
        'id', its, 'number', number || '-' || nth,
        'deputy_id', coalesce(deputies[1 + nth % greatest(1, cardinality(deputies))], deputy_id)
    )) AS fresh WHERE cases.id = :case_id
)
INSERT INTO clocks
SELECT fresh.* FROM copies, clocks, LATERAL jsonb_populate_record(
    clocks, jsonb_build_object('id', gen_random_uuid(), 'case_id', its)
) AS fresh WHERE clocks.id = :clock_id
""")
"""So many copies of a case with one of its clocks, spread over these deputies."""


def multiply(case_id: UUID, clock_id: UUID, count: int, deputies: Sequence[UUID] = ()) -> None:
    """Copy a case and a clock of it so many times; with `deputies`, each has its share of the copies."""
    told = {"case_id": case_id, "clock_id": clock_id, "count": count, "deputies": [*deputies]}
    session.execute(MULTIPLY, told)
