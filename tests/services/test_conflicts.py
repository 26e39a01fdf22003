"""Whom a matter is about: said by the resident, named in the text, put in and let out by the office; what follows."""

from typing import Any

import pytest
from sqlalchemy import select

from liaison.db import session, transaction
from liaison.domain.actors import Role
from liaison.domain.errors import Conflict as Contradiction
from liaison.domain.errors import Invalid, NotAllowed, NotFound
from liaison.models.audit import AuditEntry
from liaison.models.conflicts import Conflict
from liaison.models.matters import Matter
from liaison.models.notices import Notice
from liaison.models.people import Leadership
from liaison.services import assignments, claims, conflicts, dossiers, frames, inboxes, matters, wanted
from liaison.services.audit import Wanted, entries
from liaison.services.parties import barred
from liaison.services.vault import Contact
from tests.support.life import TEXT, Life

NAMING = TEXT + "住建局的人说不归他们管。"
WHO = Contact("金丝雀", "13912345678")


def told(life: Life, **more: Any) -> str:
    """The number of a new matter about the housing department."""
    return life.submit(about_department="housing", **more).case.number


def bar(life: Life, number: str, by: str = "office", **party: str) -> None:
    """Put a party in as the office."""
    life.act(by, conflicts.bar, number, reason="反映的就是它。", **party)


def lift(life: Life, number: str, party: str = "department:housing") -> None:
    """Let a party out as the office."""
    life.act("office", conflicts.lift, number, party, "须由它自己说明。")


def leads(life: Life, deputy: str = "present", department: str = "housing") -> None:
    """A deputy leads a department."""
    town = life.town
    with transaction():
        deputy_id = getattr(town.deputies, deputy).id
        session.add(Leadership(deputy_id=deputy_id, department_id=getattr(town.departments, department).id))


def shown(life: Life, who: str, number: str) -> dossiers.Dossier:
    """The matter as an account is shown it; NotFound when it is not."""
    return life.act(who, dossiers.get_dossier, number, life.keys)


def sees(life: Life, who: str, number: str) -> bool:
    """Whether an account is shown the matter at all."""
    try:
        return bool(shown(life, who, number))
    except NotFound:
        return False


def set_of(life: Life, number: str) -> dict[str, tuple[str, bool]]:
    """The conflict set: by the party's key who named it, and whether it stands."""
    return {each.party.key: (each.row.source, each.row.lifted_at is None) for each in barred(life.case(number))}


def refused(life: Life, number: str, **parts: Any) -> str:
    """The sentences with which a dispatch is refused."""
    with pytest.raises(Invalid) as refusal:
        life.dispatch(number, **parts)
    return "".join(sentence for sentences in refusal.value.errors.values() for sentence in sentences)


def test_whom_the_resident_names_is_in_conflict_from_the_first_moment(life: Life) -> None:
    number = told(life)
    assert set_of(life, number) == {"department:housing": ("resident", True)}
    assert life.kinds(number) == ["submit", "accuse"]
    matter = session.get_one(Matter, life.case(number).id)
    assert matter.suggested_department_id is None and matter.routing["departments"] == []


def test_an_unknown_department_is_refused_and_nothing_is_kept(life: Life) -> None:
    with pytest.raises(Invalid) as refusal:
        life.submit(about_department="nowhere", key="once")
    assert list(refusal.value.errors) == ["about.department"]
    assert life.submit(key="once").created


def test_whom_the_text_names_keeps_away_until_the_office_has_decided(life: Life) -> None:
    number = life.submit(text=NAMING).case.number
    assert set_of(life, number) == {"department:housing": ("text", True)}
    assert life.kinds(number) == ["submit", "suspect"]
    life.act("office", matters.accept, number)
    life.act("deputy", matters.hand_over, number, "情况属实。", ["housing"])
    assert "解除回避" in refused(life, number)
    lift(life, number)
    life.dispatch(number)
    assert sees(life, "housing_handler", number)


def test_the_office_confirms_what_the_text_seemed_to_name(life: Life) -> None:
    number = life.submit(text=NAMING).case.number
    bar(life, number, department="housing")
    assert set_of(life, number) == {"department:housing": ("office", True)}


def test_a_person_in_the_residents_words_is_matched_to_nobody_and_shown_to_the_office_alone(life: Life) -> None:
    number = life.submit(about_person="刘在岗").case.number
    assert set_of(life, number) == {}
    assert shown(life, "office", number).about_person == "刘在岗"
    life.act("office", matters.accept, number)
    assert shown(life, "deputy", number).about_person == ""


@pytest.mark.parametrize("part", ["lead", "assisting", "separate"])
def test_whom_a_matter_is_about_does_not_get_it_in_any_part(life: Life, part: str) -> None:
    number = told(life)
    life.act("office", matters.accept, number)
    life.act("deputy", matters.hand_over, number, "情况属实。", [])
    parts = {"lead": {"lead": "housing"}, "assisting": {"lead": "water", "assisting": ["housing"]}}
    words = refused(life, number, **parts.get(part, {"lead": None, "separate": ["water", "housing"]}))
    assert "住建局" in words and "上级单位" in words
    life.dispatch(number, lead="water")
    assert not sees(life, "housing_handler", number) and sees(life, "water_handler", number)


def test_a_deputy_who_leads_the_department_is_passed_over_for_the_next_one_or_the_office(life: Life) -> None:
    leads(life)
    number = told(life)
    assert life.case(number).deputy_id is None
    routing = session.get_one(Matter, life.case(number).id).routing
    assert "excluded" in {each["why"] for each in routing["passed"]}
    life.act("office", matters.accept, number)
    assert life.case(number).state == "handed_over"


def test_a_matter_is_not_passed_to_a_deputy_in_conflict(life: Life) -> None:
    leads(life, "other")
    number = told(life)
    life.act("office", matters.accept, number)
    with pytest.raises(Invalid):
        life.act("deputy", matters.pass_on, number, "D004", "不在我的选区。")


@pytest.mark.parametrize("state", ["submitted", "with_deputy", "needs_info", "handed_over", "assigned", "replied"])
def test_a_matter_about_its_own_deputy_leaves_that_deputy(life: Life, state: str) -> None:
    number = life.matter_in(state)
    bar(life, number, deputy="D003")
    assert life.case(number).deputy_id is None
    assert not sees(life, "deputy", number) and sees(life, "office", number)
    if state == "needs_info":
        life.clock.advance(days=60)
        life.lapse()
    case = life.case(number)
    assert case.state == ("handed_over" if state in ("with_deputy", "needs_info") else state)
    assert [clock.kind for clock in life.clocks(number)] == {
        "submitted": ["screening"], "assigned": ["handling", "acknowledgement"], "replied": ["review"]
    }.get(state, ["dispatch"])  # fmt: skip


def test_the_next_in_the_roster_takes_over_and_is_told(life: Life) -> None:
    town = life.town
    with transaction():
        town.deputies.absent.absent_until = None
    number = life.submit().case.number
    life.act("office", matters.accept, number)
    first = life.case(number).deputy_id
    code = {each.id: each.code for each in vars(town.deputies).values()}[first]
    bar(life, number, deputy=code)
    second = life.case(number).deputy_id
    assert second not in (None, first) and life.case(number).state == "with_deputy"
    successor = {town.deputies.present.id: "deputy", town.deputies.absent.id: "absent"}[second]
    assert sees(life, successor, number) and successor in life.told(number, "pass")


def test_work_already_with_the_department_is_taken_back(life: Life) -> None:
    number = life.matter_in("assigned")
    bar(life, number, department="housing")
    case = life.case(number)
    assert case.state == "handed_over" and life.assignment(f"{number}.1").state == "recalled"
    assert [clock.kind for clock in life.clocks(number)] == ["dispatch"]
    assert not sees(life, "housing_handler", number)
    with pytest.raises(NotFound):
        life.acknowledge(f"{number}.1")


def test_an_assisting_department_leaves_and_the_lead_goes_on(life: Life) -> None:
    number = life.matter_in("handed_over")
    life.dispatch(number, lead="water", assisting=["housing"])
    bar(life, number, department="housing")
    assert life.case(number).state == "assigned"
    life.work(f"{number}.1", "water")
    assert life.case(number).state == "replied"


def test_an_answer_sent_back_does_not_return_to_whom_the_matter_is_about(life: Life) -> None:
    number = life.matter_in("replied")
    bar(life, number, department="housing")
    life.act("deputy", matters.judge, number, False, "请补办。")
    assert life.case(number).state == "handed_over"


def test_unsent_notices_are_cancelled_and_those_in_the_inbox_are_gone(life: Life) -> None:
    number = life.matter_in("assigned")
    handler = life.town.actor("housing_handler")
    assert frames.frame_of(handler).unread and inboxes.notices_for(handler)
    bar(life, number, department="housing")
    mine = [each for each in life.notices(number, channel="log") if each.recipient_id == handler.account_id]
    assert mine and {each.state for each in mine} == {"cancelled"}
    assert not frames.frame_of(handler).unread and not inboxes.notices_for(handler)


def test_a_notice_put_before_is_not_claimed_after(life: Life) -> None:
    number = life.matter_in("assigned")
    handler = life.town.actor("housing_handler")
    waiting = [each.id for each in life.notices(number, channel="log") if each.recipient_id == handler.account_id]
    case, housing = life.case(number), life.town.departments.housing
    with transaction():  # as if the office had been quicker than what cancels
        row = Conflict(case_id=case.id, party_id=housing.id, kind="department", source="office", at=life.clock())
        session.add(row)
    with transaction():
        assert claims.claim(waiting, life.keys, life.clock()) == []
    assert {session.get_one(Notice, id_).state for id_ in waiting} == {"cancelled"}


def test_who_was_lifted_handles_the_matter_without_learning_who_it_was(life: Life) -> None:
    number = told(life, contact=WHO, share_identity=True)
    life.act("office", matters.accept, number)
    life.act("deputy", matters.hand_over, number, "情况属实。", [])
    assert shown(life, "deputy", number).contact == WHO
    lift(life, number)
    life.dispatch(number, assisting=["water"])
    assert shown(life, "water_handler", number).contact == WHO
    seen = shown(life, "housing_handler", number)
    assert seen.contact is None
    assert not {"accuse", "bar", "lift_bar"} & {event.kind for event in seen.events}


def test_who_was_only_mentioned_learns_what_the_resident_agreed_to(life: Life) -> None:
    number = life.submit(text=NAMING, contact=WHO, share_identity=True).case.number
    lift(life, number)
    life.act("office", matters.accept, number)
    life.act("deputy", matters.hand_over, number, "情况属实。", [])
    life.dispatch(number)
    assert shown(life, "housing_handler", number).contact == WHO


def test_the_set_and_its_events_are_for_the_office_alone(life: Life) -> None:
    number = told(life)
    bar(life, number, account="liaison")
    lift(life, number, "account:liaison")
    life.act("office", matters.accept, number)
    kinds = {"accuse", "bar", "lift_bar"}
    office, deputy = shown(life, "office", number), shown(life, "deputy", number)
    assert kinds <= {event.kind for event in office.events} and len(office.barred) == 2
    assert not kinds & {event.kind for event in deputy.events} and not deputy.barred
    resident = life.act(life.resident(number), dossiers.get_dossier, number, life.keys)
    assert not kinds & {event.kind for event in resident.events} and not resident.barred


def test_what_the_office_did_is_in_the_audit_log_unless_the_auditor_is_in_conflict(life: Life) -> None:
    number = life.submit().case.number
    bar(life, number, department="housing")
    lift(life, number)
    auditor = life.town.actor("auditor")
    assert [each.act for each in entries(auditor, Wanted(about=number))] == ["conflict.lift", "conflict.bar"]
    bar(life, number, account="auditor")
    assert entries(auditor, Wanted(about=number)) == []
    assert session.scalar(select(AuditEntry).where(AuditEntry.about == number).limit(1)) is not None


def test_only_one_known_party_is_put_in_at_a_time_and_nobody_oneself(life: Life) -> None:
    number = life.submit().case.number
    for party in ({}, {"department": "housing", "deputy": "D003"}, {"department": "nowhere"}, {"account": "office"}):
        with pytest.raises(Invalid):
            bar(life, number, **party)
    assert set_of(life, number) == {}
    bar(life, number, by="office_lead", account="office")
    assert not sees(life, "office", number) and sees(life, "office_lead", number)
    with pytest.raises(NotFound):
        lift(life, number, "account:office")


def test_only_the_office_changes_the_set(life: Life) -> None:
    number = life.matter_in("with_deputy")
    with pytest.raises(NotAllowed):
        bar(life, number, by="deputy", department="water")


def test_what_is_not_in_the_set_or_was_lifted_is_not_lifted(life: Life) -> None:
    number = told(life)
    with pytest.raises(Invalid):
        lift(life, number, "department:water")
    lift(life, number)
    with pytest.raises(Contradiction):
        lift(life, number)
    bar(life, number, department="housing")
    assert set_of(life, number) == {"department:housing": ("office", True)}


def test_a_matter_is_not_merged_into_one_that_whom_it_is_about_handles(life: Life) -> None:
    lead, number = life.matter_in("assigned"), told(life)
    with pytest.raises(Invalid) as refusal:
        life.act("office", matters.merge, number, lead)
    assert "into" in refusal.value.errors


def test_the_lead_takes_over_whom_a_merged_matter_is_about(life: Life) -> None:
    lead, number = life.matter_in("handed_over"), told(life)
    life.act("office", matters.merge, number, lead)
    assert set_of(life, lead) == {"department:housing": ("office", True)}
    bar(life, number, department="water")
    assert set_of(life, lead)["department:water"] == ("office", True)


def test_a_merged_matter_shows_neither_way_to_whom_the_other_one_is_about(life: Life) -> None:
    lead, number = life.matter_in("handed_over"), life.submit().case.number
    life.act("office", matters.merge, number, lead)
    life.dispatch(lead)
    seen = shown(life, "housing_handler", lead)
    assert "merged_here" not in {event.kind for event in seen.events} and number not in str(seen.merged)
    bar(life, number, account="office_lead")
    assert not sees(life, "office_lead", lead) and not sees(life, "office_lead", number)


def test_a_deputy_said_to_lead_a_department_loses_the_matters_about_it(life: Life) -> None:
    number = told(life)
    life.act("office", matters.accept, number)
    assert sees(life, "deputy", number)
    life.act("administrator", conflicts.lead_departments, "D003", ["housing"])
    case = life.case(number)
    assert (case.deputy_id, case.state) == (None, "handed_over") and not sees(life, "deputy", number)
    life.act("administrator", conflicts.lead_departments, "D003", [])
    assert session.scalars(select(Leadership)).all() == []


def test_lists_counts_and_search_leave_it_out(life: Life) -> None:
    number = life.matter_in("assigned")
    handler, office = life.town.actor("housing_handler"), life.town.actor("office")
    now = life.clock()
    assert inboxes.department_counts(handler, now)["todo"] == 1
    bar(life, number, department="housing")
    bar(life, number, by="office_lead", account="office")
    assert not any(inboxes.department_counts(handler, now).values())
    for box in inboxes.DEPARTMENT_BOXES:
        assert inboxes.department_box(handler, box, now, after=None, limit=9) == []
    assert inboxes.office_box(office, "all", now, wanted=wanted.Wanted("路灯"), after=None, limit=9) == []
    assert inboxes.office_box(office, "all", now, wanted=wanted.Wanted(number), after=None, limit=9) == []
    assert not any(inboxes.office_counts(office, now).values())


def test_reminders_go_round_whom_a_matter_is_about(life: Life) -> None:
    number = life.promised()
    bar(life, number, department="housing")
    life.clock.advance(days=90)
    life.fall_due()
    housing = {life.town.accounts[f"housing_{who}"].id for who in ("handler", "approver", "head")}
    late = [each for each in life.notices(number) if each.topic.startswith("reminder.")]
    assert late and not {each.recipient_id for each in late} & housing
    assert Role.OFFICE in {each.recipient_role for each in late}
    assert assignments.in_round(life.case(number))[0].state == "approved"
