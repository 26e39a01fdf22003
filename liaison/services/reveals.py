"""Learning who the resident is: a reason, a second person, a quarter of an hour, and the resident sees it."""

from datetime import datetime, timedelta

from sqlalchemy import func, select

from liaison.db import session
from liaison.domain.actors import Actor
from liaison.domain.errors import Conflict, NotAllowed, NotFound
from liaison.domain.policy import require
from liaison.models.cases import Case
from liaison.models.matters import Matter, Reveal
from liaison.services import cases, vault
from liaison.services.sealing import Keys
from liaison.services.vault import Contact

OPEN_FOR = timedelta(minutes=15)


def ask_reveal(actor: Actor, number: str, reason: str, *, now: datetime) -> Reveal:
    """Ask to learn who the resident is; recorded in the case at once, visible to the resident."""
    require(actor.role, "office.reveal")
    case = cases.lock_case(actor, number)
    count = session.scalar(select(func.count()).select_from(Reveal).where(Reveal.case_id == case.id))
    asked = Reveal(case_id=case.id, position=count + 1, reason=reason, asked_by_id=actor.account_id, asked_at=now)
    session.add(asked)
    cases.record(case, "ask_reveal", actor, now, text=reason, data={"position": asked.position})
    return asked


def decide_reveal(actor: Actor, number: str, position: int, approve: bool, text: str, *, now: datetime) -> Reveal:
    """Grant or decline a reveal. Raises NotAllowed to the one who asked, Conflict when it is decided already."""
    require(actor.role, "office.reveal_decision")
    case = cases.lock_case(actor, number)
    asked = session.scalar(select(Reveal).where(Reveal.case_id == case.id, Reveal.position == position))
    if asked is None:
        raise NotFound()
    if asked.asked_by_id == actor.account_id:
        raise NotAllowed("申请人不能审批自己的申请，请由另一位负责人审批。")
    if asked.decided_at is not None:
        raise Conflict("这个申请已经有人处理过了。")
    asked.granted, asked.decided_by_id, asked.decided_at = approve, actor.account_id, now
    asked.expires_at = now + OPEN_FOR if approve else None
    kind = "grant_reveal" if approve else "decline_reveal"
    cases.record(case, kind, actor, now, text=text, data={"position": position})
    return asked


def find_visible_contact(actor: Actor, case: Case, matter: Matter, keys: Keys, now: datetime) -> Contact | None:
    """The resident's contact, when the resident agreed to share it or a reveal to this very person is open."""
    if matter.share_identity or _is_open(actor, case, now):
        return vault.find_contact(case.id, keys)
    return None


def _is_open(actor: Actor, case: Case, now: datetime) -> bool:
    return actor.account_id is not None and bool(
        session.scalar(
            select(Reveal.id).where(
                Reveal.case_id == case.id,
                Reveal.asked_by_id == actor.account_id,
                Reveal.granted,
                Reveal.expires_at > now,
            )
        )
    )
