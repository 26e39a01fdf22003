"""Moves and changes of the conflict set in any order: who is in conflict sees and hears nothing of a matter (I9)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from liaison.db import session
from liaison.domain.actors import DEPARTMENT_ROLES, OFFICE_ROLES, Role
from liaison.domain.conflict import Person
from liaison.domain.errors import DomainError, NotFound
from liaison.models.assignments import Assignment
from liaison.models.notices import Notice
from liaison.models.people import Account, Leadership
from liaison.services import announcements, assignments, claims, conflicts, dossiers, inboxes, intake, matters
from liaison.services.assignments import ENDED
from liaison.services.parties import parties_of
from liaison.services.wanted import Wanted
from tests.support.life import HAPPY, UNHAPPY, Life
from tests.support.matrix import undone

DEPARTMENTS = ("housing", "water", "traffic")
PARTIES = (
    *({"department": code} for code in DEPARTMENTS),
    {"deputy": "D003"},
    {"deputy": "D004"},
    {"account": "office_lead"},
    {"account": "liaison"},
    {"account": "water_handler"},
)
KEYS = [f"{kind}:{code}" for party in PARTIES for kind, code in party.items()]
_MOVES = "accept,ask,supply,pass,hand over,dispatch,work,return,accept answer,reject answer,content,discontent,time"
MOVES = st.sampled_from(_MOVES.split(","))
CHANGES = st.sampled_from(["bar", "bar", "lift", "leads"])
STEPS = st.lists(st.tuples(MOVES | CHANGES, st.integers(0, 7)), min_size=4, max_size=10)


@settings(
    max_examples=10, deadline=timedelta(seconds=60), suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(start=st.sampled_from([*DEPARTMENTS, "with_deputy", "handed_over", "assigned", "replied"]), steps=STEPS)
def test_whoever_is_in_conflict_never_sees_a_matter_or_hears_of_it(life: Life, start: str, steps: list) -> None:
    began = life.clock()
    with undone(), closing_session():
        is_named = start in DEPARTMENTS
        number = life.submit(about_department=start).case.number if is_named else life.matter_in(start)
        assert not list(faults(life, number)), "submit"
        for step, choice in steps:
            made = tried(life, number, step, choice)
            event(f"{step}: {'made' if made else 'refused'}")
            assert not (found := list(faults(life, number))), (step, choice, found)
    life.clock.set(began)


@contextmanager
def closing_session() -> Iterator[None]:
    """Leave no transaction of the session open, whatever happens within."""
    try:
        yield
    finally:
        session.rollback()


def tried(life: Life, number: str, step: str, choice: int) -> bool:
    """Try a step as whoever may make it; what the rules refuse changes nothing."""
    try:
        STEP[step](life, number, choice)
    except DomainError:
        return False
    return True


def deputy_of(life: Life, number: str) -> str:
    """The account of the deputy who has the matter."""
    held = life.case(number).deputy_id
    return next((name for name, each in life.town.accounts.items() if held and each.deputy_id == held), "deputy")


def open_part(life: Life, number: str) -> tuple[str, str]:
    """The reference and the department of the first assignment that is still open."""
    case = life.case(number)
    for each in assignments.in_round(case):
        if each.state not in ENDED:
            names = {row.id: name for name, row in vars(life.town.departments).items()}
            return f"{number}.{each.position}", names[each.department_id]
    raise NotFound()


def work(life: Life, number: str, _: int) -> None:
    """A department does its work to the end."""
    life.work(*open_part(life, number))


def ask_return(life: Life, number: str, choice: int) -> None:
    """A department asks for a return, which the office decides."""
    reference, department = open_part(life, number)
    life.act(f"{department}_handler", assignments.request_return, reference, "不归我们。", None)
    life.act("office", assignments.decide_return, number, reference, choice % 2 == 0, "按职责清单。")


def dispatch(life: Life, number: str, choice: int) -> None:
    """Assign to one department, with another assisting or each for itself."""
    first, second = DEPARTMENTS[choice % 3], DEPARTMENTS[(choice + 1) % 3]
    parts: dict[str, Any] = {"lead": first}
    if choice % 4 == 1:
        parts["assisting"] = [second]
    if choice % 4 == 2:
        parts = {"lead": None, "separate": [first, second]}
    life.dispatch(number, **parts)


def go_on(life: Life, _: str, choice: int) -> None:
    """Let days go by, with all that falls due in them."""
    life.clock.advance(days=2 + 5 * choice)
    life.fall_due()
    life.lapse()


def lead_departments(life: Life, _: str, choice: int) -> None:
    """Say that a deputy leads a department, or none any longer."""
    led = [DEPARTMENTS[choice % 3]] if choice < 5 else []
    life.act("administrator", conflicts.lead_departments, ("D003", "D004")[choice % 2], led)


STEP: dict[str, Callable[[Life, str, int], Any]] = {
    "accept": lambda life, number, _: life.act("office", matters.accept, number),
    "ask": lambda life, number, _: life.act(deputy_of(life, number), matters.ask, number, "请问是哪几盏？"),
    "supply": lambda life, number, _: life.act(life.resident(number), intake.add, number, "北街第三盏。", []),
    "pass": lambda life, number, choice: life.act(
        deputy_of(life, number), matters.pass_on, number, ("D003", "D004")[choice % 2], "不在我的选区。"
    ),
    "hand over": lambda life, number, choice: life.act(
        deputy_of(life, number), matters.hand_over, number, "情况属实。", [DEPARTMENTS[choice % 3]]
    ),
    "dispatch": dispatch,
    "work": work,
    "return": ask_return,
    "accept answer": lambda life, number, _: judged(life, number, True),
    "reject answer": lambda life, number, _: judged(life, number, False),
    "content": lambda life, number, _: life.rate(number, HAPPY),
    "discontent": lambda life, number, _: life.rate(number, UNHAPPY),
    "time": go_on,
    "bar": lambda life, number, choice: life.act(
        "office", conflicts.bar, number, reason="反映的就是它。", **PARTIES[choice]
    ),
    "lift": lambda life, number, choice: life.act("office", conflicts.lift, number, KEYS[choice], "须由它说明。"),
    "leads": lead_departments,
}


def judged(life: Life, number: str, accepted: bool) -> None:
    """The deputy, or without one the office, says whether an answer will do."""
    who = deputy_of(life, number) if life.case(number).deputy_id else "office"
    life.act(who, matters.judge, number, accepted, "请看。")


def faults(life: Life, number: str) -> Iterator[str]:
    """Wherever somebody in conflict sees, handles or is about to hear of the matter, and where nobody has it."""
    case = life.case(number)
    parties = parties_of(case.id)
    out = {name: each for name, each in life.town.accounts.items() if parties.concern(person(each))}
    yield from (f"{name} sees it in {place}" for name in out for place in places(life, name, number))
    ids = {each.id for each in out.values()}
    yield from (f"a notice goes to {name}" for name in out if out[name].id in claimed(life, ids))
    held = session.scalars(select(Assignment).where(Assignment.case_id == case.id, Assignment.state.not_in(ENDED)))
    yield from (f"part {each.position} is with it" for each in held if each.department_id in parties.departments)
    if case.closed_at is None:
        if case.deputy_id in {each.deputy_id for each in out.values()} - {None}:
            yield "its deputy is in conflict with it"
        if not announcements.awaited(case) and case.state != "tracking":
            yield f"nobody has it in {case.state}"


def person(account: Account) -> Person:
    """An account as the pure rule takes it."""
    leads = session.scalars(select(Leadership.department_id).where(Leadership.deputy_id == account.deputy_id))
    return Person(account.id, account.department_id, account.deputy_id, frozenset(leads if account.deputy_id else ()))


def places(life: Life, name: str, number: str) -> Iterator[str]:
    """Where an account sees the matter: its page, any list, a count, the inbox."""
    actor, now = life.town.actor(name), life.clock()
    try:
        dossiers.get_dossier(actor, number, life.keys, now)
        yield "its page"
    except NotFound:
        pass
    ask = {"after": None, "limit": 50}
    lists: dict[str, list] = {"the inbox": inboxes.notices_for(actor)}
    if actor.role in OFFICE_ROLES:
        lists["search"] = inboxes.office_box(actor, "all", now, wanted=Wanted(number), **ask)
        lists |= {box: [count] for box, count in inboxes.office_counts(actor, now).items() if count}
    elif actor.role in DEPARTMENT_ROLES:
        lists |= {box: inboxes.department_box(actor, box, now, **ask) for box in inboxes.DEPARTMENT_BOXES}
        lists |= {f"count of {box}": [count] for box, count in inboxes.department_counts(actor, now).items() if count}
    elif actor.role is Role.DEPUTY:
        lists |= {box: inboxes.deputy_box(actor, box, now, **ask) for box in inboxes.DEPUTY_BOXES}
        lists |= {f"count of {box}": [count] for box, count in inboxes.deputy_counts(actor).items() if count}
    elif actor.role is Role.LIAISON:
        lists["the station's list"] = inboxes.station_box(actor, now, **ask)
    yield from (place for place, found in lists.items() if found)


def claimed(life: Life, ids: set) -> set:
    """Which of these accounts a worker would now send a notice to; everything is claimed, and given back."""
    if not ids:
        return set()
    waiting = list(session.scalars(select(Notice.id).where(Notice.state == "due", Notice.recipient_id.in_(ids))))
    trying = session.begin_nested()
    later = life.clock() + timedelta(days=30)
    found = {message.recipient_id for message in claims.claim(waiting, life.keys, later)}
    trying.rollback()
    session.rollback()
    return found
