"""Similar matters: the same event in other words is found, another place is not, and nothing beyond reach ever."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from liaison.db import session, transaction
from liaison.models.conflicts import Conflict
from liaison.services import matters, similar
from tests.support.life import Life

HOLE = "北街菜市场门口的路面塌了一个大坑，骑车的老人摔倒了，请尽快修补。"
AGAIN = "菜市场门口路面有个大坑，昨天又有老人骑车摔倒，希望修补路面。"
ELSEWHERE = "南桥小区门口的路面塌了一个大坑，请尽快修补。"
OTHER = "公交车十八路晚上收车太早，学生下晚自习坐不上车。"


def found(life: Life, number: str, who: str = "office") -> list[str]:
    """The numbers of what is like a matter, likest first."""
    actor, case = life.town.actor(who), life.case(number)
    return [each.case.number for each in similar.find_similar(actor, case, life.clock())]


def test_the_same_event_in_other_words_comes_first_and_another_complaint_not_at_all(life: Life) -> None:
    first, again, elsewhere, other = (life.submit(text=words).case.number for words in (HOLE, AGAIN, ELSEWHERE, OTHER))
    like = found(life, again)
    assert like[0] == first and other not in like
    assert elsewhere not in like[:1]


@pytest.mark.parametrize("state", ["merged", "withdrawn", "redirected", "not_accepted"])
def test_what_is_off_the_table_is_not_offered(life: Life, state: str) -> None:
    if state == "merged":
        lead, number = life.submit(text=OTHER).case.number, life.submit(text=HOLE).case.number
        life.act("office", matters.merge, number, lead)
    else:
        number = life.matter_in(state, text=HOLE)
    assert number not in found(life, life.submit(text=AGAIN).case.number)


def test_a_closed_one_is_remembered_for_a_quarter_and_an_open_one_for_ever(life: Life) -> None:
    closed, still_open = life.matter_in("closed", text=HOLE), life.matter_in("assigned", text=HOLE)
    life.clock.advance(days=89)
    assert set(found(life, life.submit(text=AGAIN).case.number)) >= {closed, still_open}
    life.clock.advance(days=2)
    again = found(life, life.submit(text=AGAIN).case.number)
    assert still_open in again and closed not in again


def test_never_across_reach_or_conflict(life: Life) -> None:
    first, again = life.submit(text=HOLE).case.number, life.submit(text=AGAIN).case.number
    assert found(life, again) == [first]
    with transaction():
        office = life.town.accounts["office"].id
        row = Conflict(case_id=life.case(first).id, party_id=office, kind="account", source="office", at=life.clock())
        session.add(row)
    assert found(life, again) == [] and found(life, again, "office_lead") == [first]
    assert found(life, again, "other_office") == []


def test_the_index_of_pairs_is_used(life: Life) -> None:
    for words in (HOLE, AGAIN, OTHER):
        life.submit(text=words)
    body = session.scalar(text("SELECT prosrc FROM pg_proc WHERE proname = 'cases_like'"))
    since = life.clock() - timedelta(days=90)
    session.execute(text("SET LOCAL enable_seqscan = off"))
    plan = body.replace("(words)", f"('{AGAIN}')").replace(">= since", f">= '{since.isoformat()}'")
    plan = "\n".join(session.scalars(text("EXPLAIN " + plan.replace("LIMIT most", "").replace(":", "\\:"))))
    assert "ix_cases_bigrams" in plan
