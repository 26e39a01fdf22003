"""The ladder as notices: each rung once, to the right people, never at night, never after the case moved on."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from sqlalchemy import select, update

from liaison.db import session
from liaison.domain.calendar import SHANGHAI
from liaison.models.clocks import Clock
from liaison.models.notices import Notice
from liaison.services import assignments, extensions, intake, matters
from tests.support.life import Life
from tests.support.sending import claim, fresh


def at(life: Life, text: str) -> None:
    """Set the clock to a moment in Shanghai."""
    life.clock.set(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI))


def reminded(life: Life, number: str) -> dict[str, set[str]]:
    """Who got which rung of the case's clocks so far."""
    topics = {notice.topic for notice in life.notices(number) if notice.topic.startswith("reminder.")}
    return {topic.removeprefix("reminder."): life.told(number, topic) for topic in topics}


@pytest.fixture(autouse=True)
def _served_together(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Sound clocks are served together: serving them one by one, as when that fails, would hide that it does."""
    yield
    assert "fall due failed" not in "".join(record.getMessage() for record in caplog.get_records("call"))


@pytest.fixture
def assigned(life: Life) -> str:
    """A matter assigned on Monday 2026-03-02 for five working days, and signed for: due on Monday the 9th."""
    number = life.matter_in("assigned")
    life.acknowledge(f"{number}.1")
    return number


def test_every_rung_falls_once_for_the_people_it_is_for(life: Life, assigned: str) -> None:
    owner = {"housing_handler"}
    above = {"housing_head", "office", "office_lead"}
    ladder = [
        ("2026-03-05T08:30", {"half": owner}),
        ("2026-03-06T08:30", {"blue": owner}),
        ("2026-03-09T08:30", {"due_day": owner}),
        ("2026-03-10T08:30", {"overdue_1": owner | {"housing_approver", "housing_head"}}),
        ("2026-03-12T08:30", {"overdue_3": above}),
        ("2026-03-16T08:30", {"overdue_5": above}),
        ("2026-03-23T08:30", {"repeat": above}),
    ]
    expected: dict[str, set[str]] = {}
    for moment, new in ladder:
        at(life, moment)
        life.clock.advance(seconds=-1)
        life.fall_due()
        assert reminded(life, assigned) == expected
        life.clock.advance(seconds=1)
        assert life.fall_due() == 1
        assert life.fall_due() == 0
        expected |= new
        assert reminded(life, assigned) == expected
    assert "resident" not in set().union(*expected.values())


def test_the_fifth_day_over_supervises_the_case_once(life: Life, assigned: str) -> None:
    at(life, "2026-03-16T08:30")
    life.fall_due()
    assert life.case(assigned).supervised_at == life.clock()
    at(life, "2026-03-23T08:30")
    life.fall_due()
    assert life.kinds(assigned).count("supervise") == 1


def test_rungs_missed_in_an_outage_collapse_into_the_newest(life: Life, assigned: str) -> None:
    at(life, "2026-03-12T09:00")
    life.fall_due()
    assert set(reminded(life, assigned)) == {"overdue_3"}
    at(life, "2026-06-12T09:00")
    life.fall_due()
    assert set(reminded(life, assigned)) == {"overdue_3", "repeat"}
    assert len(life.notices(assigned, topic="reminder.repeat")) == 3
    assert life.case(assigned).supervised_at is not None


def test_nothing_falls_after_the_case_moved_on(life: Life, assigned: str) -> None:
    life.reply(f"{assigned}.1")
    life.sign(f"{assigned}.1")
    at(life, "2026-04-01T09:00")
    life.fall_due()
    assert set(reminded(life, assigned)) and not life.told(assigned, "reminder.repeat") & {
        "housing_handler",
        "housing_approver",
        "housing_head",
    }


def test_a_clock_that_is_held_reminds_only_the_resident(life: Life) -> None:
    number = life.matter_in("needs_info")
    at(life, "2026-03-09T09:00")
    life.fall_due()
    assert reminded(life, number) == {"due_day": {"resident"}}


def test_a_resident_is_never_escalated_over(life: Life) -> None:
    number = life.matter_in("rating")
    at(life, "2026-06-01T09:00")
    life.fall_due()
    assert not set().union(*reminded(life, number).values()) & set(life.town.accounts)
    assert life.case(number).supervised_at is None


def test_the_department_is_not_reminded_of_the_offices_own_decision(life: Life) -> None:
    number = life.matter_in("assigned")
    life.act("housing_handler", assignments.request_return, f"{number}.1", "不属于我局职责", None)
    asked = next(clock for clock in life.clocks(number) if clock.kind == "return_decision")
    session.execute(update(Clock).where(Clock.kind != "return_decision").values(remind_at=None))
    for moment in ("2026-03-04T09:00", "2026-03-06T09:00"):
        at(life, moment)
        life.fall_due()
    told = {
        notice.recipient_id for notice in session.scalars(select(Notice).where(Notice.clock_id == asked.id)).all()
    }
    assert told == {life.town.accounts[name].id for name in ("office", "office_lead")}


def test_a_promise_reminds_the_lead_department(life: Life) -> None:
    number = life.promised(days=20)
    due = life.clocks(number)[0].due_on
    at(life, f"{due}T09:00")
    life.fall_due()
    assert reminded(life, number) == {"due_day": {"housing_handler"}}


def test_a_deputy_without_an_account_is_stood_in_for_by_the_office(life: Life) -> None:
    number = life.matter_in("with_deputy")
    life.town.accounts["deputy"].active = False
    at(life, "2026-03-05T09:00")
    life.fall_due()
    assert reminded(life, number) == {"due_day": {"office", "office_lead"}}


def test_an_urgent_clock_reminds_at_night_and_others_wait_for_the_morning(life: Life) -> None:
    number = life.matter_in("handed_over")
    life.dispatch(number, complexity="urgent")
    life.acknowledge(f"{number}.1")
    at(life, "2026-03-02T22:00")
    life.fall_due()
    (urgent,) = life.notices(number, channel="log", topic="reminder.half")
    assert urgent.next_at == life.clock()
    quiet = life.matter_in("submitted")
    (notice, *_) = life.notices(quiet, channel="log", topic="submit")
    assert notice.next_at.astimezone(SHANGHAI).isoformat(timespec="minutes") == "2026-03-03T08:30+08:00"
    (inbox, *_) = life.notices(quiet, channel="inbox", topic="submit")
    assert inbox.next_at == life.clock()


def test_an_extension_takes_back_reminders_of_the_old_due_day(life: Life, assigned: str) -> None:
    at(life, "2026-03-06T08:30")
    life.fall_due()
    (old,) = life.notices(assigned, topic="reminder.blue", channel="log")
    reference = f"{assigned}.1"
    life.act("housing_handler", extensions.request_extension, reference, 5, "等待灯具到货")
    life.act("office", extensions.decide_extension, assigned, reference, True, "")
    assert claim(life, old.id) == [] and fresh(old.id).state == "cancelled"


def test_a_supervision_by_the_clock_is_an_event_like_any_other(life: Life) -> None:
    number = life.matter_in("with_deputy")
    at(life, "2026-03-20T09:00")
    assert life.fall_due() == 1
    assert life.case(number).seq == len(life.events(number))
    assert life.kinds(number)[-1] == "supervise"


def test_an_answer_in_time_leaves_no_reminder_behind(life: Life) -> None:
    number = life.matter_in("needs_info")
    at(life, "2026-03-04T09:00")
    life.act(life.resident(number), intake.add, number, "第三盏。", [])
    life.act("deputy", matters.hand_over, number, "属实", [])
    assert not [clock for clock in life.clocks(number, running=False) if clock.stopped_at and clock.remind_at]
