"""Rings for the relay when there is something to send at once. Nothing is lost with a ring: the relay comes by itself
every few seconds."""

from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

RELAY = "workers.jobs.relay"
SOON = 10
"""Seconds after which a ring that nobody answered is forgotten, so that none pile up while no worker runs."""

_RUNG = "relay rung"


def ring(redis: Redis) -> None:
    """Have the relay come, once however many ring before it does: it carries all that is due by then.

    To put a job into a queue costs as much as to take in half a matter.
    """
    if redis.set(_RUNG, 1, nx=True, ex=SOON):
        Queue("ticks", connection=redis, serializer=JSONSerializer).enqueue(RELAY, result_ttl=0, ttl=SOON)


def answer(redis: Redis) -> None:
    """Say that the relay looks now: whoever rings from here on may be too late for it, and rings anew."""
    redis.delete(_RUNG)
