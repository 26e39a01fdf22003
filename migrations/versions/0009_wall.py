"""Database roles per kind of process, and row-level security as the second wall behind the reach of every query."""

import sqlalchemy as sa
from alembic import op

revision = "0009_wall"
down_revision = "0008_keys"

ROLES = ("liaison_web", "liaison_worker", "liaison_vault", "liaison_auditor")
WALLED = ("matters", "events", "attachments", "ratings", "assignments", "replies", "extensions", "reveals", "conflicts")
"""Tables of a case, seen by whom the case is seen by; `cases` itself holds the rule."""
CASE_OF = {"extensions": "(SELECT a.case_id FROM assignments a WHERE a.id = assignment_id)"}
AUDITED = ("alembic_version", "regions", "departments", "cases", "events", "attachments", "replies", "ratings", "audit")

FUNCTIONS = """
CREATE FUNCTION acting(what text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT nullif(current_setting('liaison.acting', true), '')::jsonb ->> what
$$;
CREATE FUNCTION is_assigned(of_case uuid, to_department uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM assignments WHERE case_id = of_case AND department_id = to_department)
$$;
CREATE FUNCTION lead_of(merged uuid) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT merged_into_id FROM cases WHERE id = merged
$$;
CREATE FUNCTION conflicting(account uuid, department uuid, deputy uuid) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT case_id FROM conflicts WHERE lifted_at IS NULL AND (
        party_id IN (account, department, deputy)
        OR party_id IN (SELECT l.department_id FROM leaderships l WHERE l.deputy_id = deputy)
    )
$$;
CREATE FUNCTION cases_containing(words text) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT id FROM cases WHERE bigrams(text) @> bigrams(words) AND strpos(text, words) > 0
$$;
"""
CONFLICTING = """(SELECT conflicting(
    (SELECT acting('account'))::uuid, (SELECT acting('department'))::uuid, (SELECT acting('deputy'))::uuid
))"""
# Each acting(…) stands in a subquery of its own, so that it is asked once a query and not once a row.
SEEN = f"""
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
    END AND id NOT IN {CONFLICTING}
"""
ENGINE = "(SELECT acting('role')) = 'system'"


def upgrade() -> None:
    for role in ROLES:
        op.execute(
            f"DO $$ BEGIN CREATE ROLE {role} NOLOGIN NOINHERIT;"
            " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        )
    op.execute("GRANT liaison_vault TO liaison_web, liaison_worker")
    op.execute(FUNCTIONS)
    _grant()
    _wall("cases", SEEN)
    for table in WALLED:
        seen = f"EXISTS (SELECT FROM cases c WHERE c.id = {CASE_OF.get(table, f'{table}.case_id')})"
        # The reach of every query asks this table which cases to leave out.
        _wall(table, f"{seen} OR case_id IN {CONFLICTING}" if table == "conflicts" else seen)
    op.add_column("publications", sa.Column("number", sa.Text(), nullable=True))
    op.execute("UPDATE publications SET number = (SELECT number FROM cases WHERE id = case_id)")
    op.alter_column("publications", "number", nullable=False)
    op.create_unique_constraint(op.f("uq_publications_number"), "publications", ["number"])


def _grant() -> None:
    everything = "SELECT, INSERT, UPDATE, DELETE"
    for role in ("liaison_web", "liaison_worker"):
        op.execute(f"GRANT {everything} ON ALL TABLES IN SCHEMA public TO {role}")
        op.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}")
        op.execute(f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {role}")
        op.execute(f"REVOKE UPDATE, DELETE ON audit FROM {role}")
        op.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {everything} ON TABLES TO {role}")
        op.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO {role}")
    op.execute("GRANT USAGE ON SCHEMA vault TO liaison_vault")
    op.execute(f"GRANT {everything} ON ALL TABLES IN SCHEMA vault TO liaison_vault")
    op.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA vault GRANT {everything} ON TABLES TO liaison_vault")
    op.execute(f"GRANT SELECT ON {', '.join(AUDITED)} TO liaison_auditor")


def _wall(table: str, seen: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY web_sees ON {table} FOR SELECT TO liaison_web USING ({seen})")
    op.execute(f"CREATE POLICY web_adds ON {table} FOR INSERT TO liaison_web WITH CHECK ({ENGINE})")
    op.execute(f"CREATE POLICY web_changes ON {table} FOR UPDATE TO liaison_web USING ({seen}) WITH CHECK ({ENGINE})")
    op.execute(f"CREATE POLICY web_drops ON {table} FOR DELETE TO liaison_web USING ({ENGINE})")
    op.execute(f"CREATE POLICY worker_works ON {table} TO liaison_worker USING (true) WITH CHECK (true)")
    if table in AUDITED:
        op.execute(f"CREATE POLICY auditor_reads ON {table} FOR SELECT TO liaison_auditor USING (true)")


def downgrade() -> None:
    op.drop_column("publications", "number")
    for table in (*WALLED, "cases"):
        for policy in ("web_sees", "web_adds", "web_changes", "web_drops", "worker_works", "auditor_reads"):
            op.execute(f"DROP POLICY IF EXISTS {policy} ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    for signature in (
        "cases_containing(text)",
        "conflicting(uuid, uuid, uuid)",
        "lead_of(uuid)",
        "is_assigned(uuid, uuid)",
        "acting(text)",
    ):
        op.execute(f"DROP FUNCTION {signature}")
    op.execute(f"DROP OWNED BY {', '.join(ROLES)}")  # their rights in this database; other databases may use the roles
