"""Several people at the same moment, on real connections: one wins, the others are told what happened."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from flask import Flask
from werkzeug.test import TestResponse

from liaison.db import transaction
from liaison.services import sign_in
from tests.support.journey import done, problem, tell
from tests.support.life import TEXT, Life
from tests.support.pictures import photo

MANY = 6


def at_once(count: int, act: Callable[[int], TestResponse]) -> list[TestResponse]:
    """The answers to as many requests sent together."""
    start = Barrier(count)

    def together(position: int) -> TestResponse:
        start.wait()
        return act(position)

    with ThreadPoolExecutor(count) as people:
        return list(people.map(together, range(count)))


def test_one_submission_sent_many_times_at_once_is_one_matter(live_app: Flask, live_life: Life) -> None:
    answers = at_once(MANY, lambda _: tell(live_app.test_client(), "S001", key="once", text=TEXT, photos=[photo()]))
    assert sorted(answer.status_code for answer in answers) == [200] * (MANY - 1) + [201]
    assert all(answer.json == answers[0].json for answer in answers)
    number = answers[0].json["number"]
    assert live_life.kinds(number) == ["submit"]
    assert len(live_life.notices(number, topic="submit")) == 2


def test_of_many_who_accept_a_matter_at_once_one_does(live_app: Flask, live_life: Life) -> None:
    number = live_life.matter_in("submitted")
    with transaction():
        account = live_life.town.accounts["office"]
        tokens = [sign_in.open_session(account, live_life.clock()).token for _ in range(MANY)]

    def accept(position: int) -> TestResponse:
        headers = {"Authorization": f"Bearer {tokens[position]}"}
        return live_app.test_client().post(f"/api/v1/office/matters/{number}/accept", headers=headers)

    answers = at_once(MANY, accept)
    won = [answer for answer in answers if answer.status_code == 200]
    assert [done(answer)["state"] for answer in won] == ["with_deputy"]
    lost = [problem(answer, 409) for answer in answers if answer not in won]
    assert {(body["state"], body["waiting_for"]) for body in lost} == {("with_deputy", "deputy")}
    assert live_life.kinds(number) == ["submit", "accept"]


def test_a_matter_taken_back_at_the_moment_it_is_accepted_has_one_end(live_app: Flask, live_life: Life) -> None:
    told = tell(live_app.test_client(), "S001", text=TEXT).json
    with transaction():
        office = sign_in.open_session(live_life.town.accounts["office"], live_life.clock()).token
    moves = [
        (f"/api/v1/matters/{told['number']}/withdrawal", {"X-Matter-Secret": told["secret"]}),
        (f"/api/v1/office/matters/{told['number']}/accept", {"Authorization": f"Bearer {office}"}),
    ]
    answers = at_once(2, lambda position: live_app.test_client().post(moves[position][0], headers=moves[position][1]))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert live_life.kinds(told["number"]) in (["submit", "withdraw"], ["submit", "accept"])
