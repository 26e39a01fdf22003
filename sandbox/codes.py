"""Codes that stand for something and are good once, for five minutes, as all of Tencent's platforms give them."""

import secrets
from collections.abc import Callable

LIFETIME = 300


class CodeBook:
    """All codes given out; its callers hold the world's lock."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._codes: dict[tuple[str, str], tuple[float, str]] = {}
        self._used: set[tuple[str, str]] = set()

    def issue(self, kind: str, meaning: str) -> str:
        """Give a code of a kind."""
        code = secrets.token_hex(16)  # letters and digits alone, as they stand in addresses
        self._codes[kind, code] = (self._clock() + LIFETIME, meaning)
        return code

    def take(self, kind: str, code: str) -> str | None:
        """Tell what a code stands for, this once; None when it is not or no longer good."""
        ends, meaning = self._codes.pop((kind, code), (0.0, ""))
        self._used.add((kind, code))
        return meaning if self._clock() < ends else None

    def is_used(self, kind: str, code: str) -> bool:
        """Whether somebody has asked for a code already."""
        return (kind, code) in self._used
