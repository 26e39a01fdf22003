"""Telling: once per occasion and person, into the inbox at once and on its way by the recipient's own channels."""

from uuid import UUID

from sqlalchemy import func, select

from liaison.db import session, transaction
from liaison.models.notices import Notice
from liaison.services import notices
from liaison.services.recipients import Recipient
from tests.support.life import Life
from tests.support.sending import fresh, outward


def test_telling_twice_on_one_occasion_puts_one_notice_into_the_inbox_and_one_on_its_way(life: Life) -> None:
    case = life.submit().case
    person = Recipient("office", life.town.accounts["office"].id)
    before = session.scalar(select(func.count()).select_from(Notice))
    for _ in range(2):
        with transaction():
            notices.tell(case, "accept", [person], life.clock(), occasion="x")
    assert session.scalar(select(func.count()).select_from(Notice)) == before + 2
    (arrived,) = life.notices(case.number, topic="accept")
    (leaving,) = life.notices(case.number, topic="accept", channel="log")
    assert (arrived.state, arrived.settled_at, leaving.state) == ("sent", life.clock(), "due")


def test_a_notice_carries_no_word_of_the_matter(life: Life) -> None:
    row = fresh(outward(life, life.submit().case.number))
    values = [str(getattr(row, column.key)) for column in Notice.__table__.columns]
    assert isinstance(row.id, UUID) and not any("路灯" in value for value in values)
