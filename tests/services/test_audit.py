"""Whoever reads a name, takes data out or changes a setting is written down, once, in a log only ever added to."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from liaison.db import session, transaction
from liaison.domain.actors import Actor, Role
from liaison.models.audit import AuditEntry
from liaison.models.clocks import ClockWatch
from liaison.models.departments import RoutingRule
from liaison.models.notices import ChannelState
from liaison.services import audit, dossiers, reveals, verification
from liaison.services.audit import Wanted
from liaison.services.timekeeping import ONLY
from liaison.services.vault import Contact
from tests.support.forms import forms_of
from tests.support.life import Life

CONTACT = Contact("周小明", "13800138000")
HOLIDAYS = (
    "day,kind,name\n2027-01-01,rest,元旦\n2027-10-01,rest,国庆节\n2027-10-02,rest,国庆节\n2027-10-03,rest,国庆节\n"
)
SignIn = Callable[[str], FlaskClient]
ROOT = Actor(Role.SYSTEM, "root")


def written() -> list[AuditEntry]:
    """The whole log in its order."""
    return list(session.scalars(select(AuditEntry).order_by(AuditEntry.seq)))


def told() -> list[tuple[str, str, str]]:
    """Who did what about what, in order."""
    return [(each.by_name, each.act, each.about) for each in written()]


def read(life: Life, who: str, number: str) -> None:
    """Open the case page."""
    with transaction():
        dossiers.get_dossier(life.town.actor(who), number, life.keys, life.clock())


def test_only_one_who_is_shown_a_contact_is_written_down(life: Life) -> None:
    number = life.matter_in("assigned", contact=CONTACT)
    for who in ("office", "office_lead", "deputy", "housing_handler"):
        read(life, who, number)
    dossiers.get_dossier(life.resident(number), number, life.keys, life.clock())
    assert written() == []
    life.act("office", reveals.ask_reveal, number, "需要电话核实地点")
    life.act("office_lead", reveals.decide_reveal, number, 1, True, "")
    for who in ("office", "office_lead", "housing_handler", "office"):
        read(life, who, number)
    assert told()[2:] == [("office的人", audit.READ_CONTACT, number)] * 2
    entry = written()[2]
    assert entry.data == {"told": ["name", "phone"], "ground": "reveal"}
    assert (entry.by_id, entry.region_path) == (life.town.accounts["office"].id, life.case(number).region_path)
    assert CONTACT.name not in str(vars(entry)) and CONTACT.phone not in str(vars(entry))


def test_reading_what_the_resident_agreed_to_show_is_written_down_as_such(life: Life) -> None:
    number = life.matter_in("with_deputy", contact=Contact("周小明"), share_identity=True)
    read(life, "deputy", number)
    assert written()[0].data == {"told": ["name"], "ground": "consent"}


def test_what_is_undone_is_not_written_down(life: Life) -> None:
    with pytest.raises(RuntimeError), transaction():
        audit.note(ROOT, "clock.confirm", life.clock())
        raise RuntimeError
    assert written() == []


def test_the_log_is_a_chain_and_the_database_refuses_to_change_it(life: Life) -> None:
    for act in ("clock.confirm", "channel.resume", "setting.terms"):
        audit.note(ROOT, act, life.clock(), data={"说明": ["甲", 1, None]})
    assert [entry.seq for entry in written()] == [1, 2, 3]
    assert list(verification.findings()) == []
    for change in ("UPDATE audit SET by_name = 'x' WHERE seq = 2", "DELETE FROM audit WHERE seq = 3"):
        with pytest.raises(Exception, match="only ever added to"), session.begin_nested():
            session.execute(text(change))


def test_those_who_write_at_once_make_one_chain(live_life: Life, live_app: Flask) -> None:
    def write() -> None:
        with live_app.app_context():
            for _ in range(10):
                with transaction():
                    audit.note(ROOT, "clock.confirm", live_life.clock())
            session.remove()

    writers = [threading.Thread(target=write) for _ in range(4)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert [entry.seq for entry in written()] == list(range(1, 41))
    assert list(verification.findings()) == []


def test_the_auditor_finds_by_who_what_and_when_within_reach(life: Life) -> None:
    county, other = life.town.regions.county.path, life.town.regions.other_county.path
    office, lead = life.town.actor("office"), life.town.actor("office_lead")
    start = life.clock()
    for place, (who, act, region) in enumerate(
        [(office, "setting.rule", county), (lead, "setting.terms", county), (lead, "setting.terms", other)]
    ):
        audit.note(who, act, start + timedelta(days=place), about=str(place), region_path=region)
    audit.note(ROOT, audit.EXPORT, start + timedelta(days=3), about="3")

    def found(**more) -> str:
        return "".join(entry.about for entry in audit.entries(life.town.actor("auditor"), Wanted(**more)))

    day = life.today
    assert found() == "310"
    assert (found(who="lead"), found(act="setting.rule"), found(about="3"), found(who="%")) == ("1", "0", "3", "")
    assert found(since=day + timedelta(days=1)) == "31"
    assert found(until=day) == "0" and found(since=day, until=day + timedelta(days=1)) == "10"
    newest = audit.entries(life.town.actor("auditor"), Wanted(), limit=1)[0]
    rest = audit.entries(life.town.actor("auditor"), Wanted(), after=(newest.at, newest.id))
    assert [entry.about for entry in rest] == ["1", "0"]


@pytest.fixture
def run(app: Flask) -> Callable[..., Result]:
    """`run("accounts", "disable", "limin")`: a command as the operator types it."""

    def typed(*words: object, **more: object) -> Result:
        done = app.test_cli_runner().invoke(args=[str(each) for each in words], **more)
        assert done.exit_code == 0, done.output
        return done

    return typed


def test_what_the_operator_does_by_command_is_written_down(
    run: Callable[..., Result], life: Life, tmp_path: Path
) -> None:
    table = tmp_path / "2027.csv"
    table.write_text(HOLIDAYS, "utf-8")
    run("calendar", "import", table)
    given = {"input": "a long password\na long password\n"}
    run("accounts", "add", "limin", "--name", "李敏", "--role", "auditor", "--region", "110101", **given)
    run("accounts", "reach", "limin", "--email", "li.min@rd.example.gov.cn")
    run("accounts", "reach", "limin")
    run("accounts", "disable", "limin")
    assert [(act, about) for _, act, about in told()] == [
        ("setting.calendar", "2027"),
        ("account.add", "limin"),
        ("account.reach", "limin"),
        ("account.disable", "limin"),
    ]
    assert all(entry.by_role == Role.SYSTEM and entry.by_name for entry in written())
    assert "example" not in str([entry.data for entry in written()])
    assert list(verification.findings()) == []


def test_a_channel_resumed_and_a_clock_confirmed_are_written_down(life: Life, browser: SignIn) -> None:
    lead, at = Poster(browser("office_lead")), life.clock()
    until = at + timedelta(hours=1)
    session.add(ChannelState(channel="log", paused_until=until, tokens=1, refilled_at=at, day=life.today, used=0))
    session.add(ClockWatch(id=ONLY, at=at, boot_id="b", boot_seconds=1.0, jumped_seconds=900.0, alarm_since=at))
    session.flush()
    assert (lead.sends("outbox/resume", channel="log"), lead.sends("clock/confirm")) == (303, 303)
    assert told() == [("office_lead的人", "channel.resume", "log"), ("office_lead的人", "clock.confirm", "")]


class Poster:
    """Somebody signed in to the console who sends forms."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.token = forms_of(client.get("/console/"))[0].values["csrf_token"][0]

    def sends(self, place: str, **fields: str) -> int:
        """Send a form; returns the answer's status."""
        return self.client.post(f"/console/{place}", data=fields | {"csrf_token": self.token}).status_code


def test_what_is_set_in_the_console_is_written_down(life: Life, browser: SignIn) -> None:
    lead, office = Poster(browser("office_lead")), Poster(browser("office"))
    rule = session.scalars(select(RoutingRule)).first()
    said = {"department": "housing", "keywords": "井盖", "region": "110101", "priority": "10", "reason": "三定方案"}
    sent = [
        lead.sends("ladders/110101/terms", screening="2 wd"),
        lead.sends("ladders/110101/reset"),
        office.sends("rules/new", **said),
        office.sends(f"rules/{rule.id}/switch", on="false"),
        office.sends("stations/S001/screening", on="false"),
        lead.sends("calendar/preview", table=HOLIDAYS),
        lead.sends("calendar/import", table=HOLIDAYS),
    ]
    assert sent == [303, 303, 303, 303, 303, 200, 303]
    assert told() == [
        ("office_lead的人", "setting.terms", "示范县"),
        ("office_lead的人", "setting.ladder_reset", "示范县"),
        ("office的人", "setting.rule", "三定方案"),
        ("office的人", "setting.rule_switch", "职责清单"),
        ("office的人", "setting.screening", "S001"),
        ("office_lead的人", "setting.calendar", "2027"),
    ]
    assert list(verification.findings()) == []
