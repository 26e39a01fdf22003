"""The deputies' own list: the same lines as in the console, page by page, and no dearer for a full box."""

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import psycopg

from liaison.db import session
from liaison.domain.workflow import MATTER
from liaison.services import conflicts, deputy_lists, inboxes, reach
from liaison.services.inboxes import DEPUTY_BOXES
from tests.support.life import Life

STATES = "submitted with_deputy replied needs_info handed_over assigned rating reopened closed"
SHOWN = (
    "reference number title state part_state light due_at created_at category station deputy supervised round cursor"
)
MANY = text(
    "INSERT INTO cases SELECT (jsonb_populate_record(c, jsonb_build_object("
    " 'id', gen_random_uuid(), 'number', 'n' || i, 'created_at', c.created_at - i * interval '1 minute'))).*"
    " FROM cases c, generate_series(CAST(:first AS integer), :last) i WHERE c.number = :number"
)

OTHERS = text(
    "WITH others AS (INSERT INTO deputies SELECT (jsonb_populate_record(d, jsonb_build_object("
    " 'id', gen_random_uuid(), 'code', 'd' || i))).* FROM deputies d, generate_series(1, :deputies) i"
    " WHERE d.id = (SELECT deputy_id FROM cases WHERE number = :number) RETURNING id)"
    "INSERT INTO cases SELECT (jsonb_populate_record(c, jsonb_build_object("
    " 'id', gen_random_uuid(), 'number', others.id || '-' || i, 'deputy_id', others.id))).*"
    " FROM cases c, others, generate_series(1, :each) i WHERE c.number = :number"
)


def shown(rows) -> list[list[object]]:
    """What each line shows."""
    return [[getattr(row, name) for name in SHOWN.split()] for row in rows]


def test_every_box_holds_page_by_page_what_the_console_shows(life: Life) -> None:
    for state in STATES.split():
        life.matter_in(state)
    life.act("office", conflicts.bar, life.matter_in("with_deputy"), account="deputy", reason="反映的就是她。")
    deputy = life.town.actor("deputy")
    for days in (0, 4, 40):
        life.clock.advance(days=days)
        for box in DEPUTY_BOXES:
            ask = {"box": box, "now": life.clock(), "limit": 2}
            after, pages = None, 0
            while rows := inboxes.deputy_box(deputy, **ask, after=after):
                assert shown(deputy_lists.deputy_page(deputy, **ask, after=after)) == shown(rows)
                after, pages = rows[-1].cursor, pages + 1
            assert pages and deputy_lists.deputy_page(deputy, **ask, after=after) == []


def test_the_databases_boxes_are_those_of_the_rules(life: Life) -> None:
    for state in MATTER.states:
        boxes = [box for box, states in DEPUTY_BOXES.items() if state in states]
        found = session.scalar(text("SELECT deputy_box(:state)"), {"state": state})
        assert [found] == (boxes or [None])


def read(life: Life) -> int:
    """Blocks PostgreSQL reads for a page of what the deputy has to do, however it plans that."""
    deputy = life.town.actor("deputy")
    session.execute(text("ANALYZE cases, clocks"))
    statement = deputy_lists._statement("todo", 50, goes_on=False).compile(dialect=psycopg.dialect())
    plan = session.connection().exec_driver_sql(
        f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}",
        {**statement.params, **reach.parameters(deputy), "now": life.clock()},
    )
    return plan.scalar()[0]["Plan"]["Shared Hit Blocks"]


def test_a_plan_made_for_all_deputies_sorts_no_busy_ones_box(life: Life) -> None:
    """Of an average deputy's few lines, sorting them all would seem no dearer than going along the index."""
    number = life.matter_in("with_deputy")
    session.execute(OTHERS, {"number": number, "deputies": 12, "each": 40})
    session.execute(MANY, {"number": number, "first": 1, "last": 150})
    session.execute(text("ANALYZE cases, clocks"))
    statement = deputy_lists._statement("todo", 50, goes_on=True)
    numbered = statement.compile(dialect=psycopg.dialect(paramstyle="numeric_dollar"))
    plan = session.connection().exec_driver_sql(f"EXPLAIN (GENERIC_PLAN) {numbered}").scalars().all()
    assert not [step for step in plan if "Sort" in step]


def test_a_full_box_costs_what_a_page_costs(life: Life) -> None:
    life.clock.advance(days=200)  # what other tests took back still lies at the end of the same box, before this
    number = life.matter_in("with_deputy")
    session.execute(MANY, {"number": number, "first": 1, "last": 200})
    page = read(life)
    session.execute(MANY, {"number": number, "first": 201, "last": 5000})
    assert read(life) <= page + 5  # an index one level deeper
