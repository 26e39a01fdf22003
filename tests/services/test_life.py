"""A matter's whole life at random over real PostgreSQL: any role tries anything, time goes by, two act at once.

Whatever is tried either makes a step the table allows or is refused and leaves no trace; and what must always
hold is checked after every step. `LIVES=500 pytest tests/services/test_life.py` looks further, at random.
"""

import os
from collections import Counter
from functools import partial
from typing import Any

from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select, update

from liaison.db import session, transaction
from liaison.domain import chain
from liaison.domain.actors import Actor, Role
from liaison.domain.errors import DomainError, NotFound, WrongState
from liaison.domain.workflow import ASSIGNMENT, MATTER
from liaison.models.assignments import Assignment
from liaison.models.cases import Case, Event
from liaison.models.clocks import Clock
from liaison.models.notices import Notice
from liaison.services.recipients import Recipient, entitled
from tests.support.clock import MONDAY
from tests.support.life import Life, links
from tests.support.moves import DEPUTY, MOVES, STAY, Try
from tests.support.together import overlapping

USUAL = settings(
    max_examples=int(os.environ.get("LIVES", "30")),
    stateful_step_count=40,
    deadline=None,
    derandomize="LIVES" not in os.environ,
    phases=[Phase.generate],  # a life that fails is told whole; making it shorter would take minutes
    suppress_health_check=list(HealthCheck),
)
WORK = {"handling", "rework"}
NAMES = st.sampled_from(sorted(MOVES))
POSITIONS = st.sampled_from([1, 1, 1, 2, 2, 3, 4])
HOURS = st.sampled_from([1, 5, 24, 48, 72, 24 * 7, 24 * 30])


class Lives(RuleBasedStateMachine):
    """One matter, everybody who can reach it and some who cannot."""

    life: Life
    app: Flask

    @initialize(state=st.sampled_from(["submitted", "with_deputy", "handed_over", "assigned", "replied", "rating"]))
    def submit(self, state: str) -> None:
        """A matter has come some way; another one stands beside it to be merged into."""
        self.life.clock.set(MONDAY)
        self.number = self.life.matter_in(state)
        self.other = self.life.submit("S001").case.number
        self.checked = 0
        self.told: set[Any] = set()

    def teardown(self) -> None:
        """Stop what still runs, so that the next life is alone with the clockwork."""
        with transaction():
            session.execute(update(Clock).values(stopped_at=MONDAY, remind_at=None, lapse_at=None))
        session.rollback()

    @rule(data=st.data())
    def the_right_one_does_what_is_next(self, data: st.DataObject) -> None:
        """The person it is up to makes a move of the present state, so that lives get far."""
        self.attempt(*self.proper(data))

    @rule(data=st.data())
    def and_again(self, data: st.DataObject) -> None:
        """The same, to be drawn more often."""
        self.attempt(*self.proper(data))

    @rule(data=st.data(), name=NAMES, position=POSITIONS)
    def anybody_does_anything(self, data: st.DataObject, name: str, position: int) -> None:
        """Anybody at all tries a move, usual for it or not, at the right time or not."""
        everybody = [*MOVES[name].usual * 9, *sorted(self.life.town.actors), "resident"]
        self.attempt(name, data.draw(st.sampled_from(everybody)), position)

    @rule(data=st.data())
    def two_at_once(self, data: st.DataObject) -> None:
        """Two people try a move at the same moment; when the first leaves the state, the second is told so."""
        first = self.proper(data)
        second = first if data.draw(st.booleans()) else self.proper(data)
        calls = [self.call(*each) for each in (first, second)]
        session.rollback()
        ended = overlapping(self.app, *calls)
        assert all(isinstance(each, DomainError) or not isinstance(each, BaseException) for each in ended), ended
        if first == second and first[0] not in STAY and not isinstance(ended[0], Exception):
            assert isinstance(ended[1], DomainError), (first, ended)

    @rule(hours=HOURS)
    def time_goes_by(self, hours: int) -> None:
        """The clockwork runs after a while, long or short."""
        self.life.clock.advance(hours=hours)
        self.life.lapse()
        self.life.fall_due()
        now = self.life.clock()
        assert not [each for each in self.clocks() if each.remind_at and each.remind_at <= now]
        assert not [each for each in self.clocks() if each.lapse_at and each.lapse_at < now]

    @invariant()
    def its_history_is_whole_and_every_step_is_in_the_table(self) -> None:
        """The chain holds, counts every event, and each new event is a step its role may make from there."""
        case, events = self.life.case(self.number), self.life.events(self.number)
        assert (case.seq, case.head) == (len(events), events[-1].hash)
        assert chain.verify(links(self.number, events)) is None
        assert case.state == events[-1].state and case.state in MATTER.states
        for before, event in zip(events[max(self.checked - 1, 0) :], events[max(self.checked, 1) :], strict=False):
            assert_step(before, event)
        self.checked = len(events)
        assert (case.supervised_at is not None) == any(event.kind == "supervise" for event in events)

    @invariant()
    def the_state_says_what_runs(self) -> None:
        """The clocks, the closing time and the state it came from are those the state asks for."""
        case = self.life.case(self.number)
        state, running = MATTER.state(case.state), self.life.clocks(self.number)
        own = [each for each in running if each.assignment_id is None]
        assert (case.closed_at is not None) == (case.state in MATTER.terminal)
        assert (case.came_from is not None) == state.resumes
        assert (case.merged_into_id is not None) == (case.state == "merged")
        assert Counter(each.kind for each in own if not each.paused_at) == Counter([state.clock] if state.clock else [])
        assert len([each for each in own if each.paused_at]) == (1 if state.resumes else 0)
        if state.waits_for:
            shown = next(each for each in running if each.id == case.clock_id)
            assert not shown.paused_at and shown.owner == state.waits_for and shown.remind_at
        else:
            assert running == [] and case.clock_id is None

    @invariant()
    def departments_work_exactly_while_the_case_is_theirs(self) -> None:
        """Open duties carry their clocks, ended ones none; the case is assigned while any answer is missing."""
        case = self.life.case(self.number)
        duties = list(session.scalars(select(Assignment).where(Assignment.case_id == case.id)))
        running = Counter((each.assignment_id, each.kind) for each in self.life.clocks(self.number))
        for duty in duties:
            kinds = [kind for (of, kind), count in running.items() for _ in range(count) if of == duty.id]
            state = ASSIGNMENT.state(duty.state)
            expected = ([state.clock] if state.clock else []) if state.waits_for else []
            assert [kind for kind in kinds if kind not in WORK] == expected, (duty.state, kinds)
            assert len([kind for kind in kinds if kind in WORK]) == (1 if state.waits_for else 0), (duty.state, kinds)
        open_ = [each for each in duties if ASSIGNMENT.state(each.state).waits_for]
        assert all(each.round == case.round for each in open_)
        assert (case.state == "assigned") == any(each.part != "assisting" for each in open_)
        assert case.state == "assigned" or not open_

    @invariant()
    def only_those_within_reach_are_told_and_once(self) -> None:
        """Each new notice went to somebody who may know of the case, and no rung went to anybody twice."""
        notices = self.life.notices(self.number)
        for notice in notices:
            if notice.id not in self.told:
                recipient = Recipient(Role(notice.recipient_role), notice.recipient_id)
                assert entitled([(recipient, notice.case_id)]), (notice.topic, notice.recipient_role)
        self.told = {notice.id for notice in notices}
        rungs = Counter(
            (each.clock_id, each.generation, each.topic, each.recipient_id)
            for each in notices
            if each.clock_id and each.topic != "reminder.repeat"
        )
        assert not rungs or max(rungs.values()) == 1
        session.rollback()

    def attempt(self, name: str, who: str, position: int) -> None:
        """Try a move in one transaction; a refusal leaves nothing behind."""
        call, before = self.call(name, who, position), self.trace()
        session.rollback()
        try:
            with transaction():
                call()
        except DomainError as refusal:
            assert self.trace() == before, name
            assert not isinstance(refusal, WrongState) or refusal.state
            assert not isinstance(refusal, NotFound) or not hasattr(refusal, "state")

    def call(self, name: str, who: str, position: int) -> Any:
        """The move, ready to be called."""
        at = Try(self.number, self.other, position, self.life.clock())
        return partial(MOVES[name].call, self.actor(who), at)

    def proper(self, data: st.DataObject) -> tuple[str, str, int]:
        """A move of the present state, one whose move it is, and the assignment it is about."""
        case = self.life.case(self.number)
        name = data.draw(st.sampled_from(LIKELY.get(case.state, ("restore",))))
        who, position = data.draw(st.sampled_from(MOVES[name].usual)), 1
        if MOVES[name].usual == DEPUTY:
            who = "deputy" if case.deputy_id == self.life.town.deputies.present.id else "other_deputy"
        if case.state in ("assigned", "tracking") and (duties := self.duties(case)):
            position, department = data.draw(st.sampled_from(duties))
            part = who.partition("_")[2]
            who = f"{department}_{part}" if part in ("handler", "approver") else who
        return name, who, position

    def duties(self, case: Case) -> list[tuple[int, str]]:
        """The assignments of this round that are not ended, or all of it when none is: position and department."""
        names = {department.id: name for name, department in vars(self.life.town.departments).items()}
        found = select(Assignment).where(Assignment.case_id == case.id, Assignment.round == case.round)
        rows = list(session.scalars(found.order_by(Assignment.position)))
        rows = [each for each in rows if ASSIGNMENT.state(each.state).waits_for] or rows
        return [(each.position, names[each.department_id]) for each in rows]

    def actor(self, who: str) -> Actor:
        """An account's actor, or the matter's own resident."""
        return self.life.resident(self.number) if who == "resident" else self.life.town.actor(who)

    def clocks(self) -> list[Clock]:
        """All running clocks of the matter."""
        return self.life.clocks(self.number)

    def trace(self) -> tuple[Any, ...]:
        """What a refused move must not change."""
        case = self.life.case(self.number)
        count = session.scalar(select(Notice.id).where(Notice.case_id == case.id).order_by(Notice.id.desc()).limit(1))
        return case.state, case.head, case.round, case.clock_id, case.deputy_id, count


LIKELY = {
    "submitted": ("accept", "accept", "ask", "refuse", "merge"),
    "needs_info": ("add", "add", "withdraw"),
    "with_deputy": ("claim", "hand over", "hand over", "answer", "pass", "ask", "redirect"),
    "handed_over": ("dispatch", "dispatch jointly", "dispatch separately", "dispatch at once", "send back"),
    "assigned": (
        *("acknowledge", "acknowledge", "reply", "promise", "promise", "sign", "sign", "sign", "give back", "add"),
        *("request return", "grant return", "decline return", "request extension", "grant extension"),
    ),
    "replied": ("let pass", "let pass", "reject"),
    "rating": ("rate happily", "rate unhappily", "add"),
    "tracking": ("keep promise", "promise again", "break promise"),
    "reopened": ("dispatch", "dispatch jointly", "dispatch separately"),
    "closed": ("look back", "look back in vain", "ask again"),
}


def assert_step(before: Event, event: Event) -> None:
    """An event that changes the state, or is called like a move, is a move of the table by a role that may make it."""
    move = MATTER.moves.get(event.kind)
    if move is None or (event.kind == "merge" and before.state == "merged"):
        assert event.state == before.state, (before.state, event.kind, event.state)
        return
    assert event.by_role in move.roles and before.state in move.sources, (before.state, event.kind, event.by_role)
    if move.target:
        assert event.state == move.target
    elif not move.back:
        assert event.state == before.state


def test_no_life_breaks_the_rules(live_life: Life, live_app: Flask) -> None:
    class Here(Lives):
        life, app = live_life, live_app

    run_state_machine_as_test(Here, settings=USUAL)
