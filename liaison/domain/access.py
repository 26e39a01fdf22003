"""What an installation asks of those who sign in, and what a session still lacks before it opens anything."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from liaison.domain.actors import ADMINISTRATORS, Role

FACTOR_ROLES = ADMINISTRATORS | {Role.OFFICE_LEAD}
"""Who must have a second factor: whoever decides about residents' names, about accounts, settings or the audit log."""


class Need(StrEnum):
    """What a session still lacks, in the order in which it is asked for."""

    CODE = "otp"
    PASSWORD = "password"
    FACTOR = "second_factor"


FINISHING = MappingProxyType(
    {
        Need.CODE: frozenset({"session.prove"}),
        Need.PASSWORD: frozenset({"password.change"}),
        Need.FACTOR: frozenset({"factor.write"}),
    }
)
"""The only actions open to a session that lacks something: those that bring it. For all others it is a visitor's."""


@dataclass(frozen=True)
class AccessRules:
    """The rules of one installation; `oldest` zero means that passwords do not grow too old."""

    factor_roles: frozenset[Role] = FACTOR_ROLES
    shortest: int = 10
    remembered: int = 5
    oldest: timedelta = timedelta(days=90)

    def need(
        self,
        role: Role,
        *,
        has_factor: bool,
        proven: bool,
        must_change: bool,
        changed_at: datetime,
        now: datetime,
        by_password: bool = True,
    ) -> Need | None:
        """What a session of such an account lacks first; None when it is whole."""
        if has_factor and not proven:
            return Need.CODE
        if by_password and (must_change or (self.oldest and now - changed_at >= self.oldest)):
            return Need.PASSWORD
        if not has_factor and role in self.factor_roles:
            return Need.FACTOR
        return None
