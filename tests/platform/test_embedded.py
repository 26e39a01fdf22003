"""What the embedded servers promise: they start anywhere, survive kill -9, and let nobody else in."""

import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from redis import Redis

from liaison.embedded import Server, postgres_ready, redis_ready, start_postgres, start_redis


@pytest.fixture(scope="module", params=["short", "long/" + "x" * 120])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose path fits into a socket's address, and one whose path does not."""
    return tmp_path_factory.mktemp("embedded") / request.param


@pytest.fixture
def postgres(folder: Path) -> Iterator[Server]:
    server = start_postgres(folder / "postgres", durable=False)
    yield server
    server.stop()


@pytest.fixture
def redis(folder: Path) -> Iterator[Server]:
    server = start_redis(folder / "redis")
    yield server
    server.stop()


def test_postgres_knows_chinese_characters_as_letters(postgres: Server) -> None:
    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT '井盖' ~ '^[[:alpha:]]+$'").fetchone() == (True,)


def test_postgres_keeps_what_was_committed_before_kill_9(postgres: Server, folder: Path) -> None:
    with psycopg.connect(postgres.url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 1 AS one")
    postgres.child.send_signal(signal.SIGKILL)
    postgres.child.wait()
    assert not postgres_ready(folder / "postgres")
    again = start_postgres(folder / "postgres", durable=False)
    try:
        with psycopg.connect(again.url) as connection:
            assert connection.execute("SELECT one FROM kept").fetchone() == (1,)
    finally:
        again.stop()


def test_redis_keeps_its_queue_over_a_restart(redis: Server, folder: Path) -> None:
    Redis.from_url(redis.url).rpush("queue", "job")
    redis.stop()
    assert not redis_ready(folder / "redis")
    again = start_redis(folder / "redis")
    try:
        assert Redis.from_url(again.url).lrange("queue", 0, -1) == [b"job"]
    finally:
        again.stop()


def test_nobody_else_can_reach_the_servers(postgres: Server, redis: Server, folder: Path) -> None:
    for url in (postgres.url.rpartition("host=")[2], redis.url.removeprefix("unix://").removesuffix("/redis.sock")):
        assert stat.S_IMODE(Path(url).stat().st_mode) == 0o700
    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    assert Redis.from_url(redis.url).config_get("port") == {"port": "0"}


def test_stopping_waits_for_the_end_and_may_be_repeated(postgres: Server) -> None:
    postgres.stop()
    postgres.stop()
    assert postgres.child.returncode == 0
