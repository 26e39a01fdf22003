"""Answers and ratings are rows of their own: whoever changes, takes out or adds one is found by the chain."""

from datetime import date, timedelta

import pytest
from sqlalchemy import delete, text, update

from liaison.db import session, transaction
from liaison.domain.actors import SYSTEM
from liaison.domain.chain import Breach
from liaison.domain.erasure import RETENTION, Part
from liaison.models.assignments import Reply
from liaison.models.base import new_id
from liaison.models.cases import Rating
from liaison.services import cases, erasing, matters, verification
from liaison.services.verification import Finding
from tests.support.life import Life

NOTHING = {"synchronize_session": False}


@pytest.fixture
def number(life: Life) -> str:
    """A matter a department answered and its resident rated, between others."""
    life.matter_in("rating")
    found = life.matter_in("closed")
    other = life.matter_in("with_deputy")
    life.act("deputy", matters.answer, other, "经现场查看，路灯已于今日修好。", "A", today=life.today)
    assert findings() == []
    return found


def findings() -> list[Finding]:
    session.expire_all()
    return list(verification.findings())


@pytest.mark.parametrize(
    ("table", "change"),
    [
        (Reply, {"text": "已经修好了。"}),
        (Reply, {"outcome": "C"}),
        (Reply, {"measures": "没有更换"}),
        (Reply, {"owner": "别人"}),
        (Reply, {"promised_on": date(2027, 1, 1)}),
        (Rating, {"result": "dissatisfied"}),
        (Rating, {"attitude": 1}),
        (Rating, {"speed": 1}),
        (Rating, {"text": "很好"}),
    ],
)
def test_a_changed_answer_or_rating_is_found(life: Life, number: str, table: type, change: dict) -> None:
    case_id = life.case(number).id
    session.execute(update(table).where(table.case_id == case_id).values(change), execution_options=NOTHING)
    told = "reply" if table is Reply else "rating"
    seq = next(event.seq for event in life.events(number) if told in event.data)
    assert findings() == [Finding(number, Breach.ALTERED, seq)]


@pytest.mark.parametrize("table", [Reply, Rating])
def test_one_that_was_taken_out_is_found(life: Life, number: str, table: type) -> None:
    case_id = life.case(number).id
    session.execute(text("UPDATE attachments SET reply_id = NULL"))
    session.execute(delete(table).where(table.case_id == case_id), execution_options=NOTHING)
    assert [(each.chain, each.breach) for each in findings()] == [(number, Breach.ALTERED)]


def test_one_that_was_added_is_found(life: Life, number: str) -> None:
    case = life.case(number)
    with transaction():
        session.add(
            Rating(
                id=new_id(),
                case_id=case.id,
                round=case.round,
                result="satisfied",
                attitude=5,
                speed=5,
                at=life.clock() + timedelta(minutes=1),
            )
        )
    assert findings() == [Finding(number, Breach.UNTOLD)]


def test_an_answer_that_was_added_after_every_word_was_erased_is_found(life: Life, number: str) -> None:
    case = life.case(number)
    with transaction():
        locked = cases.lock_by_id(case.id)
        erasing.erase(locked, set(Part), SYSTEM, erasing.Ground(RETENTION, "text"), life.keys, now=life.clock())
    assert [each for each in findings() if each.is_fault] == []
    with transaction():
        session.add(
            Reply(
                id=new_id(),
                case_id=case.id,
                round=case.round,
                by_role="deputy",
                by_name="",
                text="这件事从来没有办过。",
                outcome="D",
                at=life.clock() + timedelta(minutes=1),
            )
        )
    assert [each for each in findings() if each.is_fault] == [Finding(number, Breach.UNTOLD)]
