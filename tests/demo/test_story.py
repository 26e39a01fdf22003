"""The demo's stories reach the states they are written for, through the real services, and only in the past."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from liaison.db import session
from liaison.demo import cast, phones, seed, story, town
from liaison.demo.rows import Matter
from liaison.domain.workflow import MATTER
from liaison.models.cases import Case, Event
from liaison.models.matters import Idempotency
from liaison.models.notices import Consent, Notice
from liaison.models.people import Account
from liaison.services import vault, verification
from liaison.services.channels import Limit
from liaison.settings import ServiceAccount, Wechat
from sandbox.book import Book
from sandbox.settings import people_in
from tests.support.clock import FakeClock
from tests.support.sending import install

EACH = 2
# A station of the kind that screens nothing has no matter that is merely submitted: it is with the deputy at once.
PASSED_ON = {"submitted": {"submitted", "with_deputy", "handed_over"}, "with_deputy": {"with_deputy", "handed_over"}}


def some_of_each_state() -> list[Matter]:
    """The first few matters of every state, and those that others of them are merged into."""
    by_state: dict[str, list[Matter]] = defaultdict(list)
    for row in town.load().matters:
        by_state[row.state].append(row)
    chosen = [row for state in MATTER.states for row in by_state[state][:EACH]]
    leads = {row.merged_into for row in chosen}
    return list(dict.fromkeys([*chosen, *(row for row in town.load().matters if row.code in leads)]))


@pytest.fixture
def told(app: Flask, clock: FakeClock, tmp_path: Path) -> Iterator[list[Matter]]:
    """The town laid out, and a few of its matters told twice."""
    wiring = app.extensions["liaison"]
    cast.by_code.cache_clear()
    cast.staff.cache_clear()
    seed.lay(replace(wiring.config, instance=tmp_path), wiring.keys)
    rows = some_of_each_state()
    story.tell_all(rows, wiring.keys, clock())
    story.tell_all(rows, wiring.keys, clock())
    yield rows
    cast.by_code.cache_clear()
    cast.staff.cache_clear()


def test_a_town_is_laid_out_and_its_matters_told_once(told: list[Matter], clock: FakeClock, tmp_path: Path) -> None:
    keys = session.execute(select(Idempotency.key, Case.state).join(Case, Case.id == Idempotency.case_id)).all()
    reached = {key.removeprefix("demo-"): state for key, state in keys}
    assert len(session.scalars(select(Case.id)).all()) == len(told)
    assert {row.code for row in told if reached[row.code] not in PASSED_ON.get(row.state, {row.state})} == set()
    assert not list(verification.findings([], [], set()))
    assert max(session.scalars(select(Event.at))) < clock()
    assert not [
        notice for notice in session.scalars(select(Notice)) if notice.state == "due" and notice.next_at < clock()
    ]
    demo = json.loads((tmp_path / "demo.json").read_text("utf-8"))
    assert len(demo["stations"]) == 106
    assert {account["role"] for account in demo["accounts"]} >= {"office", "deputy", "handler", "approver", "liaison"}


def test_a_demo_with_a_sandbox_reaches_everybody_where_the_sandbox_shows_it(
    app: Flask, clock: FakeClock, tmp_path: Path
) -> None:
    wiring = app.extensions["liaison"]
    apps = {"wechat": Wechat("wx-sandbox", "s", "t"), "service_account": ServiceAccount("wx-sandbox-service", "s", "t")}
    (tmp_path / "sandbox").mkdir()
    cast.by_code.cache_clear()
    install(wechat_subscribe=Limit(), wechat_template=Limit(), wecom=Limit())
    seed.lay(replace(wiring.config, instance=tmp_path, **apps), wiring.keys)
    book = Book(("wx-sandbox", "wx-sandbox-service"), people_in(tmp_path / "sandbox"))
    staff = session.scalars(select(Account)).all()
    found = vault.find_addresses([each.id for each in staff], wiring.keys)
    assert len(found) > len(staff) > 100, "deputies have two"
    names = {each.id: each.name for each in staff}
    assert all(book.behind(address).name == names[owner] for (owner, _), address in found.items())
    stock = dict(session.execute(select(Consent.recipient_id, Consent.stock)).all())
    agreed = dict(book.consents())
    assert {agreed[found[owner, "wechat_subscribe"]] for owner in stock} == set(stock.values()) == {phones.CONSENTS}
    assert book.behind(phones.mobile(0)).name == phones.RESIDENTS[0]
    cast.by_code.cache_clear()
