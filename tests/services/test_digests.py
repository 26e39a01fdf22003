"""The morning digest: once a working day for each office account, from 08:40, about no case, read by nobody else."""

from datetime import datetime

import pytest
from sqlalchemy import select

from liaison.db import session, transaction
from liaison.domain.calendar import SHANGHAI
from liaison.models.notices import Notice
from liaison.services import digests, inboxes, notices
from tests.support.life import Life
from tests.support.sending import Way, send

OFFICE = {"office", "office_lead", "other_office"}


def at(life: Life, text: str) -> None:
    """Set the clock to a moment in Shanghai."""
    life.clock.set(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI))


def put(life: Life) -> int:
    """Run the job."""
    with transaction():
        return digests.put_digests(life.clock())


def all_digests() -> list[Notice]:
    """Every digest put so far."""
    return list(session.scalars(select(Notice).where(Notice.topic == "digest").order_by(Notice.created_at)))


@pytest.mark.parametrize(
    "moment",
    [
        "2026-03-02T08:39:59",
        "2026-03-03T00:00",
        "2026-03-07T09:00",  # a Saturday
        "2026-10-02T09:00",  # a holiday in the week
    ],
)
def test_nothing_before_the_hour_nor_on_a_rest_day(life: Life, moment: str) -> None:
    at(life, moment)
    assert put(life) == 0 and all_digests() == []


@pytest.mark.parametrize("moment", ["2026-03-02T08:40", "2026-03-02T16:00", "2026-02-28T08:40"])  # a make-up Saturday
def test_every_office_account_gets_one_from_twenty_to_nine(life: Life, moment: str) -> None:
    at(life, moment)
    assert put(life) == len(OFFICE)
    told = {notice.recipient_id for notice in all_digests()}
    assert told == {life.town.accounts[name].id for name in OFFICE}
    assert {notice.case_id for notice in all_digests()} == {None}


def test_once_a_day_however_often_it_is_asked_for(life: Life) -> None:
    at(life, "2026-03-02T08:40")
    put(life)
    once = len(all_digests())
    for minute in range(41, 45):
        at(life, f"2026-03-02T08:{minute}")
        assert put(life) == 0
    assert len(all_digests()) == once
    at(life, "2026-03-03T08:40")
    assert put(life) == len(OFFICE) and len(all_digests()) == 2 * once


def test_who_joins_the_office_late_is_told_the_same_day(life: Life) -> None:
    life.town.accounts["office"].active = False
    at(life, "2026-03-02T08:40")
    assert put(life) == len(OFFICE) - 1
    life.town.accounts["office"].active = True
    at(life, "2026-03-02T09:00")
    assert put(life) == 1


def test_a_digest_is_sent_like_any_notice_and_only_while_its_reader_is_there(life: Life) -> None:
    at(life, "2026-03-02T08:40")
    put(life)
    mine = [each for each in all_digests() if each.channel == "log"]
    way = Way()
    gone = next(each for each in mine if each.recipient_id == life.town.accounts["office"].id)
    life.town.accounts["office"].active = False
    session.flush()
    assert send(life, way, *(each.id for each in mine)) == len(OFFICE) - 1
    assert {letter.topic for letter in way.letters} == {"digest"}
    assert session.get_one(Notice, gone.id, populate_existing=True).state == "cancelled"


def test_the_inbox_lists_the_digest_without_a_number(life: Life) -> None:
    at(life, "2026-03-02T08:40")
    put(life)
    office = life.town.actor("office")
    assert [(notice.topic, number) for notice, number in inboxes.notices_for(office)] == [("digest", None)]
    assert inboxes.notices_for(life.town.actor("deputy")) == []
    with transaction():
        assert len(notices.ring(life.clock())) >= len(OFFICE)


def test_the_figures_count_within_reach(life: Life) -> None:
    assigned = life.matter_in("assigned")
    life.acknowledge(f"{assigned}.1")
    life.clock.advance(days=7)  # its due day
    life.matter_in("submitted")

    def figures(who: str) -> dict[str, int]:
        return inboxes.office_counts(life.town.actor(who), life.clock(), inboxes.DIGEST_BOXES)

    seen = figures("office")
    assert (seen["today"], seen["due_today"], seen["yellow"], seen["red"]) == (1, 1, 0, 0)
    life.clock.advance(days=1)
    assert (figures("office")["today"], figures("office")["yellow"]) == (0, 1)
    life.clock.advance(days=2)
    assert (figures("office")["yellow"], figures("office")["red"]) == (1, 1)
    assert not any(figures("other_office").values())
