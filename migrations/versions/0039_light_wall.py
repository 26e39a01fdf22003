"""The wall in fewer words: what it knows of who acts stands in a setting for each fact, which a policy reads where it
needs it, and the engine, which sees everything, is asked nothing more.

Each fact in a subquery of its own made some dozens of subplans of a policy, and hundreds of a query over six tables,
which took longer to make and to start than the query took to run. Nobody but an account, its department or its deputy
can be in conflict with a case, so that the engine and residents are not asked about it.
"""

from alembic import op

revision = "0039_light_wall"
down_revision = "0038_slots"

OLD_ACTING = "SELECT nullif(current_setting('liaison.acting', true), '')::jsonb ->> what"
ACTING = "SELECT nullif(current_setting('liaison.' || what, true), '')"
OLD_CONFLICTING = """(SELECT conflicting(
    (SELECT acting('account'))::uuid, (SELECT acting('department'))::uuid, (SELECT acting('deputy'))::uuid
))"""
CONFLICTING = "(SELECT conflicting(acting('account')::uuid, acting('department')::uuid, acting('deputy')::uuid))"
OLD_CASES = f"""
    CASE (SELECT acting('role'))
        WHEN 'system' THEN true
        WHEN 'office' THEN starts_with(region_path, (SELECT acting('region')))
        WHEN 'office_lead' THEN starts_with(region_path, (SELECT acting('region')))
        WHEN 'deputy' THEN deputy_id = (SELECT acting('deputy'))::uuid AND state <> 'submitted'
        WHEN 'liaison' THEN station_id = (SELECT acting('station'))::uuid
        WHEN 'handler' THEN is_assigned(id, (SELECT acting('department'))::uuid)
        WHEN 'approver' THEN is_assigned(id, (SELECT acting('department'))::uuid)
        WHEN 'resident' THEN id IN ((SELECT acting('case'))::uuid, lead_of((SELECT acting('case'))::uuid))
        ELSE false
    END AND id NOT IN {OLD_CONFLICTING}
"""
CASES = f"""
    CASE acting('role')
        WHEN 'system' THEN true
        WHEN 'resident' THEN id = acting('case')::uuid OR id = (SELECT lead_of(acting('case')::uuid))
        ELSE CASE acting('role')
            WHEN 'office' THEN starts_with(region_path, acting('region'))
            WHEN 'office_lead' THEN starts_with(region_path, acting('region'))
            WHEN 'deputy' THEN deputy_id = acting('deputy')::uuid AND state <> 'submitted'
            WHEN 'liaison' THEN station_id = acting('station')::uuid
            WHEN 'handler' THEN is_assigned(id, acting('department')::uuid)
            WHEN 'approver' THEN is_assigned(id, acting('department')::uuid)
            ELSE false
        END AND id NOT IN {CONFLICTING}
    END
"""
OF_CASES = {
    name: f"EXISTS (SELECT FROM cases c WHERE c.id = {name}.case_id)"
    for name in (
        "agreements",
        "assignments",
        "attachments",
        "erasure_requests",
        "events",
        "holds",
        "matters",
        "ratings",
        "replies",
        "reveals",
    )
} | {
    "extensions": "EXISTS (SELECT FROM cases c"
    " WHERE c.id = (SELECT a.case_id FROM assignments a WHERE a.id = extensions.assignment_id))"
}
CONFLICTS = "EXISTS (SELECT FROM cases c WHERE c.id = conflicts.case_id) OR case_id IN "
ENGINE = "acting('role') = 'system'"


def upgrade() -> None:
    _acting(ACTING)
    _see("cases", CASES)
    for table, seen in OF_CASES.items():
        _see(table, f"{ENGINE} OR {seen}")
    _see("conflicts", f"{ENGINE} OR {CONFLICTS}{CONFLICTING}")
    _change(ENGINE)


def downgrade() -> None:
    _acting(OLD_ACTING)
    _see("cases", OLD_CASES)
    for table, seen in OF_CASES.items():
        _see(table, seen)
    _see("conflicts", f"{CONFLICTS}{OLD_CONFLICTING}")
    _change("(SELECT acting('role')) = 'system'")


def _acting(body: str) -> None:
    op.execute(f"CREATE OR REPLACE FUNCTION acting(what text) RETURNS text LANGUAGE sql STABLE AS $$ {body} $$")


def _see(table: str, seen: str) -> None:
    for policy in ("web_sees", "web_changes"):
        op.execute(f"ALTER POLICY {policy} ON {table} USING ({seen})")


def _change(engine: str) -> None:
    for table in ("cases", *OF_CASES, "conflicts"):
        op.execute(f"ALTER POLICY web_adds ON {table} WITH CHECK ({engine})")
        op.execute(f"ALTER POLICY web_changes ON {table} WITH CHECK ({engine})")
        op.execute(f"ALTER POLICY web_drops ON {table} USING ({engine})")
