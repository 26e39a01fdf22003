"""What processes share by way of Redis, and do without while it is away; nothing here is the only copy of anything."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from redis import Redis
from redis.exceptions import RedisError

AWAY = 30.0
"""Seconds for which a Redis that did not answer is not asked again: its own retries take seconds each time."""

HOLD, PATIENCE = 35.0, 15.0
"""Seconds after which a turn ends whatever its holder does, and for which the next one waits for it."""

T = TypeVar("T")


class Shelf:
    """One entry under a key, a turn to change it, and marks that end by themselves; shared by threads."""

    def __init__(self, redis: Redis | None, key: str) -> None:
        self._redis, self._key, self._back_at = redis, key, float("-inf")

    def get(self) -> bytes | str | None:
        """Return the entry; None when there is none, and while Redis is away."""
        return self._ask(lambda redis: redis.get(self._key), None)

    def put(self, entry: str, seconds: int) -> None:
        """Set the entry for so long."""
        self._ask(lambda redis: redis.set(self._key, entry, ex=seconds), None)

    def mark(self, name: str, seconds: int) -> bool:
        """Set a mark for so long; False when another process set it before. While Redis is away nobody did."""
        return bool(self._ask(lambda redis: redis.set(f"{self._key}:{name}", 1, nx=True, ex=seconds), True))

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until no other process has its turn; go ahead all the same when Redis is away or a holder hangs."""
        lock = self._redis and self._redis.lock(f"{self._key}:lock", HOLD, blocking_timeout=PATIENCE)
        held = self._ask(lambda redis: lock.acquire(), False)
        try:
            yield
        finally:
            if held:
                self._ask(lambda redis: lock.release(), None)

    def _ask(self, question: Callable[[Redis], T], otherwise: T) -> T:
        if self._redis is None or time.monotonic() < self._back_at:
            return otherwise
        try:
            return question(self._redis)
        except RedisError:
            self._back_at = time.monotonic() + AWAY
            return otherwise
