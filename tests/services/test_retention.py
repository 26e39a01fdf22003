"""Retention: what has been kept for long enough goes by itself, leaves nothing, and is told in the ledger."""

import logging
import os
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from liaison import housekeeping
from liaison.db import session, transaction
from liaison.domain.chain import Breach
from liaison.domain.retention import BOUNDS, faults
from liaison.models.audit import AuditEntry
from liaison.models.inbound import InboundEvent
from liaison.models.matters import Idempotency
from liaison.models.notices import Notice
from liaison.models.people import Session
from liaison.services import holds, inbound, ratings, retention, sign_in
from liaison.services.vault import Contact
from liaison.services.verification import findings
from liaison.settings import Retention
from tests.services.test_erasing import NAME, PHONE, SPACED, WORDS, closed, number, photos_of, sealed, sightings
from tests.support.life import TEXT, Life

__all__ = ["closed", "number"]
TERMS = Retention()


def keep_to(life: Life) -> dict[str, int]:
    """Run all rules now; returns how many went by each that removed anything."""
    done = housekeeping.keep_to(retention.rules(TERMS, life.keys), life.clock())
    return {name: count for name, count in done.items() if count}


def ledger() -> list[tuple[str, str]]:
    """What the ledger tells of deletions: the act and the rule."""
    rows = select(AuditEntry.act, AuditEntry.data).where(AuditEntry.act.like("data.%")).order_by(AuditEntry.seq)
    return [(act, data["rule"]) for act, data in session.execute(rows)]


def test_a_matter_ages_step_by_step_until_nothing_but_its_course_is_left(
    app: Flask, life: Life, closed: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert keep_to(life) == {}
    life.clock.advance(days=366)
    assert keep_to(life) == {"contact_days": 1, "place_days": 1, "idempotency_days": 1}
    assert sealed(life, closed) == [] and sightings(app, *WORDS) == set()
    assert life.case(closed).text.endswith(TEXT)
    files = photos_of(life, closed)
    life.clock.advance(days=730)
    assert set(keep_to(life)) == {"photos_days", "notices_days"}
    store = app.extensions["liaison"].store
    assert housekeeping.remove_doomed(store) == len(files) == 2
    assert not set(files) & set(store.keys()) and sightings(app, *files) == set()
    life.clock.advance(days=2600)
    assert keep_to(life) == {"text_days": 1}
    assert sightings(app, TEXT, TEXT[:20]) == set()
    assert not [word for word in WORDS if word in caplog.text]
    assert keep_to(life) == {}
    assert {each.breach for each in findings()} == {Breach.ERASED}
    assert life.kinds(closed)[0] == "submit" and life.case(closed).state == "closed"
    told = [rule for act, rule in ledger() if act == "data.erase"]
    assert told == ["contact_days 365", "place_days 365", "photos_days 1095", "text_days 3650"]


def test_what_is_open_or_opened_again_or_held_is_left_alone(life: Life, closed: str) -> None:
    open_one = life.matter_in("with_deputy", contact=Contact(NAME, PHONE))
    life.act("office_lead", holds.set_hold, closed, True, "诉讼需要。")
    life.clock.advance(days=5000)
    assert set(keep_to(life)) <= {"idempotency_days"}
    assert sealed(life, closed) and sealed(life, open_one)
    life.act("office_lead", holds.set_hold, closed, False, "诉讼已结。")
    assert keep_to(life)["contact_days"] == 1
    assert sealed(life, open_one)


def test_a_matter_opened_again_starts_anew(life: Life, closed: str) -> None:
    life.clock.advance(days=5)
    life.act(life.resident(closed), ratings.ask_again, closed, "又不亮了。")
    life.clock.advance(days=400)
    assert "contact_days" not in keep_to(life) and sealed(life, closed)


def test_rows_go_by_the_batch_and_the_ledger_tells_how_many(app: Flask, life: Life) -> None:
    with transaction():
        sign_in.open_session(life.town.accounts["office"], life.clock())
        inbound.receive(inbound.SMS, b"{}", life.clock(), life.keys)
        inbound.work_off(life.clock(), life.keys)
    life.submit()
    assert keep_to(life) == {}
    life.clock.advance(days=32)
    assert keep_to(life) == {"sessions_days": 1, "inbound_days": 1, "idempotency_days": 1}
    for table in (Session, InboundEvent, Idempotency):
        assert session.scalar(select(func.count()).select_from(table)) == 0
    entries = session.scalars(select(AuditEntry).where(AuditEntry.act == "data.retention"))
    assert sorted((each.data["kind"], each.data["count"], each.data["days"]) for each in entries) == [
        ("idempotency", 1, 30),
        ("inbound_events", 1, 30),
        ("sessions", 1, 30),
    ]


def test_a_waiting_message_is_never_old(life: Life) -> None:
    life.matter_in("with_deputy")
    waiting = select(func.count()).select_from(Notice).where(Notice.state == "due")
    before = session.scalar(waiting)
    life.clock.advance(days=5000)
    keep_to(life)
    assert session.scalar(waiting) == before > 0


def test_the_command_tells_before_it_does(app: Flask, life: Life, closed: str, tmp_path: Path) -> None:
    def run(*words: str) -> Result:
        return app.test_cli_runner().invoke(args=["retention", *words])

    life.clock.advance(days=400)
    told = run("--dry-run")
    assert told.exit_code == 0, told.output
    assert "contact_days: 1 from before 2026-" in told.output and SPACED not in told.output
    assert sealed(life, closed)
    done = run()
    assert done.exit_code == 0, done.output
    assert "contact_days: 1 removed" in done.output and sealed(life, closed) == []


def test_old_logs_are_those_nobody_writes_to_any_more(tmp_path: Path, life: Life) -> None:
    for name in ("web.log", "web.log.1", "notes.txt"):
        (tmp_path / name).write_text("x")
    long_ago = life.clock().timestamp() - 200 * 86_400
    os.utime(tmp_path / "web.log.1", (long_ago, long_ago))
    os.utime(tmp_path / "web.log", (life.clock().timestamp(),) * 2)
    assert housekeeping.old_logs(tmp_path, life.clock(), 180) == [tmp_path / "web.log.1"]


def test_terms_stay_within_what_was_promised_and_what_the_law_asks() -> None:
    usual = vars(TERMS)
    assert faults(usual) == [] and set(BOUNDS) == set(usual)
