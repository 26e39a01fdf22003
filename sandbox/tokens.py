"""Access tokens as WeChat describes them for `stable_token`; WeCom's behave the same but cannot be forced.

A token is given out again until five minutes before its end; then a new one, and the old one stays good for five
minutes. Forcing makes a new one at once: 20 times a day, 30 seconds apart.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

DAY = 86_400
FORCED_A_DAY, BETWEEN_FORCED = 20, 30


class Standing(Enum):
    """What a token is worth."""

    GOOD = "good"
    ENDED = "ended"
    UNKNOWN = "unknown"


class TooOften(Exception):
    """Forced too soon after the last time, or `daily` too many times."""

    def __init__(self, *, daily: bool) -> None:
        self.daily = daily
        super().__init__("too often")


@dataclass
class Account:
    """The tokens of one account: until when each is good, and when somebody forced."""

    current: str = ""
    ends: dict[str, float] = field(default_factory=dict)
    forced: list[float] = field(default_factory=list)


class TokenBook:
    """All tokens given out; its callers hold the world's lock."""

    def __init__(self, clock: Callable[[], float], seconds: int, overlap: int) -> None:
        self._clock, self._seconds, self._overlap = clock, seconds, overlap
        self._accounts: dict[str, Account] = {}
        self._refused: set[str] = set()
        self.renewals = 0

    def issue(self, name: str, *, force: bool = False) -> tuple[str, int]:
        """Give an account's token and its seconds to live; raises TooOften."""
        account, now = self._accounts.setdefault(name, Account()), self._clock()
        if force:
            self._note_forced(account, now)
        if force or account.ends.get(account.current, 0) - now <= min(self._overlap, self._seconds / 2):
            self._renew(account, now)
        return account.current, int(account.ends[account.current] - now)

    def standing(self, name_prefix: str, token: str) -> Standing:
        """Tell what a token of the accounts whose names begin so is worth."""
        for name, account in self._accounts.items():
            if name.startswith(name_prefix) and token in account.ends and token not in self._refused:
                return Standing.GOOD if self._clock() < account.ends[token] else Standing.ENDED
        return Standing.UNKNOWN

    def owner(self, token: str) -> str:
        """The account a token was given to; empty when to none."""
        return next((name for name, account in self._accounts.items() if token in account.ends), "")

    def end_all(self) -> None:
        """End every token now."""
        for account in self._accounts.values():
            account.ends = dict.fromkeys(account.ends, 0.0)

    def refuse_all(self) -> None:
        """Refuse every token from now on, yet go on giving out the current ones until somebody forces."""
        for account in self._accounts.values():
            self._refused |= account.ends.keys()

    def _renew(self, account: Account, now: float) -> None:
        if account.current:
            account.ends[account.current] = min(account.ends[account.current], now + self._overlap)
        account.current = secrets.token_urlsafe(96)
        account.ends[account.current] = now + self._seconds
        self.renewals += 1

    def _note_forced(self, account: Account, now: float) -> None:
        account.forced = [at for at in account.forced if at > now - DAY]
        if len(account.forced) >= FORCED_A_DAY:
            raise TooOften(daily=True)
        if account.forced and now - account.forced[-1] < BETWEEN_FORCED:
            raise TooOften(daily=False)
        account.forced.append(now)
