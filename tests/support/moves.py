"""Everything anybody can try with a matter, as data for the state machine: by name, who usually does it, and how."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

from liaison.domain.actors import Actor
from liaison.domain.calendar import local_day
from liaison.services import assignments, extensions, intake, matters, ratings, replies, reveals
from liaison.services.replies import Answer
from tests.support.life import HAPPY, KEPT, SAID, UNHAPPY


class Try(NamedTuple):
    """What a move is tried on: the matter, another one, a position among its assignments, and the time."""

    number: str
    other: str
    position: int
    now: Any

    @property
    def reference(self) -> str:
        """The assignment at that position."""
        return f"{self.number}.{self.position}"

    @property
    def today(self) -> Any:
        """The day in Shanghai."""
        return local_day(self.now)


class Move(NamedTuple):
    """A move by its name: `usual` are usernames who normally make it, "resident" being the matter's own."""

    usual: tuple[str, ...]
    call: Callable[[Actor, Try], Any]


def _on_matter(service: Callable[..., Any], *arguments: Any) -> Callable[[Actor, Try], Any]:
    return lambda actor, at: service(actor, at.number, *arguments, now=at.now)


def _on_assignment(service: Callable[..., Any], *arguments: Any) -> Callable[[Actor, Try], Any]:
    return lambda actor, at: service(actor, at.reference, *arguments, now=at.now)


def _decided(service: Callable[..., Any], *arguments: Any) -> Callable[[Actor, Try], Any]:
    return lambda actor, at: service(actor, at.number, at.reference, *arguments, now=at.now)


def _answer(service: Callable[..., Any], days: int | None, actor: Actor, at: Try) -> Any:
    promise = {"outcome": "B", "promised_on": at.today + timedelta(days=days)} if days else {}
    return service(actor, at.reference, Answer(**KEPT | promise), today=at.today, now=at.now)


def _dispatch(named: dict[str, Any], actor: Actor, at: Try) -> Any:
    return assignments.dispatch(actor, at.number, now=at.now, **{"lead": None, "complexity": "ordinary"} | named)


OFFICE, DEPUTY, RESIDENT = ("office", "office_lead"), ("deputy", "other_deputy"), ("resident",)
HANDLERS = ("housing_handler", "water_handler", "traffic_handler")
APPROVERS = ("housing_approver", "water_approver", "traffic_approver")

MOVES = {
    "accept": Move(OFFICE, _on_matter(matters.accept)),
    "refuse": Move(OFFICE + DEPUTY, _on_matter(matters.refuse, "不属实", "other")),
    "redirect": Move(OFFICE + DEPUTY, _on_matter(matters.redirect, "litigation")),
    "restore": Move(OFFICE, _on_matter(matters.restore, "应当受理")),
    "merge": Move(OFFICE, lambda actor, at: matters.merge(actor, at.number, at.other, now=at.now)),
    "ask": Move(OFFICE + DEPUTY, _on_matter(matters.ask, "请问是哪几盏？")),
    "add": Move(RESIDENT, _on_matter(intake.add, "北街第三盏。", [])),
    "withdraw": Move(RESIDENT, _on_matter(intake.withdraw, "已经好了")),
    "claim": Move(DEPUTY, _on_matter(matters.claim)),
    "pass": Move(DEPUTY, _on_matter(matters.pass_on, "D004", "不在我的选区")),
    "pass back": Move(DEPUTY, _on_matter(matters.pass_on, "D003", "退回")),
    "answer": Move(DEPUTY, lambda actor, at: matters.answer(actor, at.number, SAID, "A", today=at.today, now=at.now)),
    "hand over": Move(DEPUTY, _on_matter(matters.hand_over, "情况属实", ["housing"])),
    "send back": Move(OFFICE, _on_matter(matters.send_back, "请先核实")),
    "dispatch": Move(OFFICE, partial(_dispatch, {"lead": "housing"})),
    "dispatch jointly": Move(OFFICE, partial(_dispatch, {"lead": "water", "assisting": ["housing", "traffic"]})),
    "dispatch separately": Move(OFFICE, partial(_dispatch, {"separate": ["traffic", "water"]})),
    "dispatch at once": Move(OFFICE, partial(_dispatch, {"lead": "traffic", "complexity": "urgent"})),
    "acknowledge": Move(HANDLERS, _on_assignment(assignments.acknowledge)),
    "request return": Move(HANDLERS, _on_assignment(assignments.request_return, "不属于我局职责", "water")),
    "grant return": Move(OFFICE, _decided(assignments.decide_return, True, "")),
    "decline return": Move(OFFICE, _decided(assignments.decide_return, False, "职责清单")),
    "request extension": Move(HANDLERS, _on_assignment(extensions.request_extension, 3, "等待到货")),
    "grant extension": Move(OFFICE, _decided(extensions.decide_extension, True, "")),
    "decline extension": Move(OFFICE, _decided(extensions.decide_extension, False, "")),
    "reply": Move(HANDLERS, partial(_answer, replies.reply, None)),
    "promise": Move(HANDLERS, partial(_answer, replies.reply, 20)),
    "sign": Move(APPROVERS, _on_assignment(replies.decide_reply, True, "")),
    "give back": Move(APPROVERS, _on_assignment(replies.decide_reply, False, "请补充时间")),
    "let pass": Move(DEPUTY, _on_matter(matters.judge, True, "")),
    "reject": Move(DEPUTY, _on_matter(matters.judge, False, "没有说明时间")),
    "rate happily": Move(RESIDENT, _on_matter(ratings.rate, HAPPY)),
    "rate unhappily": Move(RESIDENT, _on_matter(ratings.rate, UNHAPPY)),
    "keep promise": Move(HANDLERS, partial(_answer, replies.keep_promise, None)),
    "promise again": Move(HANDLERS, partial(_answer, replies.keep_promise, 30)),
    "break promise": Move(OFFICE, _on_matter(matters.break_promise, "到期未动工")),
    "look back": Move(OFFICE, _on_matter(matters.look_back, True, "灯亮着")),
    "look back in vain": Move(OFFICE, _on_matter(matters.look_back, False, "又坏了")),
    "ask again": Move(RESIDENT, _on_matter(ratings.ask_again, "又不亮了")),
    "ask reveal": Move(OFFICE, _on_matter(reveals.ask_reveal, "需要核实")),
}
STAY = {"claim", "add", "ask reveal", "look back", "request extension"}
"""Moves that two may make one after the other."""
