"""What office and deputy do with a matter: screen, refuse, merge, claim, answer, hand over, judge, look back."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select

from liaison.db import session
from liaison.domain.actors import OFFICE_ROLES, SYSTEM, Actor
from liaison.domain.conflict import Source
from liaison.domain.errors import Invalid, NotAllowed, NotFound
from liaison.domain.outcomes import guard_reply
from liaison.models.assignments import Reply
from liaison.models.base import new_id
from liaison.models.cases import Case
from liaison.models.matters import Matter
from liaison.models.people import Account
from liaison.services import assignments, cases, intake, replies, stations
from liaison.services.announcements import announce
from liaison.services.parties import barred, concerned, parties_of, put

CHANNELS = ("litigation", "arbitration", "reconsideration", "discipline", "emergency", "petition", "other")


def accept(actor: Actor, number: str, *, now: datetime) -> Case:
    """Let a screened matter through to its deputy, or to dispatch when it has none."""
    case = cases.lock_case(actor, number)
    intake.let_through(case, actor, now)
    return case


def refuse(actor: Actor, number: str, reason: str, channel: str, *, now: datetime) -> Case:
    """Do not accept a matter: names the reason and the right channel, both shown to the resident."""
    return _turn_away(actor, number, "refuse", reason, channel, now)


def redirect(actor: Actor, number: str, channel: str, reason: str = "", *, now: datetime) -> Case:
    """Point a matter to the channel the law provides for it."""
    return _turn_away(actor, number, "redirect", reason, channel, now)


def restore(actor: Actor, number: str, reason: str, *, now: datetime) -> Case:
    """Undo a wrong merge, refusal or redirection: the matter is screened again."""
    case = cases.lock_case(actor, number)
    event = cases.move(case, "restore", actor, now, text=reason)
    case.merged_into_id = None
    session.get_one(Matter, case.id).channel = None
    announce(case, event, now)
    return case


def merge(actor: Actor, number: str, into: str, *, now: datetime) -> Case:
    """Join a matter to another about the same event; its resident gets the lead matter's replies.

    Raises Invalid when `into` is the matter itself, is merged away, or is out of reach.
    """
    case, lead = _lock_both(actor, number, into)
    if case is lead or lead.state in ("merged", "withdrawn", "not_accepted", "redirected"):
        raise Invalid({"into": ["不能并入这件事项，请选择一件正在办理的同一事项。"]})
    _refuse_conflicting(case, lead)
    event = cases.move(case, "merge", actor, now, data={"into": lead.number})
    _join(case, lead, actor, now)
    cases.record(lead, "merged_here", actor, now, data={"from": case.number}, internal=True)
    announce(case, event, now)
    return case


def merge_all(actor: Actor, numbers: Sequence[str], into: str, *, now: datetime) -> Case:
    """Join several matters to one at once, or none of them; returns the lead.

    Raises Invalid for `cases`, naming the matter that cannot be joined and why.
    """
    others = sorted(set(numbers) - {into})
    if not others:
        raise Invalid({"cases": ["请至少选择一件要并入的事项。"]})
    for each in sorted({*others, into}):
        cases.lock_case(actor, each)  # all of them in one order, so that two such merges cannot wait for each other
    for each in others:
        try:
            merge(actor, each, into, now=now)
        except Invalid as error:
            raise Invalid({"cases": [f"{each}：{words}" for said in error.errors.values() for words in said]}) from None
    return cases.lock_case(actor, into)


def ask(actor: Actor, number: str, question: str, *, now: datetime) -> Case:
    """Ask the resident for what is missing; the clock of the case stands still meanwhile."""
    case = cases.lock_case(actor, number)
    announce(case, cases.move(case, "ask", actor, now, text=question), now)
    return case


def claim(actor: Actor, number: str, *, now: datetime) -> Case:
    """Take a matter up as its deputy; told to the resident once."""
    case = cases.lock_case(actor, number)
    event = cases.move(case, "claim", actor, now)
    matter = session.get_one(Matter, case.id)
    matter.claimed_at = matter.claimed_at or now
    announce(case, event, now)
    return case


def pass_on(actor: Actor, number: str, deputy_code: str, reason: str, *, now: datetime) -> Case:
    """Pass a matter to another deputy, who must be able to sign in; the reason is kept in its history."""
    case = cases.lock_case(actor, number)
    deputy = stations.find_deputy(deputy_code)
    able = deputy and session.scalar(select(Account.id).where(Account.deputy_id == deputy.id, Account.active))
    if not able or deputy.id == case.deputy_id or concerned(parties_of(case.id), {deputy.id}):
        raise Invalid({"deputy": ["请选择另一位已开通账号的代表。"]})
    event = cases.move(case, "pass", actor, now, text=reason, data={"deputy": deputy.name})
    case.deputy_id = deputy.id
    session.get_one(Matter, case.id).claimed_at = None
    announce(case, event, now)
    return case


def answer(actor: Actor, number: str, text: str, outcome: str, *, today: date, now: datetime) -> Case:
    """Answer a matter as its deputy; the resident is asked for a rating. Raises Invalid for an empty answer."""
    case = cases.lock_case(actor, number)
    id_ = new_id()
    facts = {"outcome": outcome, "reply": replies.said(id_, replies.Answer(text, outcome, "", ""))}
    event = cases.move(case, "answer", actor, now, text=text, data=facts)
    told = {"measures": "", "owner": "", "promised_on": None, "evidence": False}
    guard_reply(text, outcome, today=today, by_deputy=True, **told, **replies.asked_of(case.region_path))
    session.add(
        Reply(
            id=id_,
            case_id=case.id,
            round=case.round,
            by_role=actor.role,
            by_id=actor.account_id,
            by_name=actor.name,
            text=text,
            outcome=outcome,
            at=now,
            approved_at=now,
        )
    )
    announce(case, event, now)
    return case


def hand_over(actor: Actor, number: str, advice: str, departments: Sequence[str], *, now: datetime) -> Case:
    """Hand a verified matter over to the office, with advice and the departments the deputy thinks right (上交)."""
    case = cases.lock_case(actor, number)
    names = [assignments.get_department(code).name for code in departments]
    event = cases.move(
        case, "hand_over", actor, now, text=advice, data={"departments": names, "codes": list(departments)}
    )
    announce(case, event, now)
    return case


def send_back(actor: Actor, number: str, reason: str, *, now: datetime) -> Case:
    """Send a handed-over matter back to its deputy with a reason."""
    case = cases.lock_case(actor, number)
    if case.deputy_id is None:
        raise Invalid({"reason": ["这件事项没有责任代表，请直接交办。"]})
    announce(case, cases.move(case, "send_back", actor, now, text=reason), now)
    return case


def judge(actor: Actor, number: str, accepted: bool, text: str, *, now: datetime) -> Case:
    """Say whether the departments' answer will do, before the resident is asked for a rating.

    The office judges only where there is no deputy. A rejection needs `text` and sends the work back.
    """
    case = cases.lock_case(actor, number)
    if actor.role in OFFICE_ROLES and case.deputy_id is not None:
        raise NotAllowed("请由责任代表审看答复。")
    if not accepted and not text:
        raise Invalid({"text": ["请说明答复哪里不够，部门好据此补办。"]})
    event = cases.move(case, "accept_answer" if accepted else "reject_answer", actor, now, text=text)
    if not accepted:
        replies.resume(case, actor, now)
        assignments.recall(case, parties_of(case.id).departments, SYSTEM, now)
    announce(case, event, now)
    return case


def look_back(actor: Actor, number: str, done: bool, text: str, *, now: datetime) -> Case:
    """Look back (回头看) at a closed matter: what was found stands in its history; undone opens it again."""
    case = cases.lock_case(actor, number)
    event = cases.move(case, "look_back", actor, now, text=text, data={"done": done})
    if not done:
        event = cases.move(case, "reopen", actor, now, text=text)
    announce(case, event, now)
    return case


def break_promise(actor: Actor, number: str, text: str, *, now: datetime) -> Case:
    """Open a matter again whose promise was not kept."""
    case = cases.lock_case(actor, number)
    announce(case, cases.move(case, "break_promise", actor, now, text=text), now)
    return case


def _lock_both(actor: Actor, number: str, into: str) -> tuple[Case, Case]:
    """Both matters, locked in one order, so that two merges cannot wait for each other."""
    locked = {}
    for each in sorted({number, into}):
        try:
            locked[each] = cases.lock_case(actor, each)
        except NotFound:
            if each == number:
                raise
            raise Invalid({"into": ["没有找到这件事项，请核对编号。"]}) from None
    return locked[number], locked[into]


def _refuse_conflicting(case: Case, lead: Case) -> None:
    """Raise Invalid when the lead is in the hands of whom the matter to be merged is about."""
    about = parties_of(case.id)
    at_work = {each.department_id for each in assignments.in_round(lead) if each.state not in ("returned", "recalled")}
    if at_work & about.departments or (lead.deputy_id and concerned(about, {lead.deputy_id})):
        raise Invalid({"into": ["那件事项正由本件反映的单位或代表办理，不能并入；请单独办理。"]})


def _join(case: Case, lead: Case, actor: Actor, now: datetime) -> None:
    """Point a merged matter to its lead, and with it those merged into it before."""
    followers = session.scalars(select(Case).where(Case.merged_into_id == case.id).order_by(Case.number))
    for follower in followers.all():
        cases.record(cases.lock_by_id(follower.id), "merge", actor, now, data={"into": lead.number})
        follower.merged_into_id = lead.id
    case.merged_into_id = lead.id
    lead.has_merged = True
    if about := [each.party for each in barred(case) if each.row.lifted_at is None]:
        put(lead, about, Source.OFFICE, actor, now, kind="bar", reason=f"并入的 {case.number} 反映了这些单位或个人。")


def _turn_away(actor: Actor, number: str, code: str, reason: str, channel: str, now: datetime) -> Case:
    if channel not in CHANNELS:
        raise Invalid({"channel": ["请选择应当走的渠道。"]})
    case = cases.lock_case(actor, number)
    event = cases.move(case, code, actor, now, text=reason, data={"channel": channel})
    session.get_one(Matter, case.id).channel = channel
    announce(case, event, now)
    return case
