"""Who may do what: one table, read like law. A route whose action has no line here refuses to run.

The role says whether an action is open at all; the relation says which things it may touch, and is applied
in every query by `services.reach` (own case, own station, own department, own region and below).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from liaison.domain.actors import DEPARTMENT_ROLES, OFFICE_ROLES, Role
from liaison.domain.errors import NotAllowed


class Relation(StrEnum):
    """What ties an actor to a thing."""

    NONE = "none"
    CODE = "code"
    SIGNATURE = "signature"
    ACCOUNT = "account"
    DEPUTY = "deputy"
    STATION = "station"
    DEPARTMENT = "department"
    REGION = "region"


@dataclass(frozen=True)
class Line:
    """One line of the table: the roles an action is open to, and the relation it needs."""

    roles: frozenset[Role]
    relation: Relation


_EVERYBODY = frozenset(Role) - {Role.SYSTEM}
_ACCOUNTS = _EVERYBODY - {Role.ANYONE, Role.RESIDENT}
_CASE_WORKERS = {Role.DEPUTY} | DEPARTMENT_ROLES | OFFICE_ROLES


def _lines(roles: Iterable[Role], relation: Relation, actions: str) -> dict[str, Line]:
    line = Line(frozenset(roles), relation)
    return dict.fromkeys(actions.split(), line)


POLICY = MappingProxyType(
    _lines(_EVERYBODY, Relation.NONE, "operations.read public.read station.read asset.read matter.submit session.open")
    | _lines(
        _EVERYBODY, Relation.CODE, "matter.follow matter.add matter.rate matter.withdraw matter.reopen matter.photo"
    )
    | _lines(_EVERYBODY, Relation.SIGNATURE, "callback.receive")
    | _lines(_ACCOUNTS, Relation.ACCOUNT, "session.read session.close inbox.read reach.read reach.write")
    | _lines(
        {Role.DEPUTY},
        Relation.DEPUTY,
        "deputy.list deputy.read deputy.claim deputy.answer deputy.hand_over deputy.pass deputy.ask deputy.verdict"
        " deputy.refuse deputy.redirect",
    )
    | _lines(
        DEPARTMENT_ROLES,
        Relation.DEPARTMENT,
        "assignment.list assignment.read assignment.acknowledge assignment.return assignment.extension"
        " assignment.reply assignment.fulfil",
    )
    | _lines({Role.APPROVER}, Relation.DEPARTMENT, "assignment.approval")
    | _lines(
        OFFICE_ROLES,
        Relation.REGION,
        "office.list office.read office.accept office.refuse office.redirect office.merge office.restore office.ask"
        " office.dispatch office.send_back office.extension_decision office.return_decision office.reply_decision"
        " office.verdict office.look_back office.break_promise office.reveal office.publication rules.read rules.write",
    )
    | _lines({Role.OFFICE_LEAD}, Relation.REGION, "office.reveal_decision ladders.read ladders.write")
    | _lines(OFFICE_ROLES, Relation.REGION, "digest.read outbox.write")
    | _lines(OFFICE_ROLES | {Role.ADMINISTRATOR}, Relation.REGION, "outbox.read calendar.read clock.read")
    | _lines({Role.OFFICE_LEAD, Role.ADMINISTRATOR}, Relation.NONE, "calendar.write clock.confirm channel.resume")
    | _lines({Role.AUDITOR}, Relation.REGION, "audit.read")
    | _lines({Role.LIAISON}, Relation.STATION, "station.enter")
    | _lines(OFFICE_ROLES | {Role.LIAISON}, Relation.STATION, "roster.read roster.write")
    | _lines(OFFICE_ROLES, Relation.REGION, "roster.screening")
    | _lines(_CASE_WORKERS | {Role.LIAISON}, Relation.ACCOUNT, "console.case")
    | _lines(_CASE_WORKERS, Relation.ACCOUNT, "console.move")
    | _lines(_ACCOUNTS, Relation.ACCOUNT, "console.home")
)


def may(role: Role, action: str) -> bool:
    """Whether the table opens the action to the role; KeyError for an action it does not know."""
    return role in POLICY[action].roles


def require(role: Role, action: str) -> None:
    """Raise NotAllowed unless the table opens the action; for use cases that no table of moves guards."""
    if not may(role, action):
        raise NotAllowed()
