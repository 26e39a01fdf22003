"""Clocks of cases: local terms, and what a new calendar does to those that run."""

import pytest
from sqlalchemy import select

from liaison.db import session, transaction
from liaison.domain.errors import Conflict, Invalid
from liaison.models.base import new_id
from liaison.models.clocks import CalendarDay, CalendarYear, Clock
from liaison.models.departments import LocalTerm
from liaison.services import calendars, clocks, dossiers, intake, matters
from liaison.services.recalculation import load_table
from tests.support.calendar import table
from tests.support.life import Life


def set_term(region, clock: str, term: str) -> None:
    """Let a region have its own term."""
    with transaction():
        session.add(LocalTerm(id=new_id(), region_id=region.id, clock=clock, term=term))


def test_the_nearest_region_that_set_a_term_wins(life: Life) -> None:
    regions = life.town.regions
    set_term(regions.province, "screening", "3 wd")
    assert life.clocks(life.submit().case.number)[0].term == "3 wd"
    set_term(regions.east, "screening", "2 wd")
    set_term(regions.west, "screening", "4 wd")
    set_term(regions.other_county, "screening", "5 wd")
    assert life.clocks(life.submit().case.number)[0].term == "2 wd"


def test_a_clock_is_extended_once(life: Life) -> None:
    number = life.matter_in("assigned")
    clock = life.clocks(number)[0]
    with transaction():
        clocks.extend(clock, 3, life.clock())
    with pytest.raises(Conflict), transaction():
        clocks.extend(clock, 3, life.clock())


def test_what_happens_to_a_clock_changes_its_reminders_at_once(life: Life) -> None:
    number = life.matter_in("with_deputy")
    assert life.clocks(number)[0].remind_at is not None
    life.act("deputy", matters.ask, number, "哪几盏？")
    assert life.clocks(number)[0].remind_at is None
    life.act(life.resident(number), intake.add, number, "第三盏。", [])
    assert life.clocks(number)[0].remind_at is not None
    life.act("deputy", matters.hand_over, number, "属实", [])
    stopped = next(clock for clock in life.clocks(number, running=False) if clock.kind == "verification")
    assert stopped.remind_at is None and stopped.stopped_at == life.clock()


def test_a_new_official_table_moves_open_clocks_and_each_case_says_so(life: Life) -> None:
    life.clock.set(life.clock().replace(year=2026, month=12, day=28))
    moved, still = life.matter_in("rating"), life.matter_in("with_deputy")
    closed = life.matter_in("closed")
    before = life.clocks(moved)[0].due_on
    assert life.clocks(moved)[0].provisional
    with transaction():
        # Rest where weekends and fixed-date holidays alone would have had people work.
        done = load_table(table(2027, rest=["2027-01-04", "2027-01-05"]), life.clock())
    (clock,) = life.clocks(moved)
    assert done.years == {2027} and done.moved == 1
    assert clock.due_on > before and not clock.provisional and clock.generation == 2
    event = life.events(moved)[-1]
    assert (event.kind, event.internal, event.by_role) == ("calendar", False, "system")
    assert event.data == {"clock": "rating", "before": before.isoformat(), "after": clock.due_on.isoformat()}
    assert clock.lapse_at == clock.due_at
    assert "calendar" not in life.kinds(still) + life.kinds(closed)


def test_the_held_pause_is_counted_anew_with_the_table(life: Life) -> None:
    life.clock.set(life.clock().replace(year=2026, month=12, day=28))
    number = life.matter_in("needs_info")
    life.clock.advance(days=9)  # over new year
    life.act(life.resident(number), intake.add, number, "第三盏。", [])
    clock = life.clocks(number)[0]
    days = clock.paused_days
    with transaction():
        load_table(table(2027, rest=["2027-01-04", "2027-01-05"]), life.clock())
    assert life.clocks(number)[0].paused_days == days - 2


def test_a_table_replaces_its_year_whole_and_leaves_the_others(life: Life) -> None:
    with transaction():
        calendars.import_table(table(2027, rest=["2027-03-03"]), life.clock())
    with transaction():
        calendars.import_table(table(2027, rest=["2027-03-04"]), life.clock.advance(minutes=1))
    extra = select(CalendarDay.day).where(CalendarDay.name == "临时")
    assert [str(day) for day in session.scalars(extra)] == ["2027-03-04"]
    assert session.get(CalendarYear, 2026) and session.get(CalendarYear, 2027)
    assert not calendars.current_calendar().is_working(session.scalars(extra).one())


def test_a_table_that_cannot_be_read_changes_nothing(life: Life) -> None:
    for wrong in ("", "day,kind,name\n2027-01-01,holiday,元旦\n", "day,kind,name\n2027-13-01,rest,元旦\n"):
        with pytest.raises(Invalid), transaction():
            load_table(wrong, life.clock())
    assert session.get(CalendarYear, 2027) is None


def test_the_case_page_shows_how_the_due_day_came_about(life: Life) -> None:
    number = life.matter_in("with_deputy")
    life.act("deputy", matters.ask, number, "哪几盏？")
    life.clock.advance(days=2)
    life.act(life.resident(number), intake.add, number, "第三盏。", [])
    seen = dossiers.get_dossier(life.town.actor("deputy"), number, life.keys, life.clock())
    assert {"start", "pause", "due"} <= {str(step.kind) for step in seen.deadline.steps}
    assert [step.rung for step in seen.deadline.ladder][-1] == "repeat"


def test_a_stopped_clock_is_never_recomputed(life: Life) -> None:
    life.clock.set(life.clock().replace(year=2026, month=12, day=28))
    number = life.matter_in("closed")
    before = [(clock.due_on, clock.generation) for clock in life.clocks(number, running=False)]
    with transaction():
        load_table(table(2027, rest=["2027-01-04"]), life.clock())
    assert [(clock.due_on, clock.generation) for clock in life.clocks(number, running=False)] == before
    assert not session.scalars(select(Clock).where(Clock.stopped_at.is_not(None), Clock.remind_at.is_not(None))).all()
