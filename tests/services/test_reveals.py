"""Four eyes before anybody learns who the resident is, for a quarter of an hour, and the resident sees it."""

import pytest

from liaison.db import session
from liaison.domain.actors import Role
from liaison.domain.errors import NotAllowed, NotFound
from liaison.models.matters import Matter
from liaison.services import dossiers, reveals
from liaison.services.reveals import Decided, Expired, OwnRequest
from liaison.services.vault import Contact
from tests.support.life import Life
from tests.support.town import hire

CONTACT = Contact("周小明", "13800138000")


def seen_by(life: Life, number: str, who: str) -> Contact | None:
    """The contact an account sees on the case page."""
    return dossiers.get_dossier(life.town.actor(who), number, life.keys, life.clock()).contact


@pytest.fixture
def number(life: Life) -> str:
    """A matter in a department's hands whose resident left a contact without agreeing to share it."""
    return life.matter_in("assigned", contact=CONTACT)


def test_nobody_sees_the_contact_without_more(life: Life, number: str) -> None:
    watchers = ("office", "office_lead", "deputy", "housing_handler", "housing_approver", "liaison")
    assert {who: seen_by(life, number, who) for who in watchers} == dict.fromkeys(watchers)


def test_a_resident_who_agreed_is_known_to_those_who_work_on_it(life: Life) -> None:
    number = life.matter_in("with_deputy", contact=CONTACT, share_identity=True)
    assert seen_by(life, number, "deputy") == CONTACT


def test_a_second_person_grants_and_only_the_one_who_asked_sees_for_a_quarter_of_an_hour(
    life: Life, number: str
) -> None:
    life.act("office", reveals.ask_reveal, number, "需要电话核实地点")
    assert seen_by(life, number, "office") is None
    life.act("office_lead", reveals.decide_reveal, number, 1, True, "")
    assert seen_by(life, number, "office") == CONTACT
    assert seen_by(life, number, "office_lead") is None and seen_by(life, number, "housing_handler") is None
    life.clock.advance(minutes=15)
    assert seen_by(life, number, "office") is None


def test_nobody_grants_the_own_request(life: Life, number: str) -> None:
    life.act("office_lead", reveals.ask_reveal, number, "需要电话核实地点")
    with pytest.raises(OwnRequest):
        life.act("office_lead", reveals.decide_reveal, number, 1, True, "")
    assert seen_by(life, number, "office_lead") is None


def test_a_declined_request_shows_nothing_and_is_decided_once(life: Life, number: str) -> None:
    life.act("office", reveals.ask_reveal, number, "需要电话核实地点")
    life.act("office_lead", reveals.decide_reveal, number, 1, False, "没有必要")
    assert seen_by(life, number, "office") is None
    with pytest.raises(Decided):
        life.act("office_lead", reveals.decide_reveal, number, 1, True, "")


@pytest.mark.parametrize("who", ["office", "office_lead"])
def test_the_one_who_asked_and_the_lead_end_it_early(life: Life, number: str, who: str) -> None:
    opened(life, number)
    life.act(who, reveals.end_reveal, number, 1)
    assert seen_by(life, number, "office") is None
    assert life.kinds(number)[-1] == "end_reveal"
    with pytest.raises(Expired):
        life.act(who, reveals.end_reveal, number, 1)


def test_nobody_else_ends_it_and_what_is_over_is_not_granted_again(life: Life, number: str) -> None:
    hire(life.town, "office_two", Role.OFFICE, life.town.regions.county)
    opened(life, number)
    for who, refusal in (("office_two", NotAllowed), ("deputy", NotAllowed), ("other_office", NotFound)):
        with pytest.raises(refusal):
            life.act(who, reveals.end_reveal, number, 1)
    assert seen_by(life, number, "office") == CONTACT
    life.clock.advance(minutes=15)
    with pytest.raises(Expired):
        life.act("office_lead", reveals.decide_reveal, number, 1, True, "")
    assert seen_by(life, number, "office") is None


def opened(life: Life, number: str) -> None:
    """A reveal to the office, granted by its lead."""
    life.act("office", reveals.ask_reveal, number, "需要电话核实地点")
    life.act("office_lead", reveals.decide_reveal, number, 1, True, "")


def test_a_request_nobody_made_is_not_found(life: Life, number: str) -> None:
    with pytest.raises(NotFound):
        life.act("office_lead", reveals.decide_reveal, number, 1, True, "")


def test_the_resident_sees_the_request_and_the_department_does_not(life: Life, number: str) -> None:
    life.act("office", reveals.ask_reveal, number, "需要电话核实地点")
    life.act("office_lead", reveals.decide_reveal, number, 1, True, "")
    kinds = {}
    for who in (life.resident(number), life.town.actor("housing_handler")):
        seen = dossiers.get_dossier(who, number, life.keys, life.clock())
        kinds[who.role] = {event.kind for event in seen.events}
    assert {"ask_reveal", "grant_reveal"} <= kinds["resident"]
    assert not {"ask_reveal", "grant_reveal"} & kinds["handler"]


def test_the_contact_stands_nowhere_outside_the_vault(life: Life, number: str) -> None:
    case = life.case(number)
    rows = [case, session.get_one(Matter, case.id), *life.events(number), *life.notices(number)]
    text = " ".join(str(getattr(row, column.key)) for row in rows for column in type(row).__table__.columns)
    assert CONTACT.phone not in text and CONTACT.name not in text
