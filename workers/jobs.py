"""What RQ calls: short jobs that carry ids at most, may run twice or never, and decide nothing themselves."""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache, partial
from itertools import islice
from pathlib import Path
from uuid import UUID

import structlog
from flask import Flask
from redis import Redis

from liaison.app import create_app
from liaison.clients.files import open_store
from liaison.clients.message_log import MessageLog
from liaison.clients.webhook import NotSent, Webhook
from liaison.config import Config, find_path, load
from liaison.db import transaction
from liaison.services import digests, health, lapses, notices, reminders, sweeping
from liaison.services.delivery import Outlet, OutletError, send_notice
from liaison.services.notices import Message
from workers.relay import hand_on

SLOTS = 8
"""How many messages are on their way at once."""

TICK = "tick"
"""The heartbeat that says reminders were looked for."""

log = structlog.get_logger(__name__)


def relay() -> int:
    """Ring for every notice that is due; returns how many."""
    rung = 0
    with _app().app_context():
        while ids := _ring():
            hand_on(ids, _redis())
            rung += len(ids)
    return rung


def fall_due() -> int:
    """Turn clocks that are due into notices, batch by batch; returns how many clocks were served."""
    served = _until_done(reminders.fall_due, reminders.BATCH)
    beat(TICK)
    return served


def lapse() -> int:
    """Move on the cases whose waiting time is over; returns how many."""
    return _until_done(lapses.lapse, lapses.BATCH)


def digest() -> int:
    """Put the office's digest of the day once it is time for it; returns for how many accounts."""
    with _app().app_context(), transaction(wake=relay):
        return digests.put_digests(_now())


def send_notices(ids: list[str]) -> int:
    """Send the notices that are still due; returns how many went out."""
    with ThreadPoolExecutor(SLOTS) as slots:
        return sum(slots.map(_send, ids))


def sweep() -> None:
    """Look for what should not be, clocks left behind and dead notices, and raise an alarm in the log."""
    with _app().app_context(), transaction():
        vitals = health.vitals(_now())
    dead = vitals.notices.get("dead", 0)
    if dead or vitals.clocks_behind:
        log.warning("something is left behind", dead_notices=dead, clocks_behind=vitals.clocks_behind)


def sweep_files() -> int:
    """Remove files that no case names, once they are old enough; returns how many."""
    store, removed = open_store(_config().files.url), 0
    old = store.keys(before=_now() - sweeping.OLD_ENOUGH)
    while batch := list(islice(old, sweeping.BATCH)):
        with _app().app_context(), transaction():
            unknown = sweeping.unknown_files(batch)
        for key in unknown:
            store.delete(key)
        removed += len(unknown)
    return removed


def beat(name: str) -> None:
    """Record that scheduler, Redis, a worker and the database work together: for its queue, or for the tick."""
    with _app().app_context(), transaction():
        health.beat(name, _now())


@cache
def _config() -> Config:
    return load(find_path(os.environ), os.environ)


@cache
def _app() -> Flask:
    return create_app(_config())


@cache
def _redis() -> Redis:
    return Redis.from_url(_config().redis.url)


@cache
def _outlets() -> Mapping[str, Outlet]:
    messages, url = MessageLog(Path(_config().notices.log_file)), _config().notices.webhook_url
    outlets: dict[str, Outlet] = {
        notices.INBOX: lambda message: None,  # the row itself is what the inbox shows
        notices.LOG: lambda message: messages.append(_line(message)),
    }
    return outlets | ({notices.WEBHOOK: partial(_post, Webhook(url))} if url else {})


def _post(platform: Webhook, message: Message) -> None:
    """Hand a message to the county's platform, whose failures become the outbox's."""
    named = {"client_message_id": message.client_message_id, "topic": message.topic}
    try:
        platform.post(named | {"recipient": str(message.recipient_id)})
    except NotSent as error:
        raise OutletError(str(error), final=error.final) from error


def _line(message: Message) -> dict[str, str]:
    return {
        "at": _now().isoformat(timespec="seconds"),
        "topic": message.topic,
        "role": message.recipient_role,
        "recipient": str(message.recipient_id),
        "message": message.client_message_id,
    }


def _ring() -> list[UUID]:
    with transaction():
        return notices.ring(_now())


def _send(notice_id: str) -> bool:
    with _app().app_context():
        return send_notice(UUID(notice_id), _outlets(), _now)


def _until_done(serve: Callable[[datetime], int], batch: int) -> int:
    """Call a service in one transaction after another until it finds less than a full batch."""
    served = 0
    with _app().app_context():
        while True:
            with transaction(wake=relay):
                count = serve(_now())
            served += count
            if count < batch:
                return served


def _now() -> datetime:
    return datetime.now(UTC)
