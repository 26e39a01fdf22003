"""What RQ calls: short jobs that carry ids at most, may run twice or never, and decide nothing themselves."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import islice
from uuid import UUID

import structlog

from liaison.clients import bell
from liaison.clients.files import open_store
from liaison.db import transaction, wake_after_commit
from liaison.services import bundles, delivery, digests, health, lapses, notices, reminders, sweeping, timekeeping
from workers.relay import BATCH, hand_on
from workers.setting import app, config, now, post, redis, uptime

SLOTS = 32
"""How many messages are on their way at once: a provider that answers in 50 ms then takes up to 640 a second.

By `bench/drain.py` 24 slots send 450 a second, 28 send 525, 32 send 590 and 48 send 880, and of all these 0.92 to 0.94
are busy. So many are the fewest by which 500 a second are reached with something to spare; each more is one more
connection and two more leases that a killed worker leaves behind.
"""
HANDS = 3
"""How many batches of due clocks are served at a time: so many keep two processors busy, ours and the database's. With
two, both wait at times for the disk or for us, and about a tenth fewer clocks are served in a second."""
TICK = "tick"
"""The heartbeat that says reminders were looked for."""

log = structlog.get_logger(__name__)


def relay() -> int:
    """Ring for every notice that is due, bundled where it is too much for one person; returns how many."""
    rung = 0
    bell.answer(redis())
    with app().app_context():
        while ids := _ring():
            hand_on(ids, redis())
            rung += len(ids)
    return rung


def fall_due() -> int:
    """Turn clocks that are due into notices, then wake the relay once; returns how many clocks were served."""
    with app().app_context():
        with transaction():
            trusted = timekeeping.trusted_time(uptime())
        served = serve_due(trusted) if trusted else 0
        with transaction(wake=relay):
            health.beat(TICK, now())
            if served:
                wake_after_commit()
    return served


def serve_due(at: datetime) -> int:
    """Serve the clocks due at a moment, batch by batch; returns how many.

    When there are more than a batch, as at half past eight, several are served at a time: while one waits for the
    database, another is worked out, and what one has locked the other passes over.
    """
    served = _serve(at)
    if served >= reminders.BATCH:
        with ThreadPoolExecutor(HANDS) as hands:
            served += sum(hands.map(_serve_on, [at] * HANDS))
    return served


def lapse() -> int:
    """Move on the cases whose waiting time is over; returns how many."""
    return _until_done(lapses.lapse, lapses.BATCH)


def digest() -> int:
    """Put the office's digest of the day once it is time for it; returns for how many accounts."""
    return _until_done(digests.put_digests, digests.BATCH)


def send_notices(ids: list[str]) -> int:
    """Send the notices that are still due; returns how many went out."""
    with app().app_context():
        return delivery.send_notices([UUID(notice_id) for notice_id in ids], post(), SLOTS)


def sweep() -> None:
    """Mend what a clock that ran ahead has written, and raise an alarm in the log for what people must look at."""
    with app().app_context():
        with transaction(wake=relay):
            mended = sweeping.pull_in(now()) + sweeping.wake_clocks(now())
        with transaction():
            alarms = health.alarms(now())
    if mended or alarms:
        log.warning("something is left behind", put_right=mended, **alarms)


def sweep_files() -> int:
    """Remove files that no case names, and what was left half written, once they are old enough; returns how many."""
    store = open_store(config().files.url)
    with app().app_context():
        with transaction():
            if timekeeping.find_alarm():
                return 0  # by a clock that ran ahead, everything would be old enough
        before = now() - sweeping.OLD_ENOUGH
        removed, old = store.sweep_unfinished(before), store.keys(before=before)
        while batch := list(islice(old, sweeping.BATCH)):
            with transaction():
                unknown = sweeping.unknown_files(batch)
            for key in unknown:
                store.delete(key)
            removed += len(unknown)
    return removed


def beat(name: str) -> None:
    """Record that scheduler, Redis, a worker and the database work together: for its queue, or for the tick."""
    with app().app_context(), transaction():
        health.beat(name, now())


def _ring() -> list[UUID]:
    with transaction():
        trusted = timekeeping.trusted_time(uptime())  # or a clock that jumped ahead would end every lease
        bundles.bundle(now())
        return notices.ring(now(), BATCH, takes_over=trusted is not None)


def _serve(at: datetime) -> int:
    with transaction():
        return reminders.fall_due(at)


def _serve_on(at: datetime) -> int:
    """Serve batches, beside other threads, until one is not full; returns how many clocks."""
    served = 0
    with app().app_context():
        while True:
            served += (count := _serve(at))
            if count < reminders.BATCH:
                return served


def _until_done(serve: Callable[[datetime], int], batch: int) -> int:
    """Call a service in one transaction after another until it finds less than a full batch.

    What only time brings about is left alone while the clock cannot be trusted.
    """
    served = 0
    with app().app_context():
        while True:
            with transaction(wake=relay):
                trusted = timekeeping.trusted_time(uptime())
                count = serve(trusted) if trusted else 0
            served += count
            if count < batch:
                return served
