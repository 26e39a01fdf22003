"""Carries due notices from the outbox to the queue: by id alone, in batches, as often as anybody likes.

A batch that Redis loses is rung again, and one that arrives twice finds its notices claimed. A job carries a batch and
not a notice because RQ takes longer for a job than sending does (`bench/workers.py`), even where none is forked for.
"""

from collections.abc import Iterator, Sequence
from uuid import UUID

from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

QUEUE = "notices"
JOB = "workers.jobs.send_notices"
BATCH = 1024
"""Notices of a job, and of a ring. While a job ends and the next begins slots stand empty, with two hundred a tenth of
all the time; a thousand take two seconds, for which an urgent one waits at most. A multiple of the slots, whose last
round is full then."""
TIMEOUT = 600
"""Seconds, long enough for a batch whose every message runs into its time limit."""
FAILURE_SECONDS = 600


def hand_on(ids: Sequence[UUID], connection: Redis) -> int:
    """Enqueue the notices for sending; returns how many jobs that took."""
    queue = Queue(QUEUE, connection=connection, serializer=JSONSerializer)
    jobs = [
        Queue.prepare_data(
            JOB,
            args=[[str(notice_id) for notice_id in batch]],
            timeout=TIMEOUT,
            result_ttl=0,
            failure_ttl=FAILURE_SECONDS,
        )
        for batch in _batches(ids)
    ]
    if jobs:
        queue.enqueue_many(jobs)
    return len(jobs)


def _batches(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))
