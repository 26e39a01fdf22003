"""How far an actor reaches: for each relation of the policy's table one condition that every query carries (DOMAIN §5).

The one mechanism: nothing else in the services asks what an actor's region, station, department or deputy is. Whatever
ties an actor to a case, a case the actor is in conflict with is out of reach, and looks like one that does not exist.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Uuid,
    and_,
    bindparam,
    collate,
    exists,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
)

from liaison.domain.actors import Actor, Role
from liaison.domain.policy import TIES, Relation
from liaison.models.assignments import Assignment
from liaison.models.cases import Case
from liaison.models.conflicts import Conflict
from liaison.models.people import Account, Leadership
from liaison.models.regions import Region
from liaison.models.stations import Station

AFTER_SLASH = chr(ord("/") + 1)

Condition = Callable[[Actor], ColumnElement[bool]]

_UNSEEN = literal_column("'submitted'")
"""What a deputy is not shown yet; a constant, so that the planner knows how many that leaves."""

_CASES: Mapping[Relation, Condition] = MappingProxyType(
    {
        Relation.CODE: lambda actor: Case.id == actor.case_id,
        Relation.DEPUTY: lambda actor: and_(Case.deputy_id == actor.deputy_id, Case.state != _UNSEEN),
        Relation.STATION: lambda actor: Case.station_id == actor.station_id,
        Relation.DEPARTMENT: lambda actor: exists().where(Assignment.case_id == Case.id, assignments_within(actor)),
        Relation.REGION: lambda actor: region_within(actor, Case.region_path),
    }
)

_PARAMETERS: Mapping[Role, tuple[str, ...]] = MappingProxyType({Role.DEPUTY: ("account_id", "deputy_id")})
"""The ids an actor of a role has, where statements are kept."""


def cases_within(actor: Actor) -> ColumnElement[bool]:
    """The cases an actor may know of: tied to it by its role's relation, and not in conflict with it."""
    relation = TIES.get(actor.role)
    if relation is None:
        return false()
    tied = _CASES[relation](actor)
    return tied if relation is Relation.CODE else and_(tied, _is_no_conflict(actor, Case.id))


def may_be_kept(role: Role) -> bool:
    """Whether a statement with this role's reach can be made once for all who have it."""
    return role in _PARAMETERS


def standing_for(role: Role) -> Actor:
    """An actor whose ids are parameters, so that a statement with a reach in it can be made once for all of a role."""
    return Actor(role, **{name: bindparam(name, type_=Uuid()) for name in _PARAMETERS[role]})


def parameters(actor: Actor) -> dict[str, UUID]:
    """What such a statement is given for an actor of that role."""
    return {name: getattr(actor, name) for name in _PARAMETERS[actor.role]}


def in_row(role: Role) -> Actor:
    """Whatever account of this role a row has, for a query over accounts joined with their regions.

    So that how far many of them reach is asked at once, by the same conditions as for each alone.
    """
    ids = {name: getattr(Account, name) for name in ("department_id", "station_id", "deputy_id")}
    return Actor(role, account_id=Account.id, region_path=Region.path, **ids)


def assignments_within(actor: Actor) -> ColumnElement[bool]:
    """The assignments an actor may know of; a department keeps sight of those it returned."""
    match TIES.get(actor.role):
        case Relation.DEPARTMENT:
            own = Assignment.department_id == actor.department_id
            return and_(own, _is_no_conflict(actor, Assignment.case_id))
        case Relation.REGION | Relation.DEPUTY:
            return Assignment.case_id.in_(select(Case.id).where(cases_within(actor)))
    return false()


def station_within(actor: Actor) -> ColumnElement[bool]:
    """The stations an actor looks after: the own one, or those of the own region and below."""
    if TIES.get(actor.role) is Relation.STATION:
        return Station.id == actor.station_id
    return Station.region_id.in_(select(Region.id).where(region_within(actor, Region.path)))


def region_within(actor: Actor, path: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a path of regions lies in the actor's own or below: between its slash and the character after it.

    Of a comparison PostgreSQL knows, also below row-level security, how many rows it leaves; of a pattern it does not,
    and reads whole tables for a page.
    """
    own, bytewise = actor.region_path, collate(path, "C")
    if _is_in_row(actor):
        return func.starts_with(path, own)
    if not own.endswith("/"):
        return path.startswith(own, autoescape=True)
    return and_(bytewise >= own, bytewise < own[:-1] + AFTER_SLASH)


def _is_no_conflict(actor: Actor, case_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    """Whether the actor is in no conflict with that case."""
    ids = conflicting(actor)
    if _is_in_row(actor):  # is asked for each row anew, and so of that case's alone
        ids = ids.where(Conflict.case_id == case_id).correlate(Account, Case, Assignment)
    return case_id.not_in(ids)


def _is_in_row(actor: Actor) -> bool:
    return actor.account_id is Account.id


def region_around(actor: Actor, path: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a path of regions lies in the actor's own, below or above."""
    return or_(region_within(actor, path), literal(actor.region_path).like(path + "%"))


def conflicting(actor: Actor) -> Select:
    """The ids of the cases an actor is in conflict with now (`domain.conflict`, the same rule)."""
    return select(Conflict.case_id).where(Conflict.lifted_at.is_(None), concerning(actor))


def concerning(actor: Actor) -> ColumnElement[bool]:
    """The conflicts with an actor: the account, its department or deputy, or a department that deputy leads."""
    parties = {actor.account_id, actor.department_id, actor.deputy_id} - {None}
    led = select(Leadership.department_id).where(Leadership.deputy_id == actor.deputy_id).correlate(Account)
    return or_(Conflict.party_id.in_(parties), Conflict.party_id.in_(led))


def accounts_in_conflict(case_id: UUID) -> Select:
    """The ids of the accounts that are in conflict with a case now: `conflicting`, asked the other way round."""
    parties = select(Conflict.party_id).where(Conflict.case_id == case_id, Conflict.lifted_at.is_(None))
    led = select(Leadership.deputy_id).where(Leadership.department_id.in_(parties))
    own = (Account.id, Account.department_id, Account.deputy_id)
    return select(Account.id).where(or_(*(column.in_(parties) for column in own), Account.deputy_id.in_(led)))


def home_of(actor: Actor) -> str:
    """The path of the region the actor is at home in."""
    return actor.region_path


def side_of(actor: Actor) -> str | None:
    """Who is of one side with the actor: the offices, one department's people, a deputy alone; None for the others.

    The wall says the same (`acting_side` in migration `beside`).
    """
    match TIES.get(actor.role):
        case Relation.REGION:
            return "office"
        case Relation.DEPARTMENT:
            return f"department:{actor.department_id}"
        case Relation.DEPUTY:
            return f"deputy:{actor.deputy_id}"
    return None
