"""A resident's matter comes in once, goes to the right people, and stays its resident's own."""

from functools import partial

import pytest
from sqlalchemy import event, func, select

from liaison.db import session
from liaison.domain import numbers
from liaison.domain.errors import Conflict, Invalid, NotFound, WrongState
from liaison.models.cases import Attachment, Case
from liaison.models.matters import Idempotency, Matter
from liaison.models.stations import Station
from liaison.services import intake, matters, vault
from liaison.services.channels import Limit
from liaison.services.photos import Kept
from liaison.services.vault import Contact
from tests.support.life import TEXT, Life
from tests.support.sending import install


def matter_of(number: str) -> Matter:
    """The matter's own row."""
    return session.scalars(select(Matter).join(Case, Case.id == Matter.case_id).where(Case.number == number)).one()


def test_a_matter_gets_a_number_a_receipt_and_waits_for_screening(life: Life) -> None:
    case = life.submit().case
    first = life.events(case.number)[0]
    assert (case.state, case.seq, first.seq, first.kind, case.head) == ("submitted", 1, 1, "submit", first.hash)
    assert numbers.check_number(case.number.lower()) == case.number
    assert [clock.kind for clock in life.clocks(case.number)] == ["screening"]


def test_the_office_of_the_region_and_the_resident_are_told_and_nobody_else(life: Life) -> None:
    number = life.submit().case.number
    assert life.told(number, "submit") == {"office", "office_lead", "resident"}


def test_the_same_key_twice_is_the_same_matter_with_the_same_code(life: Life) -> None:
    first, again = life.submit(key="k"), life.submit(key="k")
    assert (first.created, again.created) == (True, False)
    assert (again.case.number, again.secret) == (first.case.number, first.secret)
    assert session.scalar(select(func.count()).select_from(Case)) == 1
    assert session.scalar(select(func.count()).select_from(Idempotency)) == 1


def test_the_same_key_with_another_text_is_refused(life: Life) -> None:
    life.submit(key="k")
    with pytest.raises(Conflict):
        life.submit(key="k", text=TEXT + "还有一盏在南街。")


def test_two_stations_may_see_the_same_key(life: Life) -> None:
    assert life.submit("S001", key="k").case.number != life.submit("S002", key="k").case.number


def test_an_absent_deputy_and_one_without_an_account_are_passed_over_with_the_reason(life: Life) -> None:
    case = life.submit().case
    people = life.town.deputies
    passed = {each["deputy_id"]: each["why"] for each in matter_of(case.number).routing["passed"]}
    assert case.deputy_id == people.present.id
    assert set(passed.items()) <= {(str(people.absent.id), "absent"), (str(people.without_account.id), "no_account")}


def test_a_station_without_screening_passes_straight_to_its_deputy(life: Life) -> None:
    case = life.submit("S002").case
    assert (case.state, case.deputy_id) == ("with_deputy", life.town.deputies.other.id)
    assert life.kinds(case.number) == ["submit", "accept"]
    assert "other_deputy" in life.told(case.number, "accept")


def test_a_matter_nobody_on_the_roster_can_take_goes_to_the_office(life: Life) -> None:
    life.town.accounts["deputy"].active = False
    number = life.submit().case.number
    assert life.case(number).deputy_id is None
    life.act("office", matters.accept, number)
    assert life.case(number).state == "handed_over"
    assert life.told(number, "accept_unattended") == {"office", "office_lead", "resident"}


def test_words_and_category_suggest_departments_with_reasons(life: Life) -> None:
    number = life.submit(category="roads").case.number
    matter = matter_of(number)
    assert matter.suggested_department_id == life.town.departments.housing.id
    grounds = [(each["code"], each["ground"]) for each in matter.routing["departments"]]
    assert grounds == [("housing", "rule"), ("traffic", "category")]


def test_an_unknown_category_is_refused_and_nothing_is_kept(life: Life) -> None:
    with pytest.raises(Invalid) as refusal:
        life.submit(category="nonsense", key="k")
    assert "category" in refusal.value.errors
    assert session.scalar(select(func.count()).select_from(Idempotency)) == 0


def test_an_unknown_station_is_not_found_and_a_closed_one_still_takes_what_was_typed_for_it(life: Life) -> None:
    with pytest.raises(NotFound):
        life.submit("S999")
    session.get_one(Station, life.town.stations.east.id).active = False
    assert life.submit("S001").created


def test_only_the_right_code_opens_a_matter(life: Life) -> None:
    mine, other = life.submit(), life.submit()
    assert intake.find_by_code(mine.case.number, mine.secret, life.keys).case.id == mine.case.id
    for number, code in ((mine.case.number, other.secret), (mine.case.number, ""), ("M202600000000X", mine.secret)):
        assert intake.find_by_code(number, code, life.keys) is None


def test_the_code_itself_is_not_kept(life: Life) -> None:
    submitted = life.submit()
    seal = matter_of(submitted.case.number).code_seal
    assert submitted.secret.replace("-", "").encode() not in seal and len(seal) == 32


def test_what_a_resident_adds_is_told_to_whom_the_case_waits_for_only(life: Life) -> None:
    number = life.matter_in("with_deputy")
    photo = Kept("ab/cd", None, "image/jpeg", 9, "0" * 64, "1" * 64)
    life.act(life.resident(number), intake.add, number, "还有一盏也坏了。", [photo])
    assert life.told(number, "add") == {"deputy"}
    assert life.events(number)[-1].data == {"files": [1]}
    assert session.scalar(select(Attachment.key).where(Attachment.case_id == life.case(number).id)) == "ab/cd"


def test_an_answer_to_a_question_brings_the_matter_back_to_where_it_was(life: Life) -> None:
    number = life.matter_in("needs_info")
    life.act(life.resident(number), intake.add, number, "是北街第三盏。", [])
    assert (life.case(number).state, life.kinds(number)[-1]) == ("with_deputy", "supply")


def test_a_matter_can_be_taken_back_until_somebody_works_on_it(life: Life) -> None:
    number = life.matter_in("withdrawn")
    assert life.clocks(number) == []
    other = life.matter_in("with_deputy")
    with pytest.raises(WrongState) as refusal:
        life.act(life.resident(other), intake.withdraw, other, "不用了")
    assert (refusal.value.state, refusal.value.waiting_for) == ("with_deputy", "deputy")


def test_taking_back_a_matter_that_waits_for_an_answer_stops_the_clock_that_was_held(life: Life) -> None:
    number = life.matter_in("needs_info")
    life.act(life.resident(number), intake.withdraw, number, "已经好了")
    assert life.clocks(number) == []


def test_a_resident_reaches_only_the_own_matter(life: Life) -> None:
    mine, other = life.submit().case.number, life.submit().case.number
    with pytest.raises(NotFound):
        life.act(life.resident(mine), intake.add, other, "这不是我的。", [])


@pytest.mark.parametrize(
    ("phone", "limits", "kept"),
    [
        ("+86 139-1234-5678", {"sms": Limit()}, {"sms": "13912345678"}),
        ("0511-87654321", {"sms": Limit()}, {}),
        (None, {"sms": Limit()}, {}),
        ("13912345678", {"email": Limit()}, {}),
    ],
)
def test_a_resident_who_left_a_mobile_number_hears_of_news_by_text_message(
    life: Life, phone: str | None, limits: dict[str, Limit], kept: dict[str, str]
) -> None:
    install(**limits)
    case = life.submit(contact=Contact("张三", phone)).case
    assert life.case(case.number).channels == list(kept)
    found = vault.find_addresses([case.id], life.keys)
    assert found == {(case.id, channel): address for channel, address in kept.items()}


def test_who_leaves_no_phone_costs_the_database_nothing_more(life: Life) -> None:
    def statements(contact: Contact) -> int:
        seen: list[str] = []
        note = partial(_note, seen)
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", note)
        life.submit(contact=contact)
        event.remove(connection, "before_cursor_execute", note)
        return len(seen)

    install(email=Limit())
    statements(Contact())
    before = statements(Contact())
    install(sms=Limit())
    assert statements(Contact()) == before
    assert statements(Contact("张三", "13912345678")) > before


def _note(seen: list[str], connection, cursor, statement: str, *_) -> None:
    seen.append(statement)
