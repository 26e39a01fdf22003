"""The arm that must lose: the same reminders with RQ as their only memory, built as its guide shows.

A submission is acknowledged once its reminder stands in Redis as a scheduled job; a worker with RQ's own scheduler
posts it when its time has come. JSON instead of pickle, retries on failure, append-only file: nothing is rigged.
"""

import http.client
import json
import sys
from datetime import timedelta

from redis import Redis
from rq import Queue, Retry, Worker
from rq.job import Job
from rq.serializers import JSONSerializer

QUEUE = "reminders"
DELAY = 3  # seconds from a submission to the reminder it is about
TIMEOUT = 5.0
RETRY = Retry(max=8, interval=[10, 20, 40, 80])


def submit(connection: Redis, key: str, port: int) -> None:
    """Acknowledge a submission: its reminder is scheduled under its own key, so that a repetition changes nothing."""
    Queue(QUEUE, connection=connection, serializer=JSONSerializer).enqueue_in(
        timedelta(seconds=DELAY), "chaos.naive.remind", key, port, job_id=key, retry=RETRY, result_ttl=60
    )


def remind(key: str, port: int) -> None:
    """The job: hand the reminder to the provider; raises when it did not take it."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        line.request("POST", "/naive", json.dumps({"client_message_id": key}))
        if (status := line.getresponse().status) != 200:
            raise OSError(f"HTTP {status}")
    finally:
        line.close()


def remembers(connection: Redis, key: str) -> bool:
    """Whether RQ still has a job that is to run."""
    if not Job.exists(key, connection=connection):
        return False
    status = Job.fetch(key, connection=connection, serializer=JSONSerializer).get_status()
    return status in ("queued", "scheduled", "started", "deferred")


if __name__ == "__main__":
    with Redis.from_url(sys.argv[1]) as redis:
        queue = Queue(QUEUE, connection=redis, serializer=JSONSerializer)
        worker = Worker([queue], connection=redis, serializer=JSONSerializer)
        worker.work(with_scheduler=True, logging_level="WARNING")
