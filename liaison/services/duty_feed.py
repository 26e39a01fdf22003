"""One deputy's own days of duty, for the calendar of a phone: where and when, and nothing of any matter."""

from datetime import date
from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import joinedload

from liaison.db import session
from liaison.domain.calendar import corresponding_day
from liaison.domain.errors import NotFound
from liaison.models.people import Deputy
from liaison.models.stations import DutyChange, DutyTurn, Station
from liaison.services import stations
from liaison.services.duty_days import months_of

AHEAD = 3  # months, this one included: rosters change too often to say more


def get_deputy(deputy_id: UUID) -> Deputy:
    """The active deputy who can sign in; a subscription ends with either. Raises NotFound."""
    found = session.scalar(select(Deputy).where(Deputy.id == deputy_id, Deputy.active, stations.has_account()))
    if found is None:
        raise NotFound()
    return found


def days_of(deputy: Deputy, today: date) -> list[tuple[Station, date]]:
    """The days from today on that the deputy is on duty as things stand, by day."""
    listed = exists().where(DutyTurn.station_id == Station.id, DutyTurn.deputy_id == deputy.id)
    asked = (DutyChange.station_id == Station.id, DutyChange.deputy_id == deputy.id, DutyChange.day >= today)
    rows = select(Station).where(Station.active, or_(listed, exists().where(*asked)))
    found = session.scalars(rows.options(joinedload(Station.region)).order_by(Station.code)).all()
    first = today.replace(day=1)
    days = [
        (month.station, each.day)
        for offset in range(AHEAD)
        for month in months_of(found, corresponding_day(first, offset))
        for each in month.days
        if each.has_duty and each.holder_id == deputy.id and each.day >= today
    ]
    return sorted(days, key=lambda pair: (pair[1], pair[0].code))
