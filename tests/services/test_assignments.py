"""Departments' duty: dispatch, sign for, return, joint answers, rounds and levels."""

import pytest
from sqlalchemy import select

from liaison.db import session
from liaison.domain.errors import Invalid, NotAllowed, NotFound, WrongState
from liaison.models.assignments import Assignment
from liaison.models.cases import Case
from liaison.services import assignments, matters, replies
from tests.support.life import UNHAPPY, Life


def parts(life: Life, number: str) -> list[tuple[str, str, str, int, int]]:
    """Every assignment of a case: department, part, state, round, level."""
    names = {department.id: name for name, department in vars(life.town.departments).items()}
    rows = session.scalars(select(Assignment).join(Case).where(Case.number == number).order_by(Assignment.position))
    return [(names[row.department_id], row.part, row.state, row.round, row.level) for row in rows]


def test_clocks_start_when_assigned_and_assisting_ones_are_shorter(life: Life) -> None:
    number = life.matter_in("handed_over")
    life.dispatch(number, assisting=["water"], complexity="complex")
    lead, assisting = life.assignment(f"{number}.1"), life.assignment(f"{number}.2")
    terms = {(clock.assignment_id, clock.kind): clock.term for clock in life.clocks(number)}
    assert terms == {
        (lead.id, "handling"): "10 wd",
        (lead.id, "acknowledgement"): "1 wd",
        (assisting.id, "handling"): "5 wd",
        (assisting.id, "acknowledgement"): "1 wd",
    }
    assert {clock.started_at for clock in life.clocks(number)} == {life.clock()}


def test_handlers_of_the_departments_and_the_resident_are_told_and_no_other_department(life: Life) -> None:
    number = life.matter_in("handed_over")
    life.dispatch(number, assisting=["water"])
    assert life.told(number, "dispatch") == {"housing_handler", "water_handler", "resident"}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"lead": None}, "lead"),
        ({"lead": "housing", "separate": ["water"]}, "lead"),
        ({"lead": "housing", "assisting": ["housing"]}, "assisting"),
        ({"lead": None, "separate": ["housing"], "assisting": ["water"]}, "assisting"),
        ({"lead": "nobody"}, "departments"),
        ({"complexity": "whatever"}, "complexity"),
    ],
)
def test_a_dispatch_that_makes_no_sense_is_refused_by_field(life: Life, wrong: dict, field: str) -> None:
    number = life.matter_in("handed_over")
    with pytest.raises(Invalid) as refusal:
        life.dispatch(number, **wrong)
    assert field in refusal.value.errors
    assert life.case(number).state == "handed_over"


def test_only_the_departments_own_people_sign_for_it(life: Life) -> None:
    number = life.matter_in("assigned")
    for who in ("water_handler", "deputy", "other_office"):
        with pytest.raises(NotFound if who != "deputy" else NotAllowed):
            life.act(who, assignments.acknowledge, f"{number}.1")
    life.acknowledge(f"{number}.1")
    assignment = life.assignment(f"{number}.1")
    assert (assignment.state, assignment.acknowledged_at) == ("acknowledged", life.clock())
    assert [clock.kind for clock in life.clocks(number)] == ["handling"]
    assert life.told(number, "acknowledge") == {"resident"}


@pytest.mark.parametrize("reference", ["{}", "{}.", "{}.0", "{}.2", "{}.x", "nothing.1"])
def test_a_reference_that_names_nothing_is_not_found(life: Life, reference: str) -> None:
    number = life.matter_in("assigned")
    with pytest.raises(NotFound):
        life.act("housing_handler", assignments.acknowledge, reference.format(number))


def test_signing_for_it_twice_is_refused(life: Life) -> None:
    number = life.matter_in("assigned")
    life.acknowledge(f"{number}.1")
    with pytest.raises(WrongState):
        life.acknowledge(f"{number}.1")


def test_a_return_is_asked_with_a_reason_and_the_office_decides_on_its_own_clock(life: Life) -> None:
    number = life.matter_in("assigned")
    life.act("housing_handler", assignments.request_return, f"{number}.1", "不属于我局职责", "water")
    assignment = life.assignment(f"{number}.1")
    clock = next(clock for clock in life.clocks(number) if clock.id == assignment.clock_id)
    assert (assignment.state, clock.kind, clock.owner) == ("return_requested", "return_decision", "office")
    assert assignment.belongs_to_id == life.town.departments.water.id
    assert life.told(number, "request_return") == {"office", "office_lead"}
    assert life.events(number)[-1].internal


def test_a_granted_return_takes_the_matter_back_to_dispatch(life: Life) -> None:
    number = life.matter_in("assigned")
    life.act("housing_handler", assignments.request_return, f"{number}.1", "不属于我局职责", "water")
    life.act("office", assignments.decide_return, number, f"{number}.1", True, "同意")
    assert (life.case(number).state, parts(life, number)) == ("handed_over", [("housing", "lead", "returned", 1, 0)])
    assert [clock.kind for clock in life.clocks(number)] == ["dispatch"]
    assert life.told(number, "approve_return") == {"housing_handler"}
    life.dispatch(number, lead="water")
    life.work(f"{number}.2", "water")
    assert life.case(number).state == "replied"


def test_a_declined_return_locks_against_another(life: Life) -> None:
    number = life.matter_in("assigned")
    life.act("housing_handler", assignments.request_return, f"{number}.1", "不属于我局职责", None)
    life.act("office", assignments.decide_return, number, f"{number}.1", False, "职责清单第三条")
    assignment = life.assignment(f"{number}.1")
    assert (assignment.state, assignment.locked) == ("assigned", True)
    assert life.told(number, "decline_return") == {"housing_handler"}
    with pytest.raises(WrongState, match="不能再次申请"):
        life.act("housing_handler", assignments.request_return, f"{number}.1", "仍不属于", None)
    life.work(f"{number}.1")
    assert life.case(number).state == "replied"


def test_a_return_comes_too_late_after_its_term(life: Life) -> None:
    number = life.matter_in("assigned")
    life.clock.advance(days=1)
    other = life.matter_in("assigned")
    life.clock.advance(days=1)
    with pytest.raises(WrongState, match="现已超过"):
        life.act("housing_handler", assignments.request_return, f"{number}.1", "不属于我局职责", None)
    life.act("housing_handler", assignments.request_return, f"{other}.1", "不属于我局职责", None)


def test_a_decision_names_an_assignment_of_its_own_case(life: Life) -> None:
    number, other = life.matter_in("assigned"), life.matter_in("assigned")
    life.act("housing_handler", assignments.request_return, f"{number}.1", "不属于我局职责", None)
    with pytest.raises(NotFound):
        life.act("office", assignments.decide_return, other, f"{number}.1", True, "")


def test_returning_an_assisting_part_leaves_the_lead_at_work(life: Life) -> None:
    number = life.matter_in("handed_over")
    life.dispatch(number, assisting=["water"])
    life.act("water_handler", assignments.request_return, f"{number}.2", "与我局无关", None)
    life.act("office", assignments.decide_return, number, f"{number}.2", True, "")
    assert life.case(number).state == "assigned"
    life.work(f"{number}.1")
    assert life.case(number).state == "replied"


def test_returning_the_lead_recalls_the_assisting_parts(life: Life) -> None:
    number = life.matter_in("handed_over")
    life.dispatch(number, assisting=["water"])
    life.act("housing_handler", assignments.request_return, f"{number}.1", "不属于我局职责", None)
    life.act("office", assignments.decide_return, number, f"{number}.1", True, "")
    assert parts(life, number) == [("housing", "lead", "returned", 1, 0), ("water", "assisting", "recalled", 1, 0)]
    assert [clock.kind for clock in life.clocks(number)] == ["dispatch"]


def test_separate_parts_answer_each_for_itself_and_the_last_one_reports(life: Life) -> None:
    number = life.matter_in("handed_over")
    life.dispatch(number, lead=None, separate=["housing", "water", "traffic"])
    life.work(f"{number}.3", "traffic")
    assert life.case(number).state == "assigned"
    shown = next(clock for clock in life.clocks(number) if clock.id == life.case(number).clock_id)
    assert shown.kind == "handling" and shown.stopped_at is None
    life.work(f"{number}.1")
    life.act("water_handler", assignments.request_return, f"{number}.2", "不属于我局职责", None)
    life.act("office", assignments.decide_return, number, f"{number}.2", True, "")
    assert life.case(number).state == "replied"


def test_the_lead_answers_once_after_all_opinions(life: Life) -> None:
    number = life.matter_in("handed_over")
    life.dispatch(number, assisting=["water"])
    life.acknowledge(f"{number}.1")
    with pytest.raises(WrongState, match="水务局"):
        life.reply(f"{number}.1")
    life.acknowledge(f"{number}.2", "water")
    life.reply(f"{number}.2", "water", text="我局无意见。", measures="", owner="")
    with pytest.raises(WrongState, match="水务局"):
        life.reply(f"{number}.1")
    life.sign(f"{number}.2", "water")
    assert life.told(number, "approve") == {"housing_handler"}
    assert life.case(number).state == "assigned"
    life.reply(f"{number}.1")
    life.sign(f"{number}.1")
    assert life.case(number).state == "replied"


def test_a_matter_opened_again_goes_one_level_higher_each_time(life: Life) -> None:
    number = life.matter_in("reopened")
    for round_, level in ((2, 1), (3, 2), (4, 2)):
        life.dispatch(number)
        assert parts(life, number)[-1] == ("housing", "lead", "assigned", round_, level)
        life.work(f"{number}.{round_}")
        life.act("deputy", matters.judge, number, True, "")
        life.rate(number, UNHAPPY)


def test_a_department_keeps_no_hold_on_work_of_an_earlier_round(life: Life) -> None:
    number = life.matter_in("reopened")
    life.dispatch(number, lead="water")
    for service in (assignments.acknowledge, replies.decide_reply):
        with pytest.raises(WrongState):
            extra = (True, "") if service is replies.decide_reply else ()
            life.act("housing_approver", service, f"{number}.1", *extra)
