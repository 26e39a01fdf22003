"""What the background processes promise: jobs by name and as JSON, nothing about people, no stale heap."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from redis import Redis
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.utils import import_attribute

from liaison.embedded import start_redis
from liaison.programs import QUEUES
from workers.run import Scheduler, main, make_worker
from workers.schedule import TICKS, Tick

SECRET = "13800001234"
DONE: list[str] = []


def note(word: str) -> None:
    DONE.append(word)


def fail() -> None:
    raise ValueError(SECRET)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = start_redis(tmp_path_factory.mktemp("run") / "redis")
    yield server.url
    server.stop()


@pytest.fixture
def connection(server: str) -> Iterator[Redis]:
    DONE.clear()
    with Redis.from_url(server) as connection:
        connection.flushall()
        yield connection


def local(name: str) -> str:
    return f"{__name__}.{name}"


def everything_in(connection: Redis) -> str:
    """All that stands in Redis, for a look at what must not."""
    dumps = [repr(connection.dump(key)) for key in connection.scan_iter()]
    return "".join(dumps)


def test_every_tick_names_a_job_and_a_queue_that_has_a_worker() -> None:
    for tick in TICKS:
        assert callable(import_attribute(tick.job))
        assert tick.queue in QUEUES


def test_every_queue_has_a_heartbeat() -> None:
    assert {tick.arguments for tick in TICKS if tick.job.endswith(".beat")} == {(queue,) for queue in QUEUES}


def test_a_tick_travels_from_the_table_through_redis_to_the_worker(connection: Redis) -> None:
    Scheduler(connection, (Tick(local("note"), "ticks", every=5, arguments=("rung",)),)).enqueue_jobs()
    assert make_worker("ticks", connection).work(burst=True)
    assert DONE == ["rung"]


def test_jobs_lie_in_redis_as_json(connection: Redis) -> None:
    Scheduler(connection, (Tick(local("note"), "ticks", every=5, arguments=("rung",)),)).enqueue_jobs()
    queue = Queue("ticks", connection=connection, serializer=JSONSerializer)
    (job,) = queue.jobs
    assert json.loads(job.data) == [local("note"), None, ["rung"], {}]
    assert job.timeout == 60


def test_a_finished_job_leaves_nothing_behind(connection: Redis) -> None:
    Scheduler(connection, (Tick(local("note"), "ticks", every=5, arguments=("rung",)),)).enqueue_jobs()
    make_worker("ticks", connection).work(burst=True)
    assert not list(connection.scan_iter("rq:job:*"))


def test_a_failed_job_leaves_its_kind_for_a_while_but_no_message(
    connection: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    Scheduler(connection, (Tick(local("fail"), "ticks", every=5),)).enqueue_jobs()
    make_worker("ticks", connection).work(burst=True)
    queue = Queue("ticks", connection=connection, serializer=JSONSerializer)
    (failed,) = queue.failed_job_registry.get_job_ids()
    job = Job.fetch(failed, connection=connection, serializer=JSONSerializer)
    assert job.latest_result().exc_string == "ValueError"
    assert 0 < connection.ttl(job.key) <= 600
    assert SECRET not in everything_in(connection)
    assert any(local("fail") in message for message in caplog.messages)
    assert not any(SECRET in message for message in caplog.messages)


def test_ticks_nobody_takes_go_stale(connection: Redis) -> None:
    Scheduler(connection, (Tick(local("note"), "ticks", every=5),)).enqueue_jobs()
    (key,) = connection.scan_iter("rq:job:*")
    assert 0 < connection.ttl(key) <= 10


def test_a_tick_comes_once_per_period(connection: Redis) -> None:
    scheduler = Scheduler(connection, TICKS)
    assert len(scheduler.enqueue_jobs()) == len(TICKS)
    assert scheduler.enqueue_jobs() == []
    (relay,) = (entry for entry in scheduler.get_jobs() if entry.func_name == "workers.jobs.relay")
    assert relay.next_enqueue_time - relay.latest_enqueue_time == timedelta(seconds=5)


@pytest.mark.parametrize("arguments", [[], ["worker"], ["worker", "parcels"], ["cron"]])
def test_only_known_processes_start(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage" in capsys.readouterr().err
