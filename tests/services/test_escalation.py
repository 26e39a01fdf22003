"""Five working days over: supervised, the next owner named; and a region's own ladder decides who hears of it."""

from datetime import datetime

import pytest
from sqlalchemy import select, update

from liaison.db import session, transaction
from liaison.domain.calendar import SHANGHAI
from liaison.models.clocks import Clock
from liaison.services import assignments, extensions, inboxes, ladders
from liaison.services.reminders import LATER
from tests.support.life import Life

LOUD = {"overdue_3": ["head"], "overdue_5": ["head"], "repeat": ["head"]}


def at(life: Life, text: str) -> None:
    """Set the clock to a moment in Shanghai, and let what is due fall."""
    life.clock.set(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI))
    life.fall_due()


@pytest.fixture
def assigned(life: Life) -> str:
    """A matter assigned on Monday 2026-03-02 for five working days, and signed for: due on Monday the 9th."""
    number = life.matter_in("assigned")
    life.acknowledge(f"{number}.1")
    return number


def test_the_owner_goes_one_level_up_and_the_event_says_who(life: Life, assigned: str) -> None:
    at(life, "2026-03-13T09:00")
    assert life.assignment(f"{assigned}.1").level == 0
    at(life, "2026-03-16T08:30")
    assert life.assignment(f"{assigned}.1").level == 1
    event = life.events(assigned)[-1]
    assert (event.kind, event.by_role) == ("supervise", "system")
    assert event.data == {"department": "住建局", "position": 1, "level": 1}


def test_repeats_raise_nobody_further(life: Life, assigned: str) -> None:
    for day in ("2026-03-16", "2026-03-23", "2026-03-30"):
        at(life, f"{day}T08:30")
    assert life.assignment(f"{assigned}.1").level == 1
    assert life.kinds(assigned).count("supervise") == 1 and "raise_owner" not in life.kinds(assigned)


def test_an_outage_that_swallowed_the_rung_still_raises_once(life: Life, assigned: str) -> None:
    at(life, "2026-04-20T09:00")
    at(life, "2026-04-27T09:00")
    assert life.assignment(f"{assigned}.1").level == 1 and life.kinds(assigned).count("supervise") == 1


def test_an_extension_that_runs_out_raises_again_up_to_the_leader(life: Life, assigned: str) -> None:
    reference = f"{assigned}.1"
    at(life, "2026-03-09T08:30")
    life.act("housing_handler", extensions.request_extension, reference, 2, "等待灯具到货")
    at(life, "2026-03-16T08:30")
    life.act("office", extensions.decide_extension, assigned, reference, True, "")
    at(life, "2026-03-17T08:30")
    assert life.assignment(reference).level == 1
    at(life, "2026-03-18T08:30")  # five working days after the new due day, the 11th
    assert life.assignment(reference).level == 2
    assert life.events(assigned)[-1].data["level"] == 2 and life.kinds(assigned)[-1] == "raise_owner"


def test_nobody_stands_above_the_leader(life: Life, assigned: str) -> None:
    with transaction():
        life.assignment(f"{assigned}.1").level = assignments.HIGHEST_LEVEL
    at(life, "2026-03-16T08:30")
    assert life.assignment(f"{assigned}.1").level == assignments.HIGHEST_LEVEL
    assert life.events(assigned)[-1].kind == "supervise" and life.events(assigned)[-1].data == {}


def test_the_offices_own_delay_raises_nobody_in_the_department(life: Life) -> None:
    number = life.matter_in("assigned")
    life.act("housing_handler", assignments.request_return, f"{number}.1", "不属于我局职责", None)
    session.execute(update(Clock).where(Clock.kind != "return_decision").values(remind_at=None))
    at(life, "2026-03-20T09:00")
    assert life.case(number).supervised_at and life.assignment(f"{number}.1").level == 0


def test_lists_name_the_next_owner(life: Life, assigned: str) -> None:
    at(life, "2026-03-16T08:30")
    (row,) = inboxes.office_box(life.town.actor("office"), "supervised", life.clock(), after=None, limit=9)
    assert (row.number, row.level) == (assigned, 1)
    (row,) = inboxes.department_box(life.town.actor("housing_head"), "late", life.clock(), after=None, limit=9)
    assert (row.reference, row.level, row.light) == (f"{assigned}.1", 1, "red")


@pytest.mark.parametrize(
    ("moment", "count"), [("2026-03-09T23:59", 0), ("2026-03-10T00:00", 1), ("2026-03-30T09:00", 1)]
)
def test_the_heads_box_holds_yellow_and_red(life: Life, assigned: str, moment: str, count: int) -> None:
    life.clock.set(datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI))
    head = life.town.actor("housing_head")
    rows = inboxes.department_box(head, "late", life.clock(), after=None, limit=9)
    assert len(rows) == inboxes.department_counts(head, life.clock())["late"] == count
    assert "late" not in inboxes.department_counts(life.town.actor("housing_approver"), life.clock())


def test_answered_work_leaves_the_heads_box(life: Life, assigned: str) -> None:
    life.clock.advance(days=20)
    life.reply(f"{assigned}.1")
    life.sign(f"{assigned}.1")
    assert inboxes.department_counts(life.town.actor("housing_head"), life.clock())["late"] == 0


def test_a_loud_rung_that_would_reach_nobody_reaches_the_office(life: Life) -> None:
    with transaction():
        ladders.set_ladder(life.town.actor("office_lead"), "110101", LOUD, life.clock())
    number = life.matter_in("submitted")  # the office's own clock: no department has a head to tell
    at(life, "2026-03-20T09:00")
    (topic,) = {each.topic for each in life.notices(number) if each.topic.startswith("reminder.")}
    assert life.told(number, topic) == {"office", "office_lead"}


def test_a_silenced_rung_falls_without_a_word(life: Life, assigned: str) -> None:
    with transaction():
        ladders.set_ladder(life.town.actor("office_lead"), "110101", LOUD, life.clock())
    at(life, "2026-03-05T08:30")
    assert life.notices(assigned, topic="reminder.half") == []
    assert next(clock for clock in life.clocks(assigned) if clock.kind == "handling").remind_at > life.clock()


def test_a_clock_that_cannot_be_served_steps_aside(life: Life, assigned: str) -> None:
    handling = next(clock for clock in life.clocks(assigned) if clock.kind == "handling")
    session.execute(update(Clock).where(Clock.id == handling.id).values(term="nonsense"))
    life.clock.advance(days=3)
    assert life.fall_due() == 0
    later = session.scalar(select(Clock.remind_at).where(Clock.id == handling.id))
    assert later == life.clock() + LATER
    session.execute(update(Clock).where(Clock.id == handling.id).values(term="5 wd"))
    life.clock.advance(minutes=10)
    assert life.fall_due() == 1 and life.told(assigned, "reminder.half") == {"housing_handler"}
