"""Walks matters through the real services, each call in a transaction of its own as at the edge."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

from sqlalchemy import select

from liaison.db import session, transaction
from liaison.domain import chain
from liaison.domain.actors import ANYONE, Actor, resident_of
from liaison.domain.calendar import local_day
from liaison.models.assignments import Assignment
from liaison.models.cases import Case, Event
from liaison.models.clocks import Clock
from liaison.models.notices import Notice
from liaison.services import assignments, intake, lapses, matters, ratings, reminders, replies
from liaison.services.intake import Submission, Submitted
from liaison.services.ratings import Opinion
from liaison.services.replies import Answer
from liaison.services.sealing import Keys
from tests.support.clock import FakeClock
from tests.support.town import Town

TEXT = "城东镇北街的路灯坏了三盏，晚上老人出门看不见路，请尽快修好。"
SAID = "经现场查看，已于今日更换北街损坏的路灯三盏，照明已恢复。"
KEPT = {"text": SAID, "outcome": "A", "measures": "更换灯具三盏并接通电源", "owner": "市政科王科长"}
HAPPY, UNHAPPY = Opinion("satisfied", 5, 5), Opinion("dissatisfied", 2, 1, "第二天又不亮了，没有修好。")

_keys = count(1)


class Life:
    """One way to drive matters: `act(username, service, ...)` for anything, shorter words for what every test needs."""

    def __init__(self, town: Town, clock: FakeClock, keys: Keys) -> None:
        self.town, self.clock, self.keys = town, clock, keys

    def act(self, who: str | Actor, service: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Call a service as an account (by username) or as an actor, now."""
        actor = self.town.actor(who) if isinstance(who, str) else who
        with transaction():
            return service(actor, *arguments, **named, now=self.clock())

    def submit(self, station: str = "S001", *, key: str | None = None, text: str = TEXT, **more: Any) -> Submitted:
        """Submit a matter as a visitor."""
        key = key or f"key-{next(_keys)}"
        submission = Submission(text, **more)
        return self.act(
            ANYONE, intake.submit, station, submission, key=key, digest=str(hash(submission)), keys=self.keys
        )

    def resident(self, number: str) -> Actor:
        """The resident of a matter."""
        return resident_of(self.case(number).id)

    def dispatch(self, number: str, lead: str | None = "housing", **more: Any) -> Case:
        """Assign a case as the office."""
        return self.act("office", assignments.dispatch, number, lead=lead, **{"complexity": "ordinary"} | more)

    def reply(self, reference: str, department: str = "housing", **more: Any) -> Assignment:
        """Answer for a department, as its handler."""
        answer = Answer(**KEPT | more)
        return self.act(f"{department}_handler", replies.reply, reference, answer, today=self.today)

    def sign(self, reference: str, department: str = "housing", approve: bool = True, text: str = "") -> Assignment:
        """Sign a department's answer, as its approver."""
        return self.act(f"{department}_approver", replies.decide_reply, reference, approve, text)

    def acknowledge(self, reference: str, department: str = "housing") -> Assignment:
        """Sign for an assignment, as the department's handler."""
        return self.act(f"{department}_handler", assignments.acknowledge, reference)

    def work(self, reference: str, department: str = "housing", **more: Any) -> None:
        """Sign for an assignment, answer it and have the answer signed."""
        self.acknowledge(reference, department)
        self.reply(reference, department, **more)
        self.sign(reference, department)

    def rate(self, number: str, opinion: Opinion) -> Case:
        """Rate as the resident."""
        return self.act(self.resident(number), ratings.rate, number, opinion)

    def matter_in(self, state: str, **more: Any) -> str:
        """The number of a new matter that came to `state` by the usual way."""
        number = self.submit(**more).case.number
        steps = {
            "submitted": lambda: None,
            "with_deputy": lambda: self.act("office", matters.accept, number),
            "handed_over": lambda: self.act("deputy", matters.hand_over, number, "情况属实，建议修复。", ["housing"]),
            "assigned": lambda: self.dispatch(number),
            "replied": lambda: self.work(f"{number}.1"),
            "rating": lambda: self.act("deputy", matters.judge, number, True, ""),
            "closed": lambda: self.rate(number, HAPPY),
        }
        asides = {
            "needs_info": ("with_deputy", lambda: self.act("deputy", matters.ask, number, "请问是哪几盏？")),
            "reopened": ("rating", lambda: self.rate(number, UNHAPPY)),
            "not_accepted": ("submitted", lambda: self.act("office", matters.refuse, number, "不属实", "other")),
            "redirected": ("submitted", lambda: self.act("office", matters.redirect, number, "litigation")),
            "withdrawn": (
                "submitted",
                lambda: self.act(self.resident(number), intake.withdraw, number, "已经好了"),
            ),
        }
        last, step = asides.get(state, (state, lambda: None))
        for name, make in steps.items():
            make()
            if name == last:
                break
        step()
        assert self.case(number).state == state
        return number

    def promised(self, days: int = 20) -> str:
        """The number of a matter whose lead department promised something within so many days, being tracked."""
        number = self.matter_in("assigned")
        day = self.today + timedelta(days=days)
        self.work(f"{number}.1", outcome="B", promised_on=day, measures="列入年度改造计划并组织施工")
        self.act("deputy", matters.judge, number, True, "")
        self.rate(number, HAPPY)
        assert self.case(number).state == "tracking"
        return number

    def lapse(self) -> int:
        """Run the job that makes the system's moves."""
        with transaction():
            return lapses.lapse(self.clock())

    def fall_due(self) -> int:
        """Run the job that turns clocks into notices."""
        with transaction():
            return reminders.fall_due(self.clock())

    @property
    def today(self) -> Any:
        """The day in Shanghai."""
        return local_day(self.clock())

    def case(self, number: str) -> Case:
        """The case as the database has it now."""
        found = select(Case).where(Case.number == number).execution_options(populate_existing=True)
        return session.scalars(found).one()

    def assignment(self, reference: str) -> Assignment:
        """The assignment as the database has it now."""
        number, _, position = reference.rpartition(".")
        found = select(Assignment).join(Case).where(Case.number == number, Assignment.position == int(position))
        return session.scalars(found.execution_options(populate_existing=True)).one()

    def events(self, number: str) -> list[Event]:
        """The history of a case in order."""
        found = select(Event).join(Case).where(Case.number == number).order_by(Event.seq)
        return list(session.scalars(found))

    def kinds(self, number: str) -> list[str]:
        """The kinds of a case's events in order."""
        return [event.kind for event in self.events(number)]

    def clocks(self, number: str, *, running: bool = True) -> list[Clock]:
        """The clocks of a case, or only those that were not stopped, in the order they were started."""
        found = select(Clock).join(Case, Case.id == Clock.case_id).where(Case.number == number).order_by(Clock.id)
        found = found.where(Clock.stopped_at.is_(None)) if running else found
        return list(session.scalars(found.execution_options(populate_existing=True)))

    def notices(self, number: str, *, channel: str = "inbox", topic: str | None = None) -> list[Notice]:
        """The notices of a case in the order they were put."""
        found = select(Notice).join(Case, Case.id == Notice.case_id).where(Case.number == number)
        found = found.where(Notice.channel == channel).order_by(Notice.created_at, Notice.id)
        found = found.where(Notice.topic == topic) if topic else found
        return list(session.scalars(found.execution_options(populate_existing=True)))

    def told(self, number: str, topic: str) -> set[str]:
        """Who was told of a topic: usernames, and "resident" with the number when it is another matter's."""
        names = {account.id: username for username, account in self.town.accounts.items()}
        own = self.case(number).id
        return {
            names.get(notice.recipient_id)
            or ("resident" if notice.recipient_id == own else f"resident {self._number(notice.recipient_id)}")
            for notice in self.notices(number, topic=topic)
        }

    def _number(self, case_id: Any) -> str:
        return session.scalars(select(Case.number).where(Case.id == case_id)).one()


def links(number: str, events: list[Event]) -> list[chain.Link]:
    """A case's events as the chain's rules take them."""
    return [
        chain.Link(number, each.seq, each.at, each.kind, each.by_role, each.body_digest, each.prev_hash, each.hash)
        for each in events
    ]
