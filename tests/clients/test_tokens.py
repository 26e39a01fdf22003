"""What the keeper of a token promises by the clock, and when the platform or Redis does not play along."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis

from liaison.clients.letters import Kind, NotSent
from liaison.clients.tokens import MARGIN, Tokens


class Platform:
    """Gives out a new token at each call, good for two hours, or fails."""

    def __init__(self) -> None:
        self.now, self.calls, self.error = 1_000_000.0, 0, None

    def fetch(self, force: bool) -> tuple[str, float]:
        self.calls += 1
        if self.error:
            raise self.error
        return f"token-{self.calls}", 7200

    def clock(self) -> float:
        return self.now


@pytest.fixture
def platform() -> Platform:
    return Platform()


def test_a_token_is_kept_until_shortly_before_its_end(platform: Platform, redis: Redis) -> None:
    tokens = Tokens("t", platform.fetch, redis, platform.clock)
    assert tokens.current() == "token-1"
    platform.now += 7200 - MARGIN - 1
    assert tokens.current() == "token-1"
    platform.now += 2
    assert tokens.current() == "token-2"


def test_a_token_about_to_end_serves_while_no_other_is_to_be_had(platform: Platform) -> None:
    tokens = Tokens("t", platform.fetch, None, platform.clock)
    tokens.current()
    platform.now, platform.error = platform.now + 7200 - 1, NotSent("down")
    assert tokens.current() == "token-1"
    platform.now += 2
    with pytest.raises(NotSent, match="down"):
        tokens.current()


def test_accounts_do_not_share_tokens(platform: Platform, redis: Redis) -> None:
    assert Tokens("a", platform.fetch, redis, platform.clock).current() == "token-1"
    assert Tokens("b", platform.fetch, redis, platform.clock).current() == "token-2"
    assert Tokens("a", platform.fetch, redis, platform.clock).current() == "token-1"


@pytest.mark.parametrize("kept", [b"", b"no json", b"[]", b'{"value": 1}', b'{"value": "x", "expires_at": "soon"}'])
def test_nonsense_in_redis_is_no_token(platform: Platform, redis: Redis, kept: bytes) -> None:
    redis.set("liaison:token:t", kept)
    assert Tokens("t", platform.fetch, redis, platform.clock).current() == "token-1"


def test_whoever_waits_for_a_failing_fetch_fails_with_it(platform: Platform) -> None:
    many, at_the_door = 20, threading.Semaphore(0)

    def clock() -> float:
        at_the_door.release()
        return platform.now

    def fetch(force: bool) -> tuple[str, float]:
        if not platform.calls:
            return platform.fetch(force)
        for _ in range(many + 1):  # each looks at the clock once before it waits, the one who fetches once more
            at_the_door.acquire(timeout=10)
        platform.calls += 1
        raise NotSent("quota", Kind.QUOTA)

    tokens = Tokens("t", fetch, None, clock)
    tokens.current()
    while at_the_door.acquire(blocking=False):
        continue
    platform.now += 7201
    with ThreadPoolExecutor(many) as threads:
        failures = [each.exception() for each in [threads.submit(tokens.current) for _ in range(many)]]
    assert {error.kind for error in failures} == {Kind.QUOTA}
    assert platform.calls == 2


def test_after_a_failure_the_next_one_asks_again(platform: Platform) -> None:
    tokens = Tokens("t", platform.fetch, None, platform.clock)
    platform.error = NotSent("down")
    with pytest.raises(NotSent):
        tokens.current()
    platform.error = None
    assert tokens.current() == "token-2"


def test_a_bug_while_fetching_blocks_nobody(platform: Platform) -> None:
    platform.error = ZeroDivisionError("a bug")
    tokens = Tokens("t", platform.fetch, None, platform.clock)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            tokens.current()


def test_forcing_waits_thirty_seconds(platform: Platform, no_redis: Redis) -> None:
    forced: list[bool] = []

    def stubborn(force: bool) -> tuple[str, float]:
        forced.append(force)
        return ("forced" if force else "same"), 7200

    tokens = Tokens("t", stubborn, no_redis, platform.clock)
    assert tokens.current() == "same" and tokens.renewed("same") == "forced"
    platform.now += 29
    assert tokens.renewed("forced") == "same"
    with pytest.raises(NotSent, match="forced just now"):
        tokens.renewed("same")
    platform.now += 2
    assert tokens.renewed("same") == "forced"
    assert forced.count(True) == 2


def test_two_processes_force_once(platform: Platform, redis: Redis) -> None:
    def stubborn(force: bool) -> tuple[str, float]:
        return "same", 7200

    one, two = (Tokens("t", stubborn, redis, platform.clock) for _ in range(2))
    one.renewed("same")
    with pytest.raises(NotSent, match="forced just now"):
        two.renewed("same")


def test_a_process_that_may_not_force_takes_what_another_has_forced(platform: Platform, no_redis: Redis) -> None:
    answers = iter([("same", 7200), NotSent("too soon", Kind.QUOTA), ("forced by another", 7200)])

    def fetch(force: bool) -> tuple[str, float]:
        answer = next(answers)
        if isinstance(answer, NotSent):
            raise answer
        return answer

    assert Tokens("t", fetch, no_redis, platform.clock).renewed("same") == "forced by another"


def test_a_platform_that_will_not_be_forced_is_heard(platform: Platform, no_redis: Redis) -> None:
    def fetch(force: bool) -> tuple[str, float]:
        if force:
            raise NotSent("daily", Kind.QUOTA)
        return "same", 7200

    with pytest.raises(NotSent, match="daily") as caught:
        Tokens("t", fetch, no_redis, platform.clock).renewed("same")
    assert caught.value.kind is Kind.QUOTA


def test_redis_is_left_with_the_token_for_its_time_and_no_lock(redis: Redis, platform: Platform) -> None:
    tokens = Tokens("t", platform.fetch, redis, platform.clock)
    tokens.current()
    assert redis.get("liaison:token:t:lock") is None
    assert 0 < redis.ttl("liaison:token:t") <= 7200
