"""Every move as a form: its action in the policy, what it takes, and the one use case it calls.

The JSON API makes a route of each; the console shows those whose workflow move is open to the viewer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from liaison.domain.actors import Actor
from liaison.domain.calendar import local_day
from liaison.services import assignments, conflicts, extensions, holds, matters, publication, replies, reveals, rights
from liaison.services.photos import Kept
from liaison.web import schemas
from liaison.web.fields import Input
from liaison.web.wiring import wiring

Body = dict[str, Any]
Run = Callable[[Actor, str, Body, datetime], Any]


@dataclass(frozen=True)
class Form:
    """One move: `name` in paths, `move` in the workflow's table, `takes_files` for evidence.

    `leaves` marks a move after which its maker no longer sees the case.
    """

    name: str
    action: str
    move: str
    schema: type[Input]
    run: Run
    takes_files: bool = False
    leaves: bool = False


def _answer(body: Body) -> replies.Answer:
    files: Sequence[Kept] = body.get("files", ())
    return replies.Answer(body["text"], body["outcome"], body["measures"], body["owner"], body["promised_on"], files)


OFFICE_FORMS = (
    Form("accept", "office.accept", "accept", schemas.Nothing, lambda a, n, b, t: matters.accept(a, n, now=t)),
    Form(
        "refusal",
        "office.refuse",
        "refuse",
        schemas.Refusal,
        lambda a, n, b, t: matters.refuse(a, n, b["reason"], b["channel"], now=t),
    ),
    Form(
        "redirect",
        "office.redirect",
        "redirect",
        schemas.Redirection,
        lambda a, n, b, t: matters.redirect(a, n, b["channel"], b["reason"], now=t),
    ),
    Form("merge", "office.merge", "merge", schemas.Merge, lambda a, n, b, t: matters.merge(a, n, b["into"], now=t)),
    Form("ask", "office.ask", "ask", schemas.Question, lambda a, n, b, t: matters.ask(a, n, b["question"], now=t)),
    Form(
        "restore",
        "office.restore",
        "restore",
        schemas.Reason,
        lambda a, n, b, t: matters.restore(a, n, b["reason"], now=t),
    ),
    Form(
        "dispatch",
        "office.dispatch",
        "dispatch",
        schemas.Dispatch,
        lambda a, n, b, t: assignments.dispatch(a, n, **b, now=t),
    ),
    Form(
        "send-back",
        "office.send_back",
        "send_back",
        schemas.Reason,
        lambda a, n, b, t: matters.send_back(a, n, b["reason"], now=t),
    ),
    Form(
        "extension-decision",
        "office.extension_decision",
        "decide_extension",
        schemas.AssignmentDecision,
        lambda a, n, b, t: extensions.decide_extension(a, n, b["assignment"], b["approve"], b["text"], now=t),
    ),
    Form(
        "return-decision",
        "office.return_decision",
        "approve_return",
        schemas.AssignmentDecision,
        lambda a, n, b, t: assignments.decide_return(a, n, b["assignment"], b["approve"], b["text"], now=t),
    ),
    Form(
        "reply-decision",
        "office.reply_decision",
        "approve",
        schemas.AssignmentDecision,
        lambda a, n, b, t: replies.decide_reply(a, b["assignment"], b["approve"], b["text"], number=n, now=t),
    ),
    Form(
        "verdict",
        "office.verdict",
        "accept_answer",
        schemas.Verdict,
        lambda a, n, b, t: matters.judge(a, n, b["accept"], b["text"], now=t),
    ),
    Form(
        "look-back",
        "office.look_back",
        "look_back",
        schemas.LookBack,
        lambda a, n, b, t: matters.look_back(a, n, b["done"], b["text"], now=t),
    ),
    Form(
        "broken-promise",
        "office.break_promise",
        "break_promise",
        schemas.Remark,
        lambda a, n, b, t: matters.break_promise(a, n, b["text"], now=t),
    ),
    Form(
        "reveal",
        "office.reveal",
        "",
        schemas.RevealReason,
        lambda a, n, b, t: reveals.ask_reveal(a, n, b["reason"], now=t),
    ),
    Form("bar", "office.bar", "", schemas.Bar, lambda a, n, b, t: conflicts.bar(a, n, **b, now=t)),
    Form("bar-lifting", "office.lift_bar", "", schemas.BarLifting, lambda a, n, b, t: conflicts.lift(a, n, **b, now=t)),
    Form(
        "publication",
        "office.publication",
        "",
        schemas.Publication,
        lambda a, n, b, t: publication.publish(a, n, **b, now=t),
    ),
    Form(
        "unpublication",
        "office.unpublish",
        "",
        schemas.Reason,
        lambda a, n, b, t: publication.take_down(a, n, b["reason"], now=t),
    ),
    Form(
        "erasure-decision",
        "office.erasure_decision",
        "",
        schemas.Decision,
        lambda a, n, b, t: rights.decide_erasure(a, n, b["approve"], b["text"], wiring().keys, now=t),
    ),
    Form(
        "hold", "office.hold", "", schemas.Holding, lambda a, n, b, t: holds.set_hold(a, n, b["on"], b["reason"], now=t)
    ),
)

DEPUTY_FORMS = (
    Form("claim", "deputy.claim", "claim", schemas.Nothing, lambda a, n, b, t: matters.claim(a, n, now=t)),
    Form(
        "reply",
        "deputy.answer",
        "answer",
        schemas.DeputyAnswer,
        lambda a, n, b, t: matters.answer(a, n, b["text"], b["outcome"], today=local_day(t), now=t),
    ),
    Form(
        "hand-over",
        "deputy.hand_over",
        "hand_over",
        schemas.HandOver,
        lambda a, n, b, t: matters.hand_over(a, n, b["advice"], b["departments"], now=t),
    ),
    Form(
        "pass",
        "deputy.pass",
        "pass",
        schemas.Passing,
        lambda a, n, b, t: matters.pass_on(a, n, b["deputy"], b["reason"], now=t),
        leaves=True,
    ),
    Form("ask", "deputy.ask", "ask", schemas.Question, lambda a, n, b, t: matters.ask(a, n, b["question"], now=t)),
    Form(
        "verdict",
        "deputy.verdict",
        "accept_answer",
        schemas.Verdict,
        lambda a, n, b, t: matters.judge(a, n, b["accept"], b["text"], now=t),
    ),
    Form(
        "refusal",
        "deputy.refuse",
        "refuse",
        schemas.Refusal,
        lambda a, n, b, t: matters.refuse(a, n, b["reason"], b["channel"], now=t),
    ),
    Form(
        "redirect",
        "deputy.redirect",
        "redirect",
        schemas.Redirection,
        lambda a, n, b, t: matters.redirect(a, n, b["channel"], b["reason"], now=t),
    ),
)

DEPARTMENT_FORMS = (
    Form(
        "acknowledge",
        "assignment.acknowledge",
        "acknowledge",
        schemas.Nothing,
        lambda a, r, b, t: assignments.acknowledge(a, r, now=t),
    ),
    Form(
        "reply",
        "assignment.reply",
        "reply",
        schemas.DepartmentAnswer,
        lambda a, r, b, t: replies.reply(a, r, _answer(b), today=local_day(t), now=t),
        takes_files=True,
    ),
    Form(
        "approval",
        "assignment.approval",
        "approve",
        schemas.Decision,
        lambda a, r, b, t: replies.decide_reply(a, r, b["approve"], b["text"], now=t),
    ),
    Form(
        "fulfilment",
        "assignment.fulfil",
        "keep_promise",
        schemas.DepartmentAnswer,
        lambda a, r, b, t: replies.keep_promise(a, r, _answer(b), today=local_day(t), now=t),
        takes_files=True,
    ),
    Form(
        "extension",
        "assignment.extension",
        "request_extension",
        schemas.ExtensionRequest,
        lambda a, r, b, t: extensions.request_extension(a, r, b["working_days"], b["reason"], now=t),
    ),
    Form(
        "return",
        "assignment.return",
        "request_return",
        schemas.ReturnRequest,
        lambda a, r, b, t: assignments.request_return(a, r, b["reason"], b["belongs_to"], now=t),
    ),
)
