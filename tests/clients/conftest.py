"""What the clients' tests share: the sandbox, a real Redis and one that is away, a transport that is closed again."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from liaison.embedded import start_redis
from tests.support.outside import Outside, open_outside


@pytest.fixture
def outside() -> Iterator[Outside]:
    """A sandbox of this test's own."""
    with open_outside() as outside:
        yield outside


@pytest.fixture
def transport() -> Iterator[httpx.HTTPTransport]:
    with httpx.HTTPTransport(verify=False) as transport:
        yield transport


@pytest.fixture(scope="module")
def _redis_url() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="lt-", dir="/tmp") as folder:
        server = start_redis(Path(folder) / "redis")
        yield server.url
        server.stop()


@pytest.fixture
def redis(_redis_url: str) -> Iterator[Redis]:
    with Redis.from_url(_redis_url, socket_timeout=1, socket_connect_timeout=1) as redis:
        redis.flushall()
        yield redis


@pytest.fixture
def no_redis() -> Iterator[Redis]:
    """A client of a Redis that is not there."""
    with Redis(host="127.0.0.1", port=9, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0)) as redis:
        yield redis
