"""What stands around every page of the console, whatever the page is about; asked for at once."""

from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Select, select, true

from liaison.db import session
from liaison.domain.actors import Actor
from liaison.domain.policy import may
from liaison.models.clocks import ClockWatch
from liaison.models.people import Account
from liaison.services import inboxes, register_names
from liaison.services.timekeeping import Alarm


@dataclass(frozen=True)
class Frame:
    """An account's place of work, how many notices it has not opened, whether letters do something on its pages.

    `alarm` is the clock's, for those who may look into it.
    """

    place: str
    unread: int
    single_keys: bool
    alarm: Alarm | None


def frame_of(actor: Actor) -> Frame:
    """The frame of a signed-in actor's pages."""
    row = session.execute(_frame(actor)).one()
    rings = row.alarm_since is not None and may(actor.role, "clock.read")
    alarm = Alarm(row.jumped_seconds, row.alarm_since) if rings else None
    return Frame(_place(actor), row.unread, row.single_keys, alarm)


@lru_cache(inboxes.KEPT)
def _frame(actor: Actor) -> Select:
    unread = inboxes.unread(actor).label("unread")
    of_account = select(Account.single_keys, unread, ClockWatch.jumped_seconds, ClockWatch.alarm_since)
    return of_account.outerjoin_from(Account, ClockWatch, true()).where(Account.id == actor.account_id)


def _place(actor: Actor) -> str:
    if actor.department_id:
        return register_names.department_names().get(actor.department_id, "")
    if actor.station_id:
        return register_names.station_names().get(actor.station_id, "")
    return register_names.region_names().get(actor.region_path, "")
