"""When a system is left alone, and that it is tried again: by a model of it with a clock of its own, and over HTTP."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from liaison.clients.breaker import FAILURES, REST, WINDOW, Breaker, Resting
from liaison.clients.calls import RESTS, Caller
from liaison.clients.letters import Kind, NotSent
from liaison.clients.wechat import MessageTemplate, TemplateOutlet, Wechat, WechatAccount
from tests.support.outside import OPENID, Outside, a_letter

PATH = "/cgi-bin/gettoken"


class Calls(RuleBasedStateMachine):
    """Calls that begin and end in any order, beside the plainest description of what should let them through."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.breaker = Breaker(lambda: self.now, patience=0)
        self.under_way: list[bool] = []
        self.failures: list[float] = []
        self.rests_until: float | None = None

    @rule(seconds=st.sampled_from([0.1, 1.0, REST / 2, REST, WINDOW, WINDOW + 1]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def begin(self) -> None:
        closed, rested = self.rests_until is None, self.rests_until is not None and self.now >= self.rests_until
        may = closed or (rested and not any(self.under_way))
        try:
            tries = self.breaker.enter()
        except Resting as rest:
            assert not may
            assert timedelta(0) < rest.pause <= timedelta(seconds=REST)
            return
        assert may and tries is (not closed)
        self.under_way.append(tries)

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), answered=st.booleans())
    def end(self, data: st.DataObject, answered: bool) -> None:
        tried = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
        self.breaker.leave(tried, answered=answered)
        if answered:
            self.failures, self.rests_until = [], None
        elif tried:
            self.rests_until = self.now + REST
        elif self.rests_until is None:
            self._count()

    @rule()
    def an_outage(self) -> None:
        """Enough calls fail at once, whatever went before."""
        for _ in range(FAILURES):
            self.begin()
            if self.under_way and not self.under_way[-1]:
                self.breaker.leave(self.under_way.pop(), answered=False)
                if self.rests_until is None:
                    self._count()

    @invariant()
    def only_one_tries(self) -> None:
        assert sum(self.under_way) <= 1

    def _count(self) -> None:
        if self.failures and self.now - self.failures[0] > WINDOW:
            self.failures = []
        self.failures.append(self.now)
        if len(self.failures) == FAILURES:
            self.failures, self.rests_until = [], self.now + REST


TestCalls = Calls.TestCase
TestCalls.settings = settings(max_examples=100, stateful_step_count=60, deadline=None)


def test_whoever_comes_while_one_tries_waits_for_it_and_goes_on() -> None:
    now = [0.0]
    one = Breaker(lambda: now[0])
    for _ in range(FAILURES):
        one.leave(one.enter(), answered=False)
    now[0] += REST
    assert one.enter() is True
    with ThreadPoolExecutor(8) as threads:
        waiting = [threads.submit(one.enter) for _ in range(8)]
        one.leave(True, answered=True)
        assert [each.result(timeout=10) for each in waiting] == [False] * 8


def test_a_try_that_hangs_keeps_the_others_no_longer_than_their_patience() -> None:
    now = [0.0]
    one = Breaker(lambda: now[0], patience=0.01)
    for _ in range(FAILURES):
        one.leave(one.enter(), answered=False)
    now[0] += REST
    assert one.enter() is True
    with pytest.raises(Resting):
        one.enter()


def test_a_bug_in_the_call_that_tries_blocks_nobody() -> None:
    now = [0.0]
    calls = iter([httpx.ConnectError("down")] * FAILURES + [ZeroDivisionError("a bug"), None])

    def answer(request: httpx.Request) -> httpx.Response:
        if error := next(calls):
            raise error
        return httpx.Response(200)

    caller = Caller("http://127.0.0.1:9", httpx.MockTransport(answer), breaker=Breaker(lambda: now[0], patience=0))
    for _ in range(FAILURES):
        with pytest.raises(NotSent):
            caller.call("GET", "/")
    now[0] += REST
    with pytest.raises(ZeroDivisionError):
        caller.call("GET", "/")
    now[0] += REST
    assert caller.call("GET", "/").status_code == 200


def test_a_platform_that_is_down_is_left_alone_and_found_again_by_one_call(
    outside: Outside, transport: httpx.HTTPTransport
) -> None:
    now = [0.0]
    caller = Caller(outside.url, transport, breaker=Breaker(lambda: now[0]))
    outside.set("faults", down=True)
    for _ in range(FAILURES):
        assert caller.call("GET", PATH).status_code == 503
    assert [_refusal(caller).reason for _ in range(3)] == [RESTS] * 3
    now[0] += REST
    assert caller.call("GET", PATH).status_code == 503
    assert _refusal(caller).pause == timedelta(seconds=REST)
    outside.set("faults")
    now[0] += REST
    with ThreadPoolExecutor(20) as threads:
        assert {each.status_code for each in threads.map(lambda n: caller.call("GET", PATH), range(20))} == {200}
    assert outside.calls(PATH) == FAILURES + 1 + 20


def test_a_letter_meets_it_as_something_to_try_again_later(outside: Outside, transport: httpx.HTTPTransport) -> None:
    wechat = Wechat(WechatAccount("wx-sandbox", "sandbox-secret"), None, base_url=outside.url, transport=transport)
    template = TemplateOutlet(wechat, MessageTemplate("sandbox-template"))
    template.send(a_letter(OPENID))
    outside.set("faults", down=True)
    errors = []
    for _ in range(FAILURES + 1):
        with pytest.raises(NotSent) as caught:
            template.send(a_letter(OPENID))
        errors.append(caught.value)
    assert {each.kind for each in errors} == {Kind.RETRY}
    assert [each.pause is None for each in errors] == [True] * FAILURES + [False]
    assert errors[-1].__context__ is None


def _refusal(caller: Caller) -> NotSent:
    with pytest.raises(NotSent) as caught:
        caller.call("GET", PATH)
    return caught.value
