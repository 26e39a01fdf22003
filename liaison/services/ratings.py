"""The resident's rating in three parts, what follows from it, and asking again after the case was closed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from liaison.db import session
from liaison.domain.actors import SYSTEM, Actor
from liaison.domain.calendar import local_day
from liaison.domain.clocks import Term
from liaison.domain.errors import Invalid, WrongState
from liaison.domain.outcomes import Outcome, Result, check_rating
from liaison.models.assignments import Reply
from liaison.models.base import new_id
from liaison.models.cases import Case, Rating
from liaison.services import cases, clocks
from liaison.services.announcements import announce


@dataclass(frozen=True)
class Opinion:
    """What the resident says: the result, attitude and speed from 1 to 5, and words."""

    result: str
    attitude: int
    speed: int
    text: str = ""


def rate(actor: Actor, number: str, opinion: Opinion, *, now: datetime) -> Case:
    """Take the rating of this round: content closes the matter or tracks a promise, discontent opens it again.

    The second discontented rating puts the case under supervision (督办). Raises Invalid for one that is not whole.
    """
    check_rating(opinion.result, opinion.attitude, opinion.speed, opinion.text)
    case = cases.lock_case(actor, number)
    move, term = _consequence(case, opinion, now)
    id_ = new_id()
    facts = _facts(opinion) | {"rating": str(id_)}
    event = cases.move(case, move, actor, now, text=opinion.text, data=facts, term=term)
    session.add(
        Rating(
            id=id_,
            case_id=case.id,
            round=case.round,
            result=opinion.result,
            attitude=opinion.attitude,
            speed=opinion.speed,
            text=opinion.text,
            at=now,
        )
    )
    if move == "discontent" and _discontents(case) >= 2:
        supervise(case, now)
    announce(case, event, now)
    return case


def ask_again(actor: Actor, number: str, reason: str, *, now: datetime) -> Case:
    """Open a closed matter again at the resident's word, within the term for it. Raises WrongState after that."""
    if not reason:
        raise Invalid({"text": ["请说说哪里还没有办好。"]})
    case = cases.lock_case(actor, number)
    term = clocks.term_for(case, "reopening")
    if case.closed_at and clocks.passed(case.closed_at, term.amount, now):
        raise WrongState(
            f"销号已超过 {term.amount} 个工作日，请扫码提交一件新的事项。", state=case.state, waiting_for=None
        )
    announce(case, cases.move(case, "reopen", actor, now, text=reason), now)
    return case


def supervise(case: Case, now: datetime, facts: Mapping[str, object] | None = None) -> bool:
    """Put a case under the office's supervision (督办), once; `facts` go into the event. False when it was before."""
    if case.supervised_at is not None:
        return False
    case.supervised_at = now
    cases.record(case, "supervise", SYSTEM, now, data=facts)
    return True


def _discontents(case: Case) -> int:
    """How many ratings of the case said so; rounds also begin anew for other reasons, such as a broken promise."""
    told = select(func.count()).where(Rating.case_id == case.id, Rating.result == Result.DISSATISFIED)
    return session.scalar(told)


def _consequence(case: Case, opinion: Opinion, now: datetime) -> tuple[str, Term | None]:
    if opinion.result == Result.DISSATISFIED:
        return "discontent", None
    promised = session.scalar(
        select(Reply)
        .where(Reply.case_id == case.id, Reply.round == case.round, Reply.approved_at.is_not(None))
        .order_by(Reply.approved_at.desc(), Reply.id.desc())
        .limit(1)
    )
    if promised and promised.outcome == Outcome.B and promised.promised_on and promised.promised_on > local_day(now):
        return "await_promise", clocks.term_until(promised.promised_on, now)
    return "content", None


def _facts(opinion: Opinion) -> dict:
    return {"result": opinion.result, "attitude": opinion.attitude, "speed": opinion.speed}
