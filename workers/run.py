"""Start one background process: `python -m workers.run worker QUEUE` or `python -m workers.run scheduler`.

A worker listens on one queue only, because RQ can lose a job when killed while listening on two; it runs jobs
in its own process, because forking for each costs two thirds of the throughput. Jobs travel as JSON: pickle
would let whoever can write to Redis run code here. Redis holds wake-up calls alone: who loses it may simply
end, the supervisor starts it anew. One scheduler on each host is enough: what two enqueue twice finds its work done.
"""

import argparse
import os
import sys
from typing import Any

from redis import Redis
from redis.exceptions import ConnectionError as RedisGone
from redis.exceptions import TimeoutError as RedisSilent
from rq import Queue, SimpleWorker
from rq.cron import CronJob, CronScheduler
from rq.job import Job
from rq.serializers import JSONSerializer

from liaison import lines
from liaison.config import ConfigError, find_path, load
from liaison.logs import set_up
from liaison.programs import QUEUES
from workers.schedule import TICKS, Tick

WORKER_TTL = 25
MAINTENANCE_SECONDS = 10
FAILURE_SECONDS = 600
TAKES_TURNS_AFTER = 0.0005
"""Seconds for which one thread may compute while another waits, a tenth of Python's own: an answer that has come would
otherwise wait several times that long before it is read, and its slot stands empty."""


class Worker(SimpleWorker):
    """RQ's worker without a fork, back soon after Redis is instead of waiting up to a minute."""

    max_connection_wait_time = 2.0

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """Log that a job failed and where, without the exception's message, which may quote people."""
        self.log.error("job %s failed: %s", job.id, job.func_name, exc_info=exc_info)

    def handle_job_failure(self, *job_and_queue: Any, exc_string: str = "", **options: Any) -> None:
        """Keep the kind of the exception alone in Redis, for the same reason."""
        kind = exc_string.rstrip().rpartition("\n")[2].partition(":")[0]
        super().handle_job_failure(*job_and_queue, exc_string=kind, **options)


class Entry(CronJob):
    """A line of the cron table, enqueued by name and as JSON, which RQ's own cannot; keeps no history."""

    def enqueue(self, connection: Redis) -> Job:
        """Put the job on its queue."""
        queue = Queue(self.queue_name, connection=connection, serializer=JSONSerializer)
        return queue.enqueue(self.func_name, args=self.args, **self.job_options)


class Scheduler(CronScheduler):
    """RQ's cron process over our table."""

    def __init__(self, connection: Redis, ticks: tuple[Tick, ...]) -> None:
        super().__init__(connection, logging_level="WARNING")
        self._cron_jobs = [_entry(tick) for tick in ticks]


def make_worker(queue: str, connection: Redis) -> Worker:
    """A worker for one queue; its `work()` returns when it is told to stop."""
    return Worker(
        [Queue(queue, connection=connection, serializer=JSONSerializer)],
        connection=connection,
        serializer=JSONSerializer,
        worker_ttl=WORKER_TTL,
        maintenance_interval=MAINTENANCE_SECONDS,
        log_job_description=False,
    )


def main(arguments: list[str]) -> int:
    """Run one process until it is told to stop; 1 when Redis went away, 2 when the settings are wrong."""
    wanted = _parse(arguments)
    try:
        config = load(find_path(os.environ), os.environ)
    except ConfigError as error:
        print(*error.faults, sep="\n", file=sys.stderr)
        return 2
    set_up(config.logging.level, as_json=config.logging.json)
    sys.setswitchinterval(TAKES_TURNS_AFTER)
    connection = Redis.from_url(config.redis.url, **lines.REDIS)
    try:
        if wanted.process == "worker":
            make_worker(wanted.queue, connection).work(logging_level="WARNING")
        else:
            Scheduler(connection, TICKS).start()
    except (RedisGone, RedisSilent) as error:
        print(f"Redis went away: {error}", file=sys.stderr)
        return 1
    return 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="workers.run", description="Run one background process.")
    processes = parser.add_subparsers(dest="process", required=True)
    processes.add_parser("worker").add_argument("queue", choices=QUEUES)
    processes.add_parser("scheduler")
    return parser.parse_args(arguments)


def _entry(tick: Tick) -> Entry:
    return Entry(
        tick.queue,
        func_name=tick.job,
        name=f"{tick.job}:{tick.queue}",
        args=tick.arguments,
        interval=tick.every,
        job_timeout=tick.timeout,
        result_ttl=0,
        ttl=tick.lifetime,
        failure_ttl=FAILURE_SECONDS,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
