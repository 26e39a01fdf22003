"""Remembers for less than a minute who is in which room, shared by all processes; while Redis is away nobody is."""

import time
from uuid import UUID

from redis import Redis
from redis.exceptions import RedisError

STAYS = 50  # seconds: pages say every twenty that they are still open, and may miss one
BACK = 5  # seconds Redis is left alone after it did not answer, so that pages do not wait for it one by one


class Presence:
    """Shared by threads. Holds ids alone."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._away_until = 0.0

    def look(self, room: str, who: UUID) -> list[UUID]:
        """Be in the room, and see who else is."""
        key, at = f"room:{room}", time.time()
        if time.monotonic() < self._away_until:
            return []
        try:
            with self._redis.pipeline() as pipe:
                pipe.zremrangebyscore(key, 0, at - STAYS)
                pipe.zadd(key, {str(who): at})
                pipe.expire(key, STAYS)
                pipe.zrange(key, 0, -1)
                found = pipe.execute()[-1]
        except RedisError:
            self._away_until = time.monotonic() + BACK
            return []
        return [other for other in (UUID(each.decode()) for each in found) if other != who]
