"""Sweeping: only files no case names, notices a wrong clock has put off, clocks that nobody would look at again."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from liaison.clients.letters import Kind, NotSent
from liaison.db import session, transaction
from liaison.domain.actors import Role
from liaison.models.base import new_id
from liaison.models.clocks import Clock
from liaison.models.notices import Notice
from liaison.services import cases, channels, notices, sweeping
from liaison.services.attachments import attach
from liaison.services.channels import Limit
from liaison.services.photos import Kept
from liaison.services.recipients import Recipient
from tests.support.life import Life
from tests.support.sending import REFUSED, TOO_MUCH, Way, claim, fresh, install, outward, reach, relay, ring, send

AHEAD = 300
"""Days by which the clock ran ahead."""


def pull_in(life: Life) -> int:
    """Sweep as the job does."""
    with transaction():
        return sweeping.pull_in(life.clock())


@pytest.fixture
def notice(life: Life) -> UUID:
    """The id of a notice that is due now."""
    return outward(life, life.submit().case.number)


def test_a_file_that_a_case_names_is_never_swept(town, clock) -> None:
    case = cases.open_case(
        "matter",
        clock(),
        id=new_id(),
        place=1,
        title="路灯",
        text="路灯不亮",
        region_id=town.regions.county.id,
        region_path=town.regions.county.path,
    )
    attach(
        case, Role.RESIDENT, [Kept("photos/aa/1.jpg", "thumbs/aa/1.jpg", "image/jpeg", 1, "0" * 64, "0" * 64)], clock()
    )
    found = sweeping.unknown_files(["photos/aa/1.jpg", "thumbs/aa/1.jpg", "photos/bb/2.jpg"])
    assert found == ["photos/bb/2.jpg"]


# A clock that ran ahead


def test_nothing_is_pulled_in_while_all_is_as_it_should_be(life: Life) -> None:
    number = life.submit().case.number
    leased, tried, rung = (each.id for each in life.notices(number, channel="log"))
    ring(life)
    assert claim(life, leased)
    send(life, Way(REFUSED), tried)
    life.clock.advance(hours=9)
    life.submit()  # in the evening, for the next morning
    before = {each: fresh(each).next_at for each in (leased, tried, rung)}
    assert pull_in(life) == 0
    assert {each: fresh(each).next_at for each in before} == before


def test_a_notice_made_by_a_clock_that_ran_ahead_is_due_as_it_would_have_been(life: Life) -> None:
    life.clock.advance(days=AHEAD, hours=10)  # at night: two hours and a half before office hours, or days
    number = life.submit().case.number
    late = fresh(outward(life, number))
    waited = late.next_at - late.created_at
    life.clock.advance(days=-AHEAD)
    assert waited and pull_in(life) == 3
    row, now = fresh(late.id), life.clock()
    assert (row.created_at, row.next_at, row.due_at) == (now, now + waited, now + waited)


def test_a_lease_taken_by_a_clock_that_ran_ahead_runs_out_now(life: Life, notice: UUID) -> None:
    life.clock.advance(days=AHEAD)
    (message,) = claim(life, notice)
    life.clock.advance(days=-AHEAD)
    assert notice not in ring(life)
    assert pull_in(life) == 1
    assert notice in ring(life)
    (again,) = claim(life, notice)
    assert again.token == message.token + 1


def test_a_backoff_and_a_bell_of_a_clock_that_ran_ahead_are_forgotten(life: Life) -> None:
    tried, rung, _ = (each.id for each in life.notices(life.submit().case.number, channel="log"))
    life.clock.advance(days=AHEAD)
    ring(life)
    send(life, Way(REFUSED), tried)
    life.clock.advance(days=-AHEAD)
    assert not {tried, rung} & set(ring(life))
    pull_in(life)
    assert {tried, rung} <= set(ring(life))


def test_what_was_to_go_out_in_the_morning_and_was_tried_too_early_goes_out_in_the_morning(life: Life) -> None:
    life.clock.advance(hours=10)  # in the evening
    late = outward(life, life.submit().case.number)
    morning = fresh(late).next_at
    life.clock.advance(days=AHEAD)
    send(life, Way(REFUSED), late)
    life.clock.advance(days=-AHEAD)
    assert pull_in(life) >= 1 and fresh(late).next_at == morning


def test_the_relay_is_woken_only_when_something_was_pulled_in(life: Life, notice: UUID) -> None:
    woken: list[int] = []
    for ahead in (0, AHEAD):
        life.clock.advance(days=ahead)
        assert ahead == 0 or claim(life, notice)
        life.clock.advance(days=-ahead)
        with transaction(wake=lambda: woken.append(1)):
            sweeping.pull_in(life.clock())
        assert len(woken) == (ahead > 0)


# Pauses


@pytest.fixture
def text(life: Life) -> UUID:
    """The id of a notice that goes by text message or not at all."""
    install(sms=Limit())
    account, case = life.town.accounts["office"], life.submit().case
    reach(life, account, "sms")
    with transaction():
        notices.tell(case, "add", [Recipient(Role.OFFICE, account.id, ("sms",))], life.clock(), occasion="x")
    return session.scalar(select(Notice.id).where(Notice.channel == "sms", Notice.topic == "add"))


def test_a_pause_is_waited_for_and_not_once_a_person_has_ended_it(life: Life, text: UUID) -> None:
    send(life, Way(NotSent("arrears", Kind.QUOTA, pause=timedelta(hours=20))), text)
    life.clock.advance(minutes=10)
    assert pull_in(life) == 0
    with transaction():
        channels.resume("sms")
    assert pull_in(life) == 1
    assert relay(life) == [text]


def test_what_waited_untried_for_a_pause_goes_out_as_well_once_it_is_ended(life: Life, text: UUID) -> None:
    with transaction():
        channels.pause("sms", life.clock() + timedelta(hours=20), "arrears", life.clock())
    assert claim(life, text) == []
    life.clock.advance(minutes=10)
    assert pull_in(life) == 0
    with transaction():
        channels.resume("sms")
    assert pull_in(life) == 1
    assert relay(life) == [text]


def test_a_pause_by_a_clock_that_ran_ahead_ends_with_it(life: Life, text: UUID) -> None:
    life.clock.advance(days=AHEAD)
    send(life, Way(TOO_MUCH), text)
    life.clock.advance(days=-AHEAD)
    pull_in(life)
    assert channels.paused(life.clock()) == {}
    assert relay(life) == [text] and send(life, Way(), text) == 1


# Clocks


def test_a_running_clock_that_nobody_would_look_at_is_woken(life: Life) -> None:
    number = life.matter_in("with_deputy")
    with transaction():
        session.execute(update(Clock).values(remind_at=None))
        assert sweeping.wake_clocks(life.clock()) == 1
    (clock,) = life.clocks(number)
    assert clock.remind_at == life.clock()
    life.fall_due()
    (clock,) = life.clocks(number)
    assert clock.remind_at > life.clock() and sweeping.wake_clocks(life.clock()) == 0


def test_a_clock_that_is_held_or_has_stopped_sleeps_on(life: Life) -> None:
    life.matter_in("closed")
    life.matter_in("withdrawn")
    held = life.matter_in("needs_info")
    with transaction():
        assert sweeping.wake_clocks(life.clock()) == 0
    assert any(clock.paused_at and clock.remind_at is None for clock in life.clocks(held))
