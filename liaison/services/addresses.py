"""How an account is reached outside the house: its channels in the order they are tried, each with a sealed address.

Addresses are opened to be masked and shown to their own account, or by sending; no log and no other row holds one.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from liaison.db import forget, session, told
from liaison.domain import addresses
from liaison.domain.errors import Invalid
from liaison.models.people import Account
from liaison.services import vault
from liaison.services.channels import ADDRESSED, CHANNELS, EMAIL, SMS, WECOM
from liaison.services.sealing import Keys

BY_HAND = (WECOM, SMS, EMAIL)
"""The channels whose address a person knows; an openid is known to WeChat alone and comes from there."""

NOT_THERE = "本系统没有开通这种通知方式，请刷新后重新选择。"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Way:
    """One way an account is reached: by which channel, its address with the middle hidden, and whether we have it."""

    channel: str
    address: str
    is_installed: bool


def installed() -> list[str]:
    """The channels this installation has that need an address, in the order usually tried."""
    return [channel for channel in ADDRESSED if channel in told(CHANNELS)]


def unaddressed() -> list[str]:
    """The channels this installation has that reach everybody without an address."""
    return [channel for channel in told(CHANNELS) if channel not in ADDRESSED]


def ways_of(account_id: UUID, keys: Keys) -> list[Way]:
    """The ways an account is reached, in the order they are tried."""
    found = vault.find_addresses([account_id], keys)
    own = session.scalar(select(Account.channels).where(Account.id == account_id))
    kept = [(channel, found[account_id, channel]) for channel in own if (account_id, channel) in found]
    there = told(CHANNELS)
    return [Way(channel, addresses.masked(channel, address), channel in there) for channel, address in kept]


def set_address(account_id: UUID, channel: str, typed: str, keys: Keys, now: datetime) -> None:
    """Reach an account by a channel at this address, in place of any before it.

    A channel new to the account takes its usual place in the order. Raises Invalid for `address`, or for `channel`
    where nobody has addresses.
    """
    if channel not in ADDRESSED:
        raise Invalid({"channel": [NOT_THERE]})
    address = addresses.check_address(channel, typed)
    account = _lock(account_id)
    vault.keep_address(account_id, channel, address, keys, now)
    if channel not in account.channels:
        _reorder(account, _with(account.channels, channel))
    session.flush()
    _log.info("account %s is reached by %s at a new address", account_id, channel)


def forget_address(account_id: UUID, channel: str) -> None:
    """Reach an account by a channel no more."""
    account = _lock(account_id)
    vault.drop_address(account_id, channel)
    _reorder(account, [each for each in account.channels if each != channel])
    _log.info("account %s is no longer reached by %s", account_id, channel)


def move(account_id: UUID, channel: str, *, up: bool) -> None:
    """Try a channel one place earlier or later; one that is at the end, or not there, stays."""
    account = _lock(account_id)
    order = list(account.channels)
    if channel not in order:
        return
    here = order.index(channel)
    there = here - 1 if up else here + 1
    if 0 <= there < len(order):
        order[here], order[there] = order[there], order[here]
        _reorder(account, order)


def _lock(account_id: UUID) -> Account:
    rows = select(Account).where(Account.id == account_id).with_for_update()
    return session.scalars(rows.execution_options(populate_existing=True)).one()


def _reorder(account: Account, order: Sequence[str]) -> None:
    account.channels = list(order)
    session.flush()
    forget()


def _with(order: Sequence[str], channel: str) -> list[str]:
    """The order with a new channel before the first that is usually tried later."""
    rank = ADDRESSED.index(channel)
    place = next((at for at, each in enumerate(order) if ADDRESSED.index(each) > rank), len(order))
    return [*order[:place], channel, *order[place:]]
