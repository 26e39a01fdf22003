"""Send notices: claim as many as there are free slots, hand them over outside any transaction, settle, and go on."""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, SimpleQueue
from uuid import UUID

from liaison.clients.letters import Kind, Letter, NotSent, Outlet
from liaison.db import is_outage, transaction
from liaison.services import claims
from liaison.services.claims import Message, Outcome
from liaison.services.letters import letter_of
from liaison.services.sealing import Keys

MOMENT = 0.025
"""Seconds for which a message that has ended may wait for others, to be settled in one transaction with them."""
SETTLE_AGAIN = 0.2
"""Seconds between two tries to write down what was sent while the database is away."""


@dataclass(frozen=True)
class Post:
    """What sending needs: an outlet for each channel, what reads the vault's keys, the clock, our address for links."""

    outlets: Mapping[str, Outlet]
    keys: Callable[[], Keys]
    clock: Callable[[], datetime]
    base_url: str


def send_notices(ids: Sequence[UUID], post: Post, slots: int) -> int:
    """Send those notices that are still due, so many at once; returns how many went out.

    This is the one service that opens its own transactions, because sending must stand between two of them. As many
    again as there are slots are claimed ahead, half of them at a time, so that no slot waits for the database or for
    the slowest of the others. What waits behind one that runs into its time limits still goes out within its lease.
    When the database gives way, what is on its way is still settled, and the rest is left to the next ring.
    """
    waiting, flying, sent, ended = deque(ids), 0, 0, SimpleQueue[Future[Outcome]]()
    many = max(1, slots // 2)
    with ThreadPoolExecutor(slots) as pool:
        while waiting or flying:
            if waiting and (free := 2 * slots - flying) >= min(many, len(waiting)):
                taken = [waiting.popleft() for _ in range(min(free, len(waiting)))]
                for each in _claimed(taken, post):
                    pool.submit(_hand_over, *each, post.outlets).add_done_callback(ended.put)
                    flying += 1
            landed = _landed(ended, min(many, flying))
            sent += _settle([future.result() for future in landed], post) if landed else 0
            flying -= len(landed)
    return sent


def _claimed(ids: Sequence[UUID], post: Post) -> list[tuple[Message, Letter]]:
    """The messages claimed of these notices, each with the letter that tells of it; none while the database is away."""
    try:
        now = post.clock()
        with transaction():
            messages = claims.claim(ids, post.keys(), now)
    except Exception as error:
        if not is_outage(error):
            raise
        return []
    return [(message, letter_of(message, post.base_url, now)) for message in messages]


def _settle(outcomes: Sequence[Outcome], post: Post) -> int:
    """Write down how sending ended, and try until the leases have run out: or all of it would be sent again."""
    deadline = time.monotonic() + claims.LEASE.total_seconds()
    while True:
        try:
            with transaction():
                return claims.settle(outcomes, post.clock())
        except Exception as error:
            if not is_outage(error) or time.monotonic() > deadline:
                raise
        time.sleep(SETTLE_AGAIN)


def _landed(ended: SimpleQueue[Future[Outcome]], many: int) -> list[Future[Outcome]]:
    """Those that have ended, once there are so many or a moment has passed without another.

    From a queue, since to wait for futures takes longer the more of them have not ended.
    """
    landed = [ended.get()] if many else []
    with suppress(Empty):
        while len(landed) < many:
            landed.append(ended.get(timeout=MOMENT))
    return landed


def _hand_over(message: Message, letter: Letter, outlets: Mapping[str, Outlet]) -> Outcome:
    try:
        return Outcome(message, provider_id=outlets[message.channel].send(letter))
    except NotSent as error:
        return Outcome(message, error=error)
    except Exception as error:  # an outlet's bug must not lose the notice: it is tried again and ends dead, seen
        return Outcome(message, error=NotSent(type(error).__name__, Kind.RETRY))
