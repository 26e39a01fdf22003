"""When more is told at once than people would tell: each further submission shows a proof of work, none is turned away.

Counted per address, per station, per visitor known by WeChat and over all, in Redis; in the memory of each process
while Redis is away, so that the flood and the outage together let through a small multiple. What carries a proof is
not counted.
"""

import time
from dataclasses import dataclass, field

from flask import Flask, current_app
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from liaison.domain.errors import DomainError
from liaison.web import proofs
from liaison.web.callers import caller
from liaison.web.wiring import wiring

PER_ADDRESS = parse("60 per minute")  # a village may come by one address of its carrier
PER_STATION = (parse("60 per minute"), parse("600 per hour"))  # a full hall at once, and a whole county's day
PER_VISITOR = parse("10 per 10 minutes")  # one person by WeChat; a crowd behind one address is told apart by it
AT_WECHAT = parse("120 per minute")  # rounds by WeChat's sign-in of one address, each of which calls WeChat once
OVER_ALL = parse("1200 per minute")  # what one machine takes in without keeping anybody waiting (bench.burst)
WAITED = parse("6 per minute")  # unsolved but ripe challenges of one address; people without JavaScript are few
BACK = 5  # seconds Redis is left alone after it did not answer
TOLD = "现在提交的人很多。内容都在，没有丢失，请稍等片刻再提交。"


class Burst(DomainError):
    """Too many at once: carries the challenge to work off, or to show again after `wait` seconds."""

    detail = TOLD

    def __init__(self, challenge: proofs.Json, wait: int) -> None:
        super().__init__()
        self.challenge, self.wait = challenge, wait


@dataclass
class Counter:
    """Counts in Redis, or here while Redis is away."""

    shared: FixedWindowRateLimiter
    own: FixedWindowRateLimiter = field(default_factory=lambda: FixedWindowRateLimiter(MemoryStorage()))
    away_until: float = 0.0

    def hit(self, limit: RateLimitItem, *names: str) -> bool:
        """Count one; whether the limit still holds."""
        if time.monotonic() >= self.away_until:
            try:
                return self.shared.hit(limit, *names)
            except StorageError:
                self.away_until = time.monotonic() + BACK
        return self.own.hit(limit, *names)


def register(app: Flask, uri: str, options: dict[str, object]) -> None:
    """Count in the Redis at `uri`, which may be away."""
    storage = storage_from_string(uri, wrap_exceptions=True, **options)
    app.extensions["bursts"] = Counter(FixedWindowRateLimiter(storage))


def hold_back(station: str, key: str, given: str, visitor: str = "") -> None:
    """Let one submission pass, by its proof if it brings a good one; `visitor` is our own id of one. Raises Burst."""
    if not wiring().config.web.rate_limits:
        return
    about, at = f"{station} {key}", int(time.time())
    proof = proofs.read(given, about, at)
    if proof.worth == proofs.SOLVED or (proof.worth == proofs.RIPE and _counter().hit(WAITED, "waited", caller())):
        if wiring().once(f"proof:{proof.name}", proofs.LIFETIME):
            return
    elif proof.worth == proofs.UNRIPE:
        raise Burst(proof.challenge, proof.wait)
    if not _is_calm(station, visitor):
        raise Burst(proofs.challenge(about, at), proofs.WAIT)


def may_ask_wechat() -> bool:
    """Count one more round by WeChat's sign-in; who is over goes on without it."""
    return not wiring().config.web.rate_limits or _counter().hit(AT_WECHAT, "wechat", caller())


def _is_calm(station: str, visitor: str) -> bool:
    """Count one more at this station, from this address, of this visitor and over all; whether every limit holds."""
    counter = _counter()
    held = [counter.hit(PER_ADDRESS, "address", caller()), counter.hit(OVER_ALL, "all")]
    held += [counter.hit(limit, "station", station) for limit in PER_STATION]
    held += [counter.hit(PER_VISITOR, "visitor", visitor)] if visitor else []
    return all(held)


def _counter() -> Counter:
    return current_app.extensions["bursts"]
