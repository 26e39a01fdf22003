"""Send notices: claim as many as there are free slots, hand them over outside any transaction, settle, and go on."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from liaison.clients.letters import Kind, Letter, NotSent, Outlet
from liaison.db import transaction
from liaison.services import claims
from liaison.services.claims import Message, Outcome
from liaison.services.letters import letter_of
from liaison.services.vault import Keys


@dataclass(frozen=True)
class Post:
    """What sending needs: an outlet for each channel, the vault's keys, the clock, our address for links."""

    outlets: Mapping[str, Outlet]
    keys: Keys
    clock: Callable[[], datetime]
    base_url: str


def send_notices(ids: Sequence[UUID], post: Post, slots: int) -> int:
    """Send those notices that are still due, so many at once; returns how many went out.

    This is the one service that opens its own transactions, because sending must stand between two of them. A slot
    that is free is filled before the slowest of the others has ended.
    """
    waiting, flying, sent = deque(ids), set[Future[Outcome]](), 0
    with ThreadPoolExecutor(slots) as pool:
        while waiting or flying:
            if waiting and len(flying) < slots:
                taken = [waiting.popleft() for _ in range(min(slots - len(flying), len(waiting)))]
                with transaction():
                    messages = claims.claim(taken, post.keys, post.clock())
                for message in messages:
                    letter = letter_of(message, post.base_url, post.clock())
                    flying.add(pool.submit(_hand_over, message, letter, post.outlets))
            if flying:
                landed, flying = wait(flying, return_when=FIRST_COMPLETED)
                with transaction():
                    sent += claims.settle([future.result() for future in landed], post.clock())
    return sent


def _hand_over(message: Message, letter: Letter, outlets: Mapping[str, Outlet]) -> Outcome:
    try:
        return Outcome(message, provider_id=outlets[message.channel].send(letter))
    except NotSent as error:
        return Outcome(message, error=error)
    except Exception as error:  # an outlet's bug must not lose the notice: it is tried again and ends dead, seen
        return Outcome(message, error=NotSent(type(error).__name__, Kind.RETRY))
