"""What the relay promises: ids alone travel, in batches, and nothing at all when nothing is due."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from liaison.clients import bell
from liaison.embedded import start_redis
from workers.relay import BATCH, hand_on


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    server = start_redis(tmp_path_factory.mktemp("relay") / "redis")
    with Redis.from_url(server.url) as connection:
        yield connection
    server.stop()


@pytest.fixture
def queue(connection: Redis) -> Queue:
    connection.flushall()
    return Queue("notices", connection=connection, serializer=JSONSerializer)


def carried(queue: Queue) -> list[str]:
    return [notice_id for job in queue.jobs for notice_id in job.args[0]]


@pytest.mark.parametrize("count", [1, BATCH, BATCH + 1])
def test_every_id_is_carried_once_and_in_order(queue: Queue, count: int) -> None:
    ids: list[UUID] = [uuid4() for _ in range(count)]
    assert hand_on(ids, queue.connection) == len(queue) == -(-count // BATCH)
    assert carried(queue) == [str(notice_id) for notice_id in ids]


def test_nothing_due_makes_no_job(queue: Queue) -> None:
    assert hand_on([], queue.connection) == 0
    assert not list(queue.connection.scan_iter("rq:job:*"))


def test_jobs_name_the_sender_and_leave_nothing_when_done(queue: Queue) -> None:
    hand_on([uuid4()], queue.connection)
    (job,) = queue.jobs
    assert (job.func_name, job.result_ttl, job.timeout) == ("workers.jobs.send_notices", 0, 600)


def test_however_many_ring_the_relay_comes_once_and_once_more_for_who_rings_after_it_began(queue: Queue) -> None:
    ticks = Queue("ticks", connection=queue.connection, serializer=JSONSerializer)
    for _ in range(3):
        bell.ring(queue.connection)
    assert [job.func_name for job in ticks.jobs] == ["workers.jobs.relay"]
    bell.answer(queue.connection)
    bell.ring(queue.connection)
    assert len(ticks) == 2
