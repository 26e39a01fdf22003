"""Learning who the resident is: a reason, a second person, a quarter of an hour, and the resident sees it."""

from datetime import datetime, timedelta

from sqlalchemy import func, select

from liaison.db import session
from liaison.domain import numbers
from liaison.domain.actors import Actor, Role
from liaison.domain.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound
from liaison.domain.policy import require
from liaison.models.cases import Case
from liaison.models.matters import Reveal
from liaison.services import audit, cases, vault
from liaison.services.parties import may_learn_identity
from liaison.services.sealing import Keys
from liaison.services.trunks import Trunk
from liaison.services.vault import Contact

OPEN_FOR = timedelta(minutes=15)
MIN_REASON = 10
"""Fewer characters than this say nothing a second person could judge, or the resident could understand."""

ACTIONS = frozenset({"office.reveal", "office.reveal_decision", "office.reveal_end"})
"""The policy's actions whose refusals are written down, see `note_refusal`."""


class OwnRequest(NotAllowed):
    """Somebody wants to be the second person for the own request."""

    detail = "申请人不能审批自己的申请，请由另一位负责人审批。"


class Decided(Conflict):
    """The request was decided before."""

    detail = "这个申请已经有人处理过了。"


class Expired(Conflict):
    """What was granted is over."""

    detail = "这次查看已经结束；如仍需要，请重新申请。"


HOW = ((OwnRequest, "own"), (Decided, "decided"), (Expired, "expired"), (NotAllowed, "role"), (NotFound, "elsewhere"))
"""In which way a refusal was an attempt to get around the second person; other refusals were none."""


def ask_reveal(actor: Actor, number: str, reason: str, *, now: datetime) -> Reveal:
    """Ask to learn who the resident is; recorded in the case at once, visible to the resident."""
    require(actor.role, "office.reveal")
    case = cases.lock_case(actor, number)
    count = session.scalar(select(func.count()).select_from(Reveal).where(Reveal.case_id == case.id))
    asked = Reveal(case_id=case.id, position=count + 1, reason=reason, asked_by_id=actor.account_id, asked_at=now)
    session.add(asked)
    cases.record(case, "ask_reveal", actor, now, text=reason, data={"position": asked.position})
    _note(actor, "reveal.ask", case, asked, now)
    return asked


def decide_reveal(actor: Actor, number: str, position: int, approve: bool, text: str, *, now: datetime) -> Reveal:
    """Grant or decline a reveal. Raises OwnRequest to the one who asked, Decided or Expired when it was decided."""
    require(actor.role, "office.reveal_decision")
    case, asked = _get(actor, number, position)
    if asked.asked_by_id == actor.account_id:
        raise OwnRequest()
    if asked.decided_at is not None:
        raise Expired() if asked.granted and asked.expires_at <= now else Decided()
    asked.granted, asked.decided_by_id, asked.decided_at = approve, actor.account_id, now
    asked.expires_at = now + OPEN_FOR if approve else None
    kind = "grant_reveal" if approve else "decline_reveal"
    cases.record(case, kind, actor, now, text=text, data={"position": position})
    _note(actor, "reveal.grant" if approve else "reveal.decline", case, asked, now)
    return asked


def end_reveal(actor: Actor, number: str, position: int, *, now: datetime) -> Reveal:
    """End what is open before its time, as the one who asked or as a lead. Raises Expired when nothing is open."""
    require(actor.role, "office.reveal_end")
    case, asked = _get(actor, number, position)
    if actor.role is not Role.OFFICE_LEAD and asked.asked_by_id != actor.account_id:
        raise NotAllowed("只有申请人和负责人可以提前结束。")
    if not is_open(asked, now):
        raise Expired()
    asked.expires_at = now
    cases.record(case, "end_reveal", actor, now, data={"position": position})
    _note(actor, "reveal.end", case, asked, now)
    return asked


def is_open(asked: Reveal, now: datetime) -> bool:
    """Whether the one who asked sees the contact now."""
    return bool(asked.granted) and asked.expires_at > now


def note_refusal(actor: Actor, number: str, error: DomainError, now: datetime) -> None:
    """Write down that somebody was refused who tried to get around the second person.

    In a transaction of its own, since the refused one was undone with everything in it. A number that is none of
    ours is left out: who typed it may have typed anything.
    """
    how = next((code for kind, code in HOW if isinstance(error, kind)), None)
    if how is None:
        return
    about, region_path = number if _is_number(number) else "", actor.region_path
    audit.note(actor, "reveal.bypass", now, about=about, region_path=region_path, data={"how": how})


def find_visible_contact(actor: Actor, trunk: Trunk, keys: Keys, now: datetime) -> Contact | None:
    """The resident's contact, when the resident agreed to share it or a reveal to this very person is open.

    Never to whom the matter was ever about, whatever the resident agreed to.
    """
    case = trunk.case
    agreed = trunk.matter.share_identity or (trunk.reveals and _is_open(actor, case, now))
    return vault.find_contact(case.id, keys) if agreed and may_learn_identity(actor, case) else None


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


def _get(actor: Actor, number: str, position: int) -> tuple[Case, Reveal]:
    case = cases.lock_case(actor, number)
    asked = session.scalar(select(Reveal).where(Reveal.case_id == case.id, Reveal.position == position))
    if asked is None:
        raise NotFound()
    return case, asked


def _note(actor: Actor, act: str, case: Case, asked: Reveal, now: datetime) -> None:
    audit.note(actor, act, now, about=case.number, region_path=case.region_path, data={"position": asked.position})


def _is_number(text: str) -> bool:
    try:
        return numbers.check_number(text) == text
    except Invalid:
        return False
