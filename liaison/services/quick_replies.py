"""Texts that are written again and again: one's own and those of one's side, with places for what differs."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import joinedload

from liaison.db import session
from liaison.domain.actors import Actor, Role
from liaison.domain.errors import Invalid, NotAllowed, NotFound
from liaison.models.cases import Case
from liaison.models.desk import QuickReply
from liaison.services.reach import home_of, side_of
from liaison.services.stations import find_category

USES = ("answer", "question", "refusal")
"""The kinds of forms a text can be for."""

STATES = ("submitted", "with_deputy", "handed_over", "assigned", "tracking")
"""The states of a case whose forms take a text."""

PLACES = ("编号", "部门", "地点", "今天")
"""What may stand in braces and is filled in."""

MOST = 100  # a longer list nobody chooses from
LONGEST_NAME, LONGEST_TEXT = 30, 1000
_PLACE = re.compile("{(" + "|".join(PLACES) + ")}")


@dataclass(frozen=True)
class Wording:
    """A text as somebody writes it."""

    name: str
    text: str
    use: str
    category: str | None
    shared: bool
    state: str | None = None


def quick_replies_for(actor: Actor, use: str = "", case: Case | None = None) -> Sequence[QuickReply]:
    """What the actor may choose from, own ones first; with a case only those for the use that fit it."""
    rows = select(QuickReply).where(_theirs(actor), QuickReply.removed_at.is_(None))
    if case is not None:
        of_category = or_(QuickReply.category_id.is_(None), QuickReply.category_id == case.category_id)
        of_state = or_(QuickReply.state.is_(None), QuickReply.state == case.state)
        rows = rows.where(QuickReply.use == use, of_category, of_state)
    rows = rows.options(joinedload(QuickReply.category)).order_by(QuickReply.shared, QuickReply.name, QuickReply.id)
    return session.scalars(rows).all()


def get_quick_reply(actor: Actor, id_: UUID) -> QuickReply:
    """One that the actor may use, also a removed one. Raises NotFound."""
    rows = select(QuickReply).where(QuickReply.id == id_, _theirs(actor)).options(joinedload(QuickReply.category))
    found = session.scalar(rows)
    if found is None:
        raise NotFound("没有找到这个模板，它可能已经被删除。")
    return found


def may_change(actor: Actor, kept: QuickReply) -> bool:
    """Whether it is the actor's own, or shared and the actor signs for the side."""
    return kept.account_id == actor.account_id or (kept.shared and actor.role in (Role.APPROVER, Role.OFFICE_LEAD))


def save_quick_reply(actor: Actor, wording: Wording, id_: UUID | None, *, now: datetime) -> QuickReply:
    """Add one, or change the one of that id. Raises Invalid when there are too many, NotAllowed for another's."""
    if id_ is None and len(quick_replies_for(actor)) >= MOST:
        raise Invalid({"name": [f"最多 {MOST} 个模板，请先删除不用的。"]})
    kept = _own(actor, id_) if id_ else QuickReply(account_id=actor.account_id, side=side_of(actor))
    category = find_category(wording.category) if wording.category else None
    kept.region_path = kept.region_path or home_of(actor)
    kept.name, kept.text, kept.use, kept.shared = wording.name, wording.text, wording.use, wording.shared
    kept.category_id, kept.state = category.id if category else None, wording.state
    kept.saved_at = now
    session.add(kept)
    session.flush()
    return kept


def remove_quick_reply(actor: Actor, id_: UUID, *, now: datetime) -> QuickReply:
    """Take one away; `restore_quick_reply` brings it back."""
    kept = _own(actor, id_)
    kept.removed_at = now
    session.flush()
    return kept


def restore_quick_reply(actor: Actor, id_: UUID) -> QuickReply:
    """Bring a removed one back."""
    kept = _own(actor, id_)
    kept.removed_at = None
    session.flush()
    return kept


def filled(text: str, known: Mapping[str, str]) -> str:
    """The text with what is known in its places; where nothing is known the place stays, to be seen and filled."""
    return _PLACE.sub(lambda found: known.get(found[1]) or found[0], text)


def _own(actor: Actor, id_: UUID) -> QuickReply:
    kept = get_quick_reply(actor, id_)
    if not may_change(actor, kept):
        raise NotAllowed("共用的模板由写它的人或本单位负责人修改。")
    return kept


def _theirs(actor: Actor) -> ColumnElement[bool]:
    at_home = or_(QuickReply.side != "office", QuickReply.region_path == home_of(actor))
    shared = and_(QuickReply.shared, QuickReply.side == side_of(actor), at_home)
    return or_(QuickReply.account_id == actor.account_id, shared)
