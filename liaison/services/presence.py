"""Who of one's own side has a case open just now, and whether something happened to it meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import exists, select

from liaison.db import session
from liaison.domain.actors import DEPARTMENT_ROLES, OFFICE_ROLES, Actor
from liaison.domain.errors import NotFound
from liaison.models.cases import Case, Event
from liaison.models.people import Account
from liaison.services.dossiers import CONFLICT_EVENTS, HIDDEN_FROM_DEPARTMENTS
from liaison.services.reach import cases_within, side_of


@dataclass(frozen=True)
class Room:
    """Where those of one side meet over one case, None for whom nobody meets; and whether others have acted since."""

    name: str | None
    has_moved: bool


def get_room(actor: Actor, number: str, seen: int) -> Room:
    """The room of a case within reach; it has moved when an event after `seen` is another's and the actor may read it.

    Raises NotFound.
    """
    case_id = session.scalar(select(Case.id).where(Case.number == number, cases_within(actor)))
    if case_id is None:
        raise NotFound()
    later = exists().where(
        Event.case_id == case_id,
        Event.seq > seen,
        Event.by_id.is_distinct_from(actor.account_id),
        Event.kind.not_in(_hidden_from(actor)),
    )
    return Room(room_of(actor, case_id), bool(seen and session.scalar(select(later))))


def room_of(actor: Actor, case_id: UUID) -> str | None:
    """The name of the room of one's own side."""
    side = side_of(actor)
    return f"{case_id} {side}" if side else None


def names_of(accounts: Sequence[UUID]) -> list[str]:
    """The names of those accounts that there are, in order."""
    if not accounts:
        return []
    return list(session.scalars(select(Account.name).where(Account.id.in_(accounts)).order_by(Account.name)))


def _hidden_from(actor: Actor) -> frozenset[str]:
    if actor.role in OFFICE_ROLES:
        return frozenset()
    return HIDDEN_FROM_DEPARTMENTS if actor.role in DEPARTMENT_ROLES else CONFLICT_EVENTS
