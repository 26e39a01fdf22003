"""Who acts: a role and how far it reaches. Knows nothing of accounts, sessions or storage."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """The roles of DOMAIN §5; `system` is the clock, `anyone` a visitor without a session."""

    ANYONE = "anyone"
    RESIDENT = "resident"
    DEPUTY = "deputy"
    HANDLER = "handler"
    APPROVER = "approver"
    LIAISON = "liaison"
    OFFICE = "office"
    OFFICE_LEAD = "office_lead"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"
    SECURITY_ADMINISTRATOR = "security_administrator"
    AUDITOR = "auditor"
    SYSTEM = "system"


OFFICE_ROLES = frozenset({Role.OFFICE, Role.OFFICE_LEAD})
DEPARTMENT_ROLES = frozenset({Role.HANDLER, Role.APPROVER})
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR, Role.AUDITOR})
"""Three people (三员分立): of the system (settings), of its security (accounts), and who looks at what both did."""


@dataclass(frozen=True)
class Actor:
    """One who acts, with the reach the policy needs: region and below, department and whether at its head, station,
    deputy, own case."""

    role: Role
    name: str = ""
    account_id: UUID | None = None
    region_path: str = ""
    department_id: UUID | None = None
    station_id: UUID | None = None
    deputy_id: UUID | None = None
    case_id: UUID | None = None
    head: bool = False


ANYONE = Actor(Role.ANYONE)
SYSTEM = Actor(Role.SYSTEM)


def resident_of(case_id: UUID) -> Actor:
    """The resident who showed the query code of this case."""
    return Actor(Role.RESIDENT, case_id=case_id)
