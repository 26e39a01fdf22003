"""A deputy's days of duty in the calendar of a phone: signed, one's own, as the roster and its changes say."""

from collections.abc import Callable
from datetime import timedelta

from flask.testing import FlaskClient

from liaison.db import session, transaction
from liaison.domain.duty import Change
from liaison.services import duty_days
from liaison.services.duty_days import Wish
from tests.support.life import TEXT, Life


def test_a_deputy_subscribes_to_the_own_days_and_changes_come_by_themselves(
    life: Life, client: FlaskClient, browser: Callable[[str], FlaskClient]
) -> None:
    page = browser("deputy").get("/console/reach").text
    address = page.partition('class="feed" href="')[2].partition('"')[0]
    assert address.endswith(".ics") and 'class="feed"' not in browser("office").get("/console/reach").text
    today, told = f"DTSTART;VALUE=DATE:{life.today:%Y%m%d}", client.get(address)
    assert told.mimetype == "text/calendar" and today in told.text and TEXT[:6] not in told.text
    with transaction():
        stands_in = Wish(life.today, Change.STANDS_IN, "D004")
        duty_days.change_day(life.town.actor("office_lead"), "S001", stands_in, life.clock())
    assert today not in client.get(address).text
    assert f"{life.today + timedelta(days=1):%Y%m%d}" in client.get(address).text
    other = browser("other_deputy").get("/console/reach").text.partition('class="feed" href="')[2].partition('"')[0]
    assert today in client.get(other).text and "城东" in client.get(other).text


def test_a_forged_address_and_one_of_somebody_gone_open_nothing(
    life: Life, client: FlaskClient, browser: Callable[[str], FlaskClient]
) -> None:
    address = browser("deputy").get("/console/reach").text.partition('class="feed" href="')[2].partition('"')[0]
    assert client.get(address.replace(".ics", "x.ics")).status_code == 404
    assert client.get("/duty/x.ics").status_code == 404
    with transaction():
        session.merge(life.town.accounts["deputy"]).active = False
    assert client.get(address).status_code == 404
