"""Remembers what was used up, so that it counts once among all processes; alone in this one while Redis is away."""

import threading
import time

from redis import Redis
from redis.exceptions import RedisError


class Once:
    """Shared by threads. While Redis is away each process remembers for itself: a thing may then count once in each."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._lock = threading.Lock()
        self._own: dict[str, float] = {}

    def first(self, name: str, seconds: int) -> bool:
        """Whether `name` comes for the first time; it is remembered for so many seconds, at least one."""
        try:
            return bool(self._redis.set(f"once:{name}", 1, nx=True, ex=max(1, seconds)))
        except RedisError:
            return self._first_here(name, seconds)

    def _first_here(self, name: str, seconds: int) -> bool:
        at = time.monotonic()
        with self._lock:
            self._own = {known: until for known, until in self._own.items() if until > at}
            if name in self._own:
                return False
            self._own[name] = at + seconds
            return True
