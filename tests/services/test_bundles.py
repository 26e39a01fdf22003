"""Bundles: more than five within an hour become one message that says how many; urgent ones and tried ones never."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy import select

from liaison.db import session, transaction
from liaison.models.notices import Notice
from liaison.models.people import Account
from liaison.services import bundles, clocks, matters, notices
from liaison.services.bundles import MOST
from liaison.services.channels import INBOX, Limit
from liaison.services.claims import BUNDLE
from liaison.services.recipients import Recipient
from tests.support.life import Life
from tests.support.sending import HOPELESS, REFUSED, Way, claim, fresh, install, reach, relay, send


@pytest.fixture(autouse=True)
def reached(life: Life) -> None:
    """The office lead is reached by WeCom and else by mail; nothing else is on its way."""
    install(wecom=Limit(), email=Limit())
    reach(life, life.town.accounts["office_lead"], "wecom", "email")


def tell(life: Life, number: str, *occasions: str, urgent: bool = False, who: str = "office_lead") -> list[UUID]:
    """The ids of notices to somebody about a matter, one per occasion, due now."""
    case, account = life.case(number), life.town.accounts[who]
    recipient = Recipient(account.role, account.id, tuple(account.channels))
    before = set(outward())
    for occasion in occasions:
        with transaction():
            notices.tell(case, "add", [recipient], life.clock(), occasion=f"test:{occasion}", urgent=urgent)
    return [each for each in outward() if each not in before]


def matter(life: Life) -> str:
    """The number of a new matter, whose own notices are all cancelled."""
    number = life.submit().case.number
    with transaction():
        for notice in session.scalars(select(Notice).where(Notice.channel != INBOX, Notice.topic == "submit")):
            notice.state, notice.settled_at = "cancelled", life.clock()
    return number


def outward() -> list[UUID]:
    """The ids of all notices on their way out, oldest first."""
    found = select(Notice.id).where(Notice.channel != INBOX, Notice.topic != "submit")
    return list(session.scalars(found.order_by(Notice.created_at, Notice.id)))


def made(ids: Sequence[UUID]) -> list[Notice]:
    """The bundles of these notices."""
    wanted = {fresh(each).bundle_id for each in ids} - {None}
    return [fresh(each) for each in sorted(wanted)]


def states(ids: Sequence[UUID]) -> list[str]:
    """What became of notices."""
    return [fresh(each).state for each in ids]


def test_five_go_one_by_one(life: Life) -> None:
    ids = tell(life, matter(life), *"12345")
    assert set(relay(life)) == set(ids) and len(ids) == MOST
    assert len(claim(life, *ids)) == 5


def test_six_at_once_are_one_message_that_says_how_many(life: Life) -> None:
    ids = tell(life, matter(life), *"123456")
    rung = relay(life)
    (bundle,) = made(ids)
    assert rung == [bundle.id] and states(ids) == ["bundled"] * 6
    assert all(fresh(each).settled_at == life.clock() for each in ids)
    way = Way()
    assert send(life, {"wecom": way}, *rung, *ids) == 1
    (letter,) = way.letters
    assert "6 条" in letter.text and letter.link.endswith("/console/notices")
    assert (bundle.case_id, bundle.topic, bundle.route) == (None, BUNDLE, ["email"])


def test_the_sixth_within_the_hour_is_held_and_a_seventh_joins_it(life: Life) -> None:
    number = matter(life)
    send(life, Way(), *tell(life, number, *"12345"))
    life.clock.advance(minutes=30)
    (sixth,) = tell(life, number, "6")
    (bundle,) = made([sixth]) or [fresh(each) for each in relay(life)]
    (seventh,) = tell(life, number, "7")
    relay(life)
    assert [each.id for each in made([sixth, seventh])] == [bundle.id]
    (message,) = claim(life, bundle.id)
    assert message.count == 2


def test_an_hour_later_they_go_one_by_one_again(life: Life) -> None:
    number = matter(life)
    send(life, Way(), *tell(life, number, *"12345"))
    life.clock.advance(minutes=60)
    (sixth,) = tell(life, number, "6")
    assert relay(life) == [sixth]


def test_those_under_way_count_as_well(life: Life) -> None:
    number = matter(life)
    first = tell(life, number, *"12345")
    claim(life, *first)
    (sixth,) = tell(life, number, "6")
    relay(life)
    assert states([sixth]) == ["bundled"]


def test_those_that_failed_so_far_count_and_are_not_bundled_themselves(life: Life) -> None:
    number = matter(life)
    first = tell(life, number, *"12345")
    send(life, Way(*[REFUSED] * 5), *first)
    life.clock.advance(seconds=5)
    (sixth,) = tell(life, number, "6")
    relay(life)
    assert (states(first), states([sixth])) == (["due"] * 5, ["bundled"])


def test_urgent_ones_are_never_bundled(life: Life) -> None:
    number = matter(life)
    ids = tell(life, number, *"123456", urgent=True)
    assert set(relay(life)) == set(ids)
    send(life, Way(), *ids)
    urgent, usual = tell(life, number, "7", urgent=True), tell(life, number, "8")
    relay(life)
    assert states([*urgent, *usual]) == ["due", "bundled"]


def test_what_waits_for_the_morning_is_bundled_in_the_morning(life: Life) -> None:
    number = matter(life)
    life.clock.advance(hours=10)  # in the evening
    ids = tell(life, number, *"123456")
    assert relay(life) == [] and states(ids) == ["due"] * 6
    life.clock.set(fresh(ids[0]).next_at)
    (bundle,) = relay(life)
    assert states(ids) == ["bundled"] * 6 and fresh(bundle).topic == BUNDLE


def test_another_persons_notices_are_another_matter(life: Life) -> None:
    number = matter(life)
    reach(life, life.town.accounts["office"], "wecom")
    mine, theirs = tell(life, number, *"123456"), tell(life, number, *"12", who="office")
    assert set(theirs) < set(relay(life))
    assert set(states(mine)) == {"bundled"} and set(states(theirs)) == {"due"}


def test_the_second_bundle_leaves_an_hour_after_the_first(life: Life) -> None:
    number = matter(life)
    tell(life, number, *"123456")
    send(life, Way(), *relay(life))
    left: datetime = life.clock()
    life.clock.advance(minutes=20)
    more = tell(life, number, *"abcdef")
    assert relay(life) == []
    (bundle,) = made(more)
    assert (bundle.next_at - left).total_seconds() == 3600
    life.clock.set(bundle.next_at)
    assert relay(life) == [bundle.id] and send(life, Way(), bundle.id) == 1


def test_a_bundle_that_was_tried_is_not_joined(life: Life) -> None:
    number = matter(life)
    tell(life, number, *"123456")
    (first,) = relay(life)
    send(life, Way(REFUSED), first)
    more = tell(life, number, *"abcdef")
    relay(life)
    (second,) = made(more)
    assert second.id != first and fresh(first).state == "due"
    assert (second.next_at - life.clock()).total_seconds() == 3600


def test_a_bundle_goes_along_the_route_like_any_other(life: Life) -> None:
    tell(life, matter(life), *"123456")
    (bundle,) = relay(life)
    send(life, Way(HOPELESS), bundle)
    assert (fresh(bundle).channel, fresh(bundle).passed) == ("email", [["wecom", "no such user"]])
    assert relay(life) == [bundle] and send(life, {"email": Way()}, bundle) == 1


def test_a_bundle_tells_only_of_what_is_still_wanted_and_is_cancelled_when_nothing_is(life: Life) -> None:
    numbers = [matter(life) for _ in range(6)]
    reach(life, life.town.accounts["deputy"], "wecom")
    deputy = life.town.accounts["deputy"]
    for number in numbers:
        life.act("office", matters.accept, number)
    with transaction():
        for notice in session.scalars(select(Notice).where(Notice.topic == "accept")):
            notice.state, notice.settled_at = "sent", life.clock()
    life.clock.advance(hours=2)
    with transaction():
        for number in numbers:
            (clock,) = life.clocks(number)
            recipient = Recipient(deputy.role, deputy.id, ("wecom",))
            notices.tell(life.case(number), "reminder.half", [recipient], life.clock(), occasion="t", clock=clock)
    life.clock.set(max(fresh(each).next_at for each in outward()))
    (bundle,) = relay(life)
    with transaction():
        clocks.stop_all(life.case(numbers[0]).id, life.clock())
        life.clocks(numbers[1])[0].generation += 1  # computed anew, so that the old rung is moot
    (message,) = claim(life, bundle)
    assert message.count == 4
    life.clock.advance(minutes=1)
    assert relay(life) == [bundle]
    with transaction():
        for number in numbers:
            clocks.stop_all(life.case(number).id, life.clock())
    assert claim(life, bundle) == [] and fresh(bundle).state == "cancelled"


def test_one_who_lost_sight_of_every_case_in_it_gets_no_bundle(life: Life) -> None:
    number = life.matter_in("with_deputy")
    reach(life, life.town.accounts["deputy"], "wecom")
    ids = tell(life, number, *"123456", who="deputy")
    relay(life)
    (bundle,) = made(ids)
    life.act("deputy", matters.pass_on, number, "D004", "不在我的选区")
    assert claim(life, bundle.id) == [] and fresh(bundle.id).state == "cancelled"


def test_a_closed_account_gets_no_bundle(life: Life) -> None:
    tell(life, matter(life), *"123456")
    (bundle,) = relay(life)
    with transaction():
        session.get_one(Account, life.town.accounts["office_lead"].id).active = False
    assert claim(life, bundle) == [] and fresh(bundle).state == "cancelled"


def test_bundling_twice_bundles_nothing_new(life: Life) -> None:
    tell(life, matter(life), *"123456")
    counts = []
    for _ in range(2):
        with transaction():
            counts.append(bundles.bundle(life.clock()))
    assert counts == [6, 0]
