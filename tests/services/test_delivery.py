"""Sending: slots are kept full, never overfull, and nothing stands in a transaction while a provider takes its time."""

from collections.abc import Callable, Sequence
from datetime import datetime
from threading import Barrier, Event, Lock
from uuid import UUID

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from liaison.clients.letters import Letter
from liaison.db import session, transaction
from liaison.models.notices import Notice
from liaison.services import delivery
from liaison.services.delivery import Post
from tests.support.life import Life
from tests.support.sending import Way, fresh, outward, send

PATIENCE = 10.0
"""Seconds after which a test that would wait for ever fails instead."""


def told(life: Life, matters: int = 2) -> list[UUID]:
    """The ids of notices that are due, three for every matter: to the office, its lead and the resident."""
    numbers = [life.submit().case.number for _ in range(matters)]
    return [each.id for number in numbers for each in life.notices(number, channel="log")]


def deliver(life: Life, ids: Sequence[UUID], outlet: object, slots: int, clock: Callable[[], datetime]) -> int:
    """Send by one outlet."""
    return delivery.send_notices(ids, Post({"log": outlet}, lambda: life.keys, clock, "http://testserver"), slots)


class FirstWaitsForLast:
    """An outlet whose first letter is not taken before the last one was."""

    def __init__(self, letters: int) -> None:
        self.left, self.lock, self.last = letters, Lock(), Event()
        self.waited: list[bool] = []

    def send(self, letter: Letter) -> None:
        """Wait, if it is the first."""
        with self.lock:
            self.left -= 1
            is_first, is_last = not self.waited, not self.left
            self.waited += [True] if is_first else []
        if is_last:
            self.last.set()
        if is_first and not self.last.wait(PATIENCE):
            self.waited[0] = False


class Meeting:
    """An outlet that takes letters only by so many at once, and counts how many there are at most."""

    def __init__(self, size: int) -> None:
        self.barrier, self.lock, self.now, self.most = Barrier(size), Lock(), 0, 0

    def send(self, letter: Letter) -> None:
        """Wait for the others."""
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.barrier.wait(PATIENCE)
        with self.lock:
            self.now -= 1


def test_a_slot_is_filled_again_before_the_slowest_has_ended(life: Life) -> None:
    ids = told(life)
    outlet = FirstWaitsForLast(len(ids))
    assert deliver(life, ids, outlet, 2, life.clock) == len(ids) == 6
    assert outlet.waited == [True]


def test_all_slots_work_at_once_and_no_more(life: Life) -> None:
    ids = told(life)
    outlet = Meeting(3)
    assert deliver(life, ids, outlet, 3, life.clock) == 6
    assert outlet.most == 3


def test_no_more_are_claimed_ahead_than_there_are_slots(life: Life) -> None:
    leased: list[int] = []

    def clock() -> datetime:
        leased.append(session.scalar(select(func.count()).where(Notice.state == "leased")))
        return life.clock()

    assert deliver(life, told(life), Way(), 2, clock) == 6
    assert max(leased) == 4


def test_what_cannot_be_claimed_leaves_its_slot_to_the_next(life: Life) -> None:
    ids = told(life)
    with transaction():
        for id_ in ids[:-1]:
            fresh(id_).state = "cancelled"
    assert deliver(life, [UUID(int=0), *ids], Way(), 1, life.clock) == 1


def test_a_provider_is_spoken_to_outside_any_transaction(live_life: Life, live_app: Flask) -> None:
    seen: list[str] = []

    class Looking:
        def send(self, letter: Letter) -> None:
            """See the claim from elsewhere, committed and not locked."""
            id_ = UUID(letter.client_message_id)
            with live_app.app_context(), transaction():
                seen.append(session.scalar(_state().where(Notice.id == id_).with_for_update(nowait=True)))

    ids = told(live_life, 1)
    session.rollback()
    assert deliver(live_life, ids, Looking(), 2, live_life.clock) == 3
    assert seen == ["leased"] * 3


def test_the_providers_own_id_is_kept(life: Life) -> None:
    class Numbering:
        def send(self, letter: Letter) -> str:
            """Give an id."""
            return f"provider-{letter.client_message_id}"

    (notice, *_) = told(life, 1)
    deliver(life, [notice], Numbering(), 1, life.clock)
    assert fresh(notice).provider_id == f"provider-{notice.hex}"


def test_a_letter_says_that_there_is_news_and_where_and_not_what(life: Life) -> None:
    number = life.submit().case.number
    taken = Way()
    send(life, taken, outward(life, number, "resident"), outward(life, number, "office"))
    texts = {letter.link: letter.text for letter in taken.letters}
    assert set(texts) == {f"http://testserver/m/{number}", "http://testserver/console/notices"}
    assert all("路灯" not in text for text in texts.values())


def test_a_channel_that_is_not_installed_any_more_is_an_error_like_any_other(life: Life) -> None:
    (notice, *_) = told(life, 1)
    assert send(life, {}, notice) == 0
    assert (fresh(notice).state, fresh(notice).error) == ("due", "KeyError")


def _state():
    return select(Notice.state)


class Outages:
    """A clock whose database is away at the given of its calls, counted from one."""

    def __init__(self, clock: Callable[[], datetime], *away: int) -> None:
        self.clock, self.away, self.calls = clock, away, 0

    def __call__(self) -> datetime:
        """The time, or what SQLAlchemy raises when nobody answers."""
        self.calls += 1
        if self.calls in self.away:
            raise OperationalError("SELECT clock_timestamp()", {}, ConnectionError())
        return self.clock()


def test_what_was_taken_is_settled_once_the_database_is_back(life: Life) -> None:
    (first, *_), way = told(life, 1), Way()
    assert deliver(life, [first], way, 1, Outages(life.clock, 2, 3)) == 1
    assert fresh(first).state == "sent" and len(way.letters) == 1


def test_what_cannot_be_claimed_is_left_to_the_next_ring_and_the_others_are_settled(life: Life) -> None:
    ids, way = told(life, 1), Way()
    assert deliver(life, ids, way, 1, Outages(life.clock, 1)) == 1
    assert sorted(fresh(id_).state for id_ in ids) == ["due", "due", "sent"]
    assert send(life, way, *ids) == 2 and len(way.letters) == 3
