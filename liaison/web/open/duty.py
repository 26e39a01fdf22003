"""A deputy's days of duty for the calendar of a phone, behind a signed address, since such calendars cannot sign in.

It ends when the deputy's account does; it tells where and when, and nothing of any matter.
"""

from uuid import UUID

from flask import Blueprint, Response, current_app
from itsdangerous import BadData, URLSafeSerializer

from liaison.domain.errors import NotFound
from liaison.domain.icalendar import DayEvent, calendar_of
from liaison.services import duty_feed
from liaison.web.guards import guard
from liaison.web.wiring import now, today

blueprint = Blueprint("duty", __name__, url_prefix="/duty")
PURPOSE = "days of duty"


def sign(deputy_id: UUID) -> str:
    """What a deputy's address carries."""
    return _signer().dumps(str(deputy_id))


@blueprint.get("/<signed>.ics")
@guard("duty.feed")
def feed(signed: str) -> Response:
    """The days of duty of the deputy who is named in the signed address."""
    try:
        deputy = duty_feed.get_deputy(UUID(_signer().loads(signed)))
    except BadData:
        raise NotFound() from None
    days = duty_feed.days_of(deputy, today())
    events = [
        DayEvent(f"{station.code}-{day:%Y%m%d}@liaison", day, f"值班：{station.name}", station.address)
        for station, day in days
    ]
    return Response(calendar_of("代表值班", events, now()), content_type="text/calendar; charset=utf-8")


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key, salt=PURPOSE)
