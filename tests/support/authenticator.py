"""A phone with an authenticator on it, as its owner holds it."""

from dataclasses import dataclass

import pyotp

from liaison.db import transaction
from liaison.domain.actors import Actor
from liaison.services import second_factors, vault
from liaison.services.sealing import Keys
from liaison.services.second_factors import STEP
from tests.support.clock import FakeClock


@dataclass
class Authenticator:
    """What it shows; the recovery codes are the sheet in the drawer."""

    seed: str
    clock: FakeClock
    codes: list[str]

    def shows(self, steps: int = 0) -> str:
        """The six digits of this moment, or of so many steps later."""
        return pyotp.TOTP(self.seed).at(int(self.clock().timestamp()) + steps * STEP)

    def other(self) -> str:
        """Six digits that are those of no step anywhere near."""
        near = {self.shows(steps) for steps in range(-20, 21)}
        return next(digits for digits in map("{:06d}".format, range(100)) if digits not in near)


def bind(actor: Actor, keys: Keys, clock: FakeClock) -> Authenticator:
    """Bind one to an account; the clock goes on by two steps, so that a fresh code is shown."""
    with transaction():
        second_factors.offer(actor, keys)
    phone = Authenticator(vault.find_seed(actor.account_id, keys, offered=True), clock, [])
    with transaction():
        phone.codes = second_factors.confirm(actor, phone.shows(), keys, clock())
    clock.advance(seconds=2 * STEP)
    return phone
