"""The duty calendar and where new matters go are one: what is changed for a day holds for both, and can be undone."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from liaison.db import session, transaction
from liaison.domain.duty import Change
from liaison.domain.errors import Invalid, NotFound
from liaison.models.audit import AuditEntry
from liaison.models.matters import Matter
from liaison.services import duty_days
from liaison.services.duty_days import Wish
from tests.support.life import Life

MARCH = date(2026, 3, 1)


def change(life: Life, wish: Wish, who: str = "liaison") -> Wish:
    """Change a day of the eastern station."""
    with transaction():
        return duty_days.change_day(life.town.actor(who), "S001", wish, life.clock())


def day_of(life: Life, day: date, station: str = "S001") -> duty_days.DutyDay:
    """What the calendar shows for a day."""
    month = duty_days.month_of(life.town.actor("office"), station, day.replace(day=1))
    return next(each for each in month.days if each.day == day)


def test_a_new_matter_goes_to_whom_the_calendar_shows(life: Life) -> None:
    before = life.submit()
    assert life.case(before.case.number).deputy_id == life.town.deputies.present.id
    assert day_of(life, life.today).holder == "刘在岗"
    was = change(life, Wish(life.today, Change.STANDS_IN, "D004"))
    assert day_of(life, life.today).holder == "陈接手"
    case = life.case(life.submit().case.number)
    assert case.deputy_id == life.town.deputies.other.id
    reasons = session.scalar(select(Matter.routing).where(Matter.case_id == case.id))
    assert reasons["deputy"] == "stands_in"
    change(life, was)
    assert life.case(life.submit().case.number).deputy_id == life.town.deputies.present.id
    assert list(session.scalars(select(AuditEntry.act).where(AuditEntry.about == "S001"))) == ["setting.duty"] * 2


def test_a_day_without_duty_loses_no_matter_and_the_next_day_is_as_before(life: Life) -> None:
    change(life, Wish(life.today, Change.STANDS_IN, "D004"))
    assert change(life, Wish(life.today, Change.OFF)) == Wish(life.today, Change.STANDS_IN, "D004")
    assert not day_of(life, life.today).has_duty
    assert life.case(life.submit().case.number).deputy_id == life.town.deputies.present.id
    assert day_of(life, life.today + timedelta(days=1)).has_duty


def test_what_cannot_be_is_refused(life: Life) -> None:
    with pytest.raises(Invalid):
        change(life, Wish(life.today - timedelta(days=1), Change.OFF))
    for deputy in ("", "D404", "D001", "D002"):  # nobody, unknown, away, without account
        with pytest.raises(Invalid):
            change(life, Wish(life.today, Change.STANDS_IN, deputy))
    with pytest.raises(NotFound):
        change(life, Wish(life.today, Change.OFF), who="other_office")


def test_rest_days_and_days_without_anybody_say_so(life: Life) -> None:
    saturday = date(2026, 3, 7)
    assert not day_of(life, saturday).has_duty
    change(life, Wish(saturday, Change.EXTRA))
    assert day_of(life, saturday).has_duty and day_of(life, saturday).holder == "刘在岗"
    with transaction():
        session.merge(life.town.deputies.present).absent_until = date(2026, 3, 10)
    month = duty_days.month_of(life.town.actor("office"), "S001", MARCH)
    assert month.unattended[-3:] == [saturday, date(2026, 3, 9), date(2026, 3, 10)]
    assert {run.holder for run in month.runs} == {None, "刘在岗"}


@pytest.mark.parametrize("month", ["2026-13", "x", "1999-01", "2027-04", "0000-01"])
def test_only_months_around_today_are_worked_out(month: str) -> None:
    with pytest.raises(Invalid):
        duty_days.read_month(month, date(2026, 3, 2))
