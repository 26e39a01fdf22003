"""What a background process works with, made once when first asked for: settings, application, queue, ways out."""

import os
import time
from datetime import datetime
from functools import cache
from pathlib import Path

from flask import Flask
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from liaison import lines, wall
from liaison.app import create_app
from liaison.config import find_path, load
from liaison.domain.timekeeping import Uptime
from liaison.services.chat import Desk
from liaison.services.checking import Checker
from liaison.services.delivery import Post
from liaison.settings import Config
from liaison.ways_out import open_checks, open_desk, open_outlets

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@cache
def config() -> Config:
    """The settings of this installation."""
    return load(find_path(os.environ), os.environ)


@cache
def app() -> Flask:
    """The application, for its database."""
    return create_app(config(), works_as=wall.WORKER)


@cache
def redis() -> Redis:
    """The queue's Redis."""
    return Redis.from_url(config().redis.url, **lines.REDIS)


@cache
def post() -> Post:
    """The ways out of the house and what sending needs."""
    wiring = app().extensions["liaison"]
    return Post(open_outlets(config(), _shelf()), wiring.read_keys, wiring.clock, config().base_url)


@cache
def checker() -> Checker:
    """What asking WeChat about content needs."""
    wiring = app().extensions["liaison"]
    return Checker(open_checks(config(), _shelf()), wiring.read_keys, wiring.clock, config().base_url)


@cache
def desk() -> Desk:
    """What answering those who write to the service account needs."""
    wiring = app().extensions["liaison"]
    return Desk(open_desk(config(), _shelf()), wiring.read_keys, wiring.clock, config().base_url)


def _shelf() -> Redis:
    """Redis as the outlets want it: only a cache, which must not keep a message waiting while it is away."""
    seconds = {"socket_timeout": 1, "socket_connect_timeout": 1}
    return Redis.from_url(config().redis.url, retry=Retry(NoBackoff(), 0), **seconds)


def uptime() -> Uptime:
    """How long this machine has been up, which no clock that is set can change."""
    return Uptime(BOOT_ID.read_text().strip(), time.clock_gettime(time.CLOCK_BOOTTIME))


def now() -> datetime:
    """The time, by the application's clock."""
    return app().extensions["liaison"].clock()
