"""The wall in the database itself: with no filter of the application's, nobody is shown or changes anything foreign."""


import psycopg
import pytest
from flask import Flask
from sqlalchemy import func, inspect, select, text, update
from sqlalchemy.exc import DBAPIError, ProgrammingError

from liaison import wall
from liaison.app import create_app
from liaison.db import db, session
from liaison.domain.actors import ANYONE, Actor, Role, resident_of
from liaison.domain.errors import NotFound
from liaison.domain.policy import TIES
from liaison.models.assignments import Assignment, Extension, Reply
from liaison.models.base import Base
from liaison.models.cases import Attachment, Case, Event, Rating
from liaison.models.clocks import Clock
from liaison.models.conflicts import Conflict
from liaison.models.matters import Matter, Reveal
from liaison.models.people import Account
from liaison.models.rights import Agreement, ErasureRequest, Hold
from liaison.models.samples import Sampled
from liaison.models.vault import Identity
from liaison.services import cases
from liaison.services.reach import cases_within, conflicting
from tests.support.clock import FakeClock
from tests.support.journey import Journey, SignIn
from tests.support.life import Life
from tests.support.matrix import ACCOUNTS, ROLES, World, build_world
from tests.support.servers import Servers
from tests.support.standing import standing
from tests.support.town import build_town

WALLED: tuple[type[Base], ...] = (
    Case,
    Matter,
    Event,
    Attachment,
    Rating,
    Assignment,
    Reply,
    Reveal,
    Extension,
    Conflict,
    Agreement,
    ErasureRequest,
    Hold,
    Sampled,
)

PERSONAL = {"saved_views", "notes", "quick_replies", "drafts"}
"""Tables of which everybody is shown the own rows or those of the own side alone: tests/web/test_desk*.py."""

FOR_THE_OFFICE = {"content_checks"}
"""Tables of which the office alone is shown the rows of cases within reach (tests/web/test_content_hints.py)."""

OPEN = {
    "clocks": "a due date tells nothing of what is due, and lists, reminders and metrics read many",
    "notices": "no word of a case stands in it, and the outbox shows them by region",
    "idempotency": "asked before it is known who somebody is; holds digests",
    "publications": "public",
    "published_photos": "public, and already covered",
}
"""Tables with rows of a case that the wall leaves to the application, and why."""


@pytest.fixture
def world(app: Flask, life: Life, api: SignIn, browser: SignIn) -> World:
    """Something on both sides of every border."""
    return build_world(Journey(app, life, api, browser))


def actor_for(world: World, role: Role) -> Actor:
    """Somebody of that role."""
    if role is Role.ANYONE:
        return ANYONE
    if role is Role.RESIDENT:
        return resident_of(world.journey.life.case(str(world.east)).id)
    return world.journey.life.town.actor(ACCOUNTS.get(role, str(role)))


def rows_of(table: type[Base]) -> set[tuple]:
    """Every row there is to see, by its case and its key."""
    key = inspect(table).primary_key
    if table is Extension:
        rows = select(Clock.case_id, *key).join(Clock, Clock.id == Extension.clock_id)
    else:
        rows = select(table.id if table is Case else table.case_id, *key)
    return {tuple(row) for row in session.execute(rows)}


def seen_by(actor: Actor, table: type[Base]) -> set[tuple]:
    """The rows the application's reach leaves to the actor; a party sees that it is one, as reach must."""
    own = set(session.scalars(select(Case.id).where(cases_within(actor))))
    if table is Conflict:
        own |= set(session.scalars(conflicting(actor)))
    return {row for row in rows_of(table) if row[0] in own}


@pytest.mark.parametrize("role", ROLES)
def test_without_the_applications_filter_no_foreign_row_is_seen(world: World, role: Role) -> None:
    actor = actor_for(world, role)
    everything = [seen_by(actor, table) for table in WALLED]
    assert session.scalar(select(func.count()).select_from(Case)) > len(everything[0])
    with standing(actor):
        seen = [rows_of(table) for table in WALLED]
    assert seen == everything


def test_every_table_with_rows_of_cases_is_walled_or_says_why_not(app: Flask) -> None:
    of_cases = {
        table.name for table in db.metadata.sorted_tables if "case_id" in table.columns and table.schema is None
    }
    walled = set(session.scalars(text("SELECT relname FROM pg_class WHERE relrowsecurity")))
    assert of_cases - walled == set(OPEN)
    assert walled == {table.__tablename__ for table in WALLED} | PERSONAL | FOR_THE_OFFICE


def test_nobody_changes_a_case_that_was_not_locked_within_reach(world: World) -> None:
    office = actor_for(world, Role.OFFICE)
    own = session.scalar(select(Case.id).where(cases_within(office)).limit(1))
    change = update(Case).where(Case.id == own).values(title="改了")
    with standing(office), pytest.raises(ProgrammingError, match="row-level security"):
        session.execute(change, execution_options={"synchronize_session": False})
    number = session.scalar(select(Case.number).where(Case.id == own))
    with standing(office):
        cases.lock_case(office, number)
        assert session.execute(change, execution_options={"synchronize_session": False}).rowcount == 1


def test_who_has_moved_a_case_stands_before_the_wall_again(world: World) -> None:
    handler = actor_for(world, Role.HANDLER)
    own = sorted(session.scalars(select(Case.number).where(cases_within(handler))))
    everything = session.scalar(select(func.count()).select_from(Case))
    with standing(handler):
        cases.lock_case(handler, own[0])
        assert session.scalar(select(func.count()).select_from(Case)) == everything > len(own)
        wall.come_back()
        assert sorted(session.scalars(select(Case.number))) == own
        with pytest.raises(NotFound):
            cases.lock_case(handler, "M2026-000000-0")
        wall.come_back()
        assert session.scalars(select(Case.number)).all() == own


def test_a_foreign_case_cannot_be_locked_even_by_a_wrong_actor(world: World) -> None:
    """A view that hands a service somebody else's actor still meets the wall of who is signed in."""
    office, handler = actor_for(world, Role.OFFICE), actor_for(world, Role.HANDLER)
    unassigned = session.scalar(select(Case.number).where(cases_within(office), ~cases_within(handler)).limit(1))
    with standing(handler), pytest.raises(NotFound):
        cases.lock_case(office, unassigned)


def test_no_query_joins_the_vault(world: World) -> None:
    with standing(actor_for(world, Role.OFFICE)):
        with pytest.raises(ProgrammingError, match="permission denied"), session.begin_nested():
            session.execute(select(Identity.name).join(Case, Case.id == Identity.case_id))
        with wall.in_vault():
            assert session.scalar(select(func.count()).select_from(Identity)) is not None
            for table in (Case, Account, Matter):
                with pytest.raises(ProgrammingError, match="permission denied"), session.begin_nested():
                    session.execute(select(table.__table__))


def test_what_is_put_through_a_slot_of_the_vault_is_not_to_be_had_out_of_it(world: World) -> None:
    with standing(actor_for(world, Role.OFFICE)):
        for slot in ("slot_identities", "slot_places"):
            for taking in (f"SELECT case_id FROM {slot}", f"DELETE FROM {slot}", f"UPDATE {slot} SET key_id = ''"):
                with pytest.raises(ProgrammingError, match="permission denied"), session.begin_nested():
                    session.execute(text(taking))


def test_jobs_see_all_cases_and_nothing_of_the_vault_but_through_its_door(servers: Servers, world: World) -> None:
    session.commit()
    session.info[wall.ROLE] = wall.WORKER
    try:
        assert session.scalar(select(func.count()).select_from(Case)) > 5
        with pytest.raises(ProgrammingError, match="permission denied"), session.begin_nested():
            session.execute(select(Identity.name))
    finally:
        session.rollback()
        session.info.clear()
        db.engine.exec_driver_sql("RESET ROLE")


def test_the_auditors_role_reads_histories_and_changes_nothing(world: World) -> None:
    session.commit()
    wall.audit()
    try:
        assert session.scalar(select(func.count()).select_from(Event)) > 10
        for forbidden in (select(Account.password_hash), select(Identity.name), update(Event).values(text="")):
            with pytest.raises(ProgrammingError, match="permission denied"), session.begin_nested():
                session.execute(forbidden, execution_options={"synchronize_session": False})
    finally:
        session.rollback()
        session.info.clear()
        db.engine.exec_driver_sql("RESET ROLE")


def test_the_audit_log_is_only_added_to_by_those_who_work(world: World) -> None:
    with standing(actor_for(world, Role.AUDITOR)):
        for statement in ("UPDATE audit SET act = ''", "DELETE FROM audit"):
            with pytest.raises(DBAPIError, match="permission denied"), session.begin_nested():
                session.execute(text(statement))


def test_a_login_of_the_web_roles_alone_serves_and_cannot_become_more(servers: Servers, clock: FakeClock) -> None:
    url = servers.database("walled")
    with psycopg.connect(servers.postgres.url, autocommit=True) as line:
        line.execute("CREATE ROLE web_login LOGIN NOINHERIT IN ROLE liaison_web, liaison_vault")
    with create_app(servers.config(url), clock=clock).app_context():
        build_town()
        session.commit()
        db.engine.dispose()
    app = create_app(servers.config(url.replace("postgres@", "web_login@")), clock=clock)
    told = app.test_client().post(
        "/api/v1/stations/S001/matters",
        json={"text": "城东镇北街的路灯坏了三盏，请尽快修好。", "contact": {"name": "王", "phone": "13800000000"}},
        headers={"Idempotency-Key": "walled"},
    )
    assert told.status_code == 201
    with app.app_context():
        for role in ("postgres", "liaison_worker", "liaison_auditor"):
            with pytest.raises(ProgrammingError, match="permission denied"), db.engine.begin() as line:
                line.execute(text(f"SET ROLE {role}"))
        db.engine.dispose()


def test_a_voice_is_behind_the_wall_for_whoever_may_not_hear_it(world: World) -> None:
    case_id = world.journey.life.case(str(world.east)).id
    session.query(Attachment).filter_by(case_id=case_id).update({"mime": "audio/webm"})
    heard = {}
    for shares in (False, True):
        session.get_one(Matter, case_id).share_identity = shares
        for role in sorted({*TIES}):
            with standing(actor_for(world, role)):
                rows = select(func.count()).select_from(Attachment).where(Attachment.case_id == case_id)
                heard[role, shares] = session.scalar(rows) == 1
    deaf = {role for (role, shares), hears in heard.items() if not shares and not hears}
    assert deaf == {Role.HANDLER, Role.APPROVER, Role.LIAISON}
    assert all(hears for (_, shares), hears in heard.items() if shares)
