"""A visitor's own matters: which they are stands in the vault, so that nothing else can tell that two are one person's.

So a list is read in two steps, the ids there and the cases here, behind the wall by those ids alone.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, case, delete, func, literal, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from liaison import wall
from liaison.db import session, told
from liaison.domain.workflow import MATTER
from liaison.models.cases import Case
from liaison.models.clocks import Clock
from liaison.models.vault import OwnMatter
from liaison.services import vault, visitors
from liaison.services.channels import CHANNELS, TEMPLATE
from liaison.services.figures import light, running
from liaison.services.sealing import Keys

MOST = 500
"""The newest matters of a visitor that a list is made of: more than anybody tells in a lifetime, and one array."""

_APART = {"synchronize_session": False}


@dataclass(frozen=True)
class Own:
    """One line of the list: where the matter stands, whom it waits for, until when and how urgent that is."""

    id: UUID
    number: str
    title: str
    state: str
    created_at: datetime
    waiting_for: str | None
    due_at: datetime | None
    light: str


def bind(visitor_id: UUID, case_id: UUID, now: datetime) -> None:
    """Put a matter into a visitor's list; the caller has seen that it is theirs."""
    row = insert(OwnMatter).values(visitor_id=visitor_id, case_id=case_id, added_at=now)
    with wall.in_vault():
        session.execute(row.on_conflict_do_nothing())


def unbind(visitor_id: UUID, number: str, keys: Keys) -> None:
    """Take a matter out of a visitor's list, and send nothing more of it to their WeChat; another's stays untouched."""
    of = find(visitor_id, number)
    if of is None:
        return
    wall.pass_through()
    mine = (OwnMatter.visitor_id == visitor_id, OwnMatter.case_id == of.id)
    with wall.in_vault():
        session.execute(delete(OwnMatter).where(*mine), execution_options=_APART)
    if vault.find_addresses([of.id], keys).get((of.id, TEMPLATE)) == visitors.openid_of(visitor_id, keys):
        vault.drop_address(of.id, TEMPLATE)
        of.channels = [channel for channel in of.channels if channel != TEMPLATE]


def drop(case_id: UUID) -> None:
    """Forget whose a matter is; for erasing."""
    gone = delete(OwnMatter).where(OwnMatter.case_id == case_id).returning(OwnMatter.visitor_id)
    with wall.in_vault():
        whose = set(session.scalars(gone, execution_options=_APART))
    visitors.forget_unused(whose)


def find(visitor_id: UUID, number: str) -> Case | None:
    """The matter of that number, if it is this visitor's."""
    with wall.behind():
        found = session.scalar(select(Case).where(Case.number == number))
    return found if found and visitor_id in _owners(found.id) else None


def tell_owner(of: Case, keys: Keys, now: datetime) -> bool:
    """Have whoever told the matter reached by WeChat; False when nobody is known or there is no such channel."""
    owners = _owners(of.id)
    if not owners or TEMPLATE not in told(CHANNELS):
        return False
    vault.keep_address(of.id, TEMPLATE, visitors.openid_of(owners[0], keys), keys, now)
    of.channels = [TEMPLATE, *(channel for channel in of.channels if channel != TEMPLATE)]
    return True


def mine(visitor_id: UUID, words: str, now: datetime, after: tuple[datetime, UUID] | None, limit: int) -> list[Own]:
    """One page of a visitor's matters, newest first, of those with these words if there are any."""
    ids = _cases(visitor_id)
    rows = (
        select(Case.id, Case.number, Case.title, Case.state, Case.created_at)
        .add_columns(case((running(), Clock.due_at)).label("due_at"), light(now).label("light"))
        .outerjoin(Clock, Clock.id == Case.clock_id)
        .where(Case.id == func.any(literal(ids, ARRAY(Uuid()))), *_matching(words))
        .order_by(Case.created_at.desc(), Case.id.desc())
        .limit(limit)
    )
    rows = rows.where(tuple_(Case.created_at, Case.id) < after) if after else rows
    with wall.behind():
        found = session.execute(rows).all()
    return [Own(waiting_for=MATTER.state(row.state).waits_for, **row._mapping) for row in found]


def numbers(visitor_id: UUID) -> set[str]:
    """The numbers of all of a visitor's matters."""
    ids = _cases(visitor_id)
    with wall.behind():
        return set(session.scalars(select(Case.number).where(Case.id == func.any(literal(ids, ARRAY(Uuid()))))))


def ids_of(visitor_id: UUID) -> Sequence[UUID]:
    """The ids of all of a visitor's matters, the newest first; for jobs."""
    return _cases(visitor_id)


def openids_of(case_ids: Collection[UUID], keys: Keys) -> dict[UUID, str]:
    """With which openid each of these matters was told, as far as WeChat said so; for asking WeChat about them."""
    rows = select(OwnMatter.case_id, OwnMatter.visitor_id).where(OwnMatter.case_id.in_(case_ids))
    with wall.in_vault():
        owners = dict(session.execute(rows.order_by(OwnMatter.added_at.desc())).all())
    return {case_id: visitors.openid_of(owner, keys) for case_id, owner in owners.items()}


def _matching(words: str) -> list[ColumnElement[bool]]:
    if not words:
        return []
    return [or_(Case.number == words.upper(), Case.text.contains(words, autoescape=True))]


def _cases(visitor_id: UUID) -> Sequence[UUID]:
    rows = select(OwnMatter.case_id).where(OwnMatter.visitor_id == visitor_id)
    with wall.in_vault():
        return session.scalars(rows.order_by(OwnMatter.case_id.desc()).limit(MOST)).all()


def _owners(case_id: UUID) -> Sequence[UUID]:
    """Whose the matter is, the first first."""
    rows = select(OwnMatter.visitor_id).where(OwnMatter.case_id == case_id)
    with wall.in_vault():
        return session.scalars(rows.order_by(OwnMatter.added_at)).all()
