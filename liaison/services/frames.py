"""What stands around every page of the console, whatever the page is about; asked for at once."""

from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Select, func, select, true

from liaison.db import session
from liaison.domain.actors import Actor
from liaison.domain.policy import may
from liaison.models.clocks import ClockWatch
from liaison.models.departments import Department
from liaison.models.people import Account
from liaison.models.regions import Region
from liaison.models.stations import Station
from liaison.services import inboxes
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
    return Frame(row.place, row.unread, row.single_keys, alarm)


@lru_cache(inboxes.KEPT)
def _frame(actor: Actor) -> Select:
    place = func.coalesce(Department.name, Station.name, Region.name).label("place")
    unread = inboxes.unread(actor).label("unread")
    return (
        select(Account.single_keys, place, unread, ClockWatch.jumped_seconds, ClockWatch.alarm_since)
        .join(Region, Region.id == Account.region_id)
        .outerjoin(Department, Department.id == Account.department_id)
        .outerjoin(Station, Station.id == Account.station_id)
        .outerjoin(ClockWatch, true())
        .where(Account.id == actor.account_id)
    )
