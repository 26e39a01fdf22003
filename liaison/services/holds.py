"""Legal holds: while a matter may still be needed by a review, an audit or a court, nothing of it is deleted."""

from datetime import datetime

from liaison.db import session
from liaison.domain.actors import Actor
from liaison.domain.errors import Conflict, Invalid
from liaison.domain.policy import require
from liaison.models.rights import Hold
from liaison.services import audit, cases


def set_hold(actor: Actor, number: str, on: bool, reason: str, *, now: datetime) -> None:
    """Hold a matter, or let it go again, each with a reason; the history and the audit log keep both.

    Raises Invalid without a reason, Conflict when it stands so already.
    """
    require(actor.role, "office.hold")
    if not reason:
        raise Invalid({"reason": ["请写明理由。"]})
    case = cases.lock_case(actor, number)
    held = session.get(Hold, case.id)
    if on is (held is not None):
        raise Conflict("这件事项已经是这个状态了。")
    if on:
        session.add(Hold(case_id=case.id, reason=reason, by_id=actor.account_id, at=now))
    else:
        session.delete(held)
    cases.record(case, "hold" if on else "release_hold", actor, now, text=reason, internal=True)
    act = "data.hold" if on else "data.release"
    audit.note(actor, act, now, about=case.number, region_path=case.region_path)
