"""Who may do what: one table, read like law. A route whose action has no line here refuses to run.

The role says whether an action is open at all; the relation says which things that role may touch by it, and is
applied in every query by `services.reach` (own case, own station, own department, own region and below). By whatever
relation: nobody touches a case that they are in conflict with (`domain.conflict`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from liaison.domain.actors import DEPARTMENT_ROLES, OFFICE_ROLES, Role
from liaison.domain.errors import NotAllowed


class Relation(StrEnum):
    """What ties an actor to a thing."""

    NONE = "none"
    CODE = "code"
    VISITOR = "visitor"
    SIGNATURE = "signature"
    ACCOUNT = "account"
    DEPUTY = "deputy"
    STATION = "station"
    DEPARTMENT = "department"
    REGION = "region"


TIES = MappingProxyType(
    {
        Role.RESIDENT: Relation.CODE,
        Role.DEPUTY: Relation.DEPUTY,
        Role.LIAISON: Relation.STATION,
        **dict.fromkeys(DEPARTMENT_ROLES, Relation.DEPARTMENT),
        **dict.fromkeys(OFFICE_ROLES, Relation.REGION),
    }
)
"""What ties each role to cases; a role that is not here reaches none."""


@dataclass(frozen=True)
class Line:
    """One line of the table: the roles an action is open to, each with the relation it needs."""

    relations: Mapping[Role, Relation]

    @property
    def roles(self) -> frozenset[Role]:
        """The roles the action is open to."""
        return frozenset(self.relations)


_EVERYBODY = frozenset(Role) - {Role.SYSTEM}
_ACCOUNTS = _EVERYBODY - {Role.ANYONE, Role.RESIDENT}
_CASE_WORKERS = {Role.DEPUTY} | DEPARTMENT_ROLES | OFFICE_ROLES


def _lines(roles: Iterable[Role], relation: Relation, actions: str) -> dict[str, Line]:
    return dict.fromkeys(actions.split(), Line(MappingProxyType(dict.fromkeys(roles, relation))))


def _tied(roles: Iterable[Role], actions: str, *, otherwise: Relation = Relation.NONE) -> dict[str, Line]:
    """Lines of actions that touch cases: each role by what ties it to them, and those it does not tie by another."""
    relations = {role: TIES.get(role, otherwise) for role in roles}
    return dict.fromkeys(actions.split(), Line(MappingProxyType(relations)))


POLICY = MappingProxyType(
    _lines(_EVERYBODY, Relation.NONE, "operations.read public.read station.read asset.read matter.submit session.open")
    | _lines(_EVERYBODY, Relation.NONE, "session.enter")
    | _lines(_EVERYBODY, Relation.VISITOR, "matter.own matter.keep")
    | _lines(
        _EVERYBODY,
        Relation.CODE,
        "matter.follow matter.add matter.rate matter.withdraw matter.reopen matter.data matter.correct matter.consent"
        " matter.erase",
    )
    | _tied(_EVERYBODY, "matter.photo", otherwise=Relation.CODE)
    | _lines(_EVERYBODY, Relation.SIGNATURE, "callback.receive file.check board.show duty.feed")
    | _lines(_ACCOUNTS, Relation.ACCOUNT, "session.read session.close reach.read reach.write desk.write")
    | _tied(_ACCOUNTS, "console.home inbox.read", otherwise=Relation.ACCOUNT)
    | _lines(_ACCOUNTS, Relation.ACCOUNT, "session.prove session.revoke password.change factor.write")
    | _tied(
        {Role.DEPUTY},
        "deputy.list deputy.read deputy.claim deputy.answer deputy.hand_over deputy.pass deputy.ask deputy.verdict"
        " deputy.refuse deputy.redirect",
    )
    | _tied(
        DEPARTMENT_ROLES,
        "assignment.list assignment.read assignment.acknowledge assignment.return assignment.extension"
        " assignment.reply assignment.fulfil overview.duties",
    )
    | _tied(DEPARTMENT_ROLES | OFFICE_ROLES, "inbox.export")
    | _tied({Role.APPROVER}, "assignment.approval")
    | _tied(
        OFFICE_ROLES,
        "office.list office.read office.accept office.refuse office.redirect office.merge office.restore office.ask"
        " office.dispatch office.send_back office.extension_decision office.return_decision office.reply_decision"
        " office.verdict office.look_back office.break_promise office.reveal office.reveal_end office.publication"
        " office.bar office.lift_bar digest.read office.erasure_decision statistics.read statistics.export queue.read"
        " overview.read sample.read sample.draw office.unpublish",
    )
    | _tied({Role.OFFICE_LEAD}, "office.reveal_decision office.hold")
    | _lines(OFFICE_ROLES, Relation.REGION, "rules.read rules.write outbox.write")
    | _lines({Role.OFFICE_LEAD}, Relation.REGION, "ladders.read ladders.write")
    | _lines(OFFICE_ROLES | {Role.ADMINISTRATOR}, Relation.REGION, "outbox.read")
    | _lines(OFFICE_ROLES | {Role.ADMINISTRATOR}, Relation.NONE, "calendar.read clock.read")
    | _lines({Role.OFFICE_LEAD, Role.ADMINISTRATOR}, Relation.NONE, "calendar.write clock.confirm channel.resume")
    | _lines({Role.ADMINISTRATOR}, Relation.REGION, "imports.read imports.write")
    | _lines({Role.AUDITOR}, Relation.REGION, "audit.read")
    | _lines({Role.ADMINISTRATOR, Role.OFFICE_LEAD}, Relation.REGION, "settings.read")
    | _lines({Role.ADMINISTRATOR}, Relation.REGION, "settings.write")
    | _lines({Role.OFFICE_LEAD}, Relation.REGION, "boards.read boards.write")
    | _lines({Role.SECURITY_ADMINISTRATOR}, Relation.REGION, "accounts.read accounts.write recovery.ask")
    | _lines({Role.SECURITY_ADMINISTRATOR, Role.OFFICE_LEAD}, Relation.REGION, "recovery.confirm")
    | _lines(OFFICE_ROLES | {Role.ADMINISTRATOR}, Relation.REGION, "registers.read registers.write")
    | _lines({Role.DEPUTY}, Relation.ACCOUNT, "binding.end consent.report")
    | _lines(OFFICE_ROLES | {Role.SECURITY_ADMINISTRATOR}, Relation.REGION, "binding.read binding.confirm")
    | _lines(OFFICE_ROLES, Relation.REGION, "binding.write")
    | _lines({Role.LIAISON}, Relation.ACCOUNT, "station.enter")
    | _tied(OFFICE_ROLES | {Role.LIAISON, Role.ADMINISTRATOR}, "roster.read", otherwise=Relation.REGION)
    | _tied(OFFICE_ROLES | {Role.LIAISON}, "roster.write")
    | _tied(OFFICE_ROLES, "roster.screening")
    | _tied(_CASE_WORKERS | {Role.LIAISON}, "console.case")
    | _tied(_CASE_WORKERS, "console.move notes.write case.print")
    | _lines(_CASE_WORKERS, Relation.ACCOUNT, "templates.write")
)


def may(role: Role, action: str) -> bool:
    """Whether the table opens the action to the role; KeyError for an action it does not know."""
    return role in POLICY[action].roles


def require(role: Role, action: str) -> None:
    """Raise NotAllowed unless the table opens the action; for use cases that no table of moves guards."""
    if not may(role, action):
        raise NotAllowed()
