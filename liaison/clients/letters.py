"""What leaves the house, and how it may fail: the one small interface every channel's client has."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True)
class Letter:
    """One message as a channel sees it: that there is news and where, never what (TRUST I11).

    `address` is the channel's own: a phone number, an e-mail address, an openid, a WeCom user id; empty where the
    channel needs none. `text` is one Chinese sentence, `link` where the news is to be read. `client_message_id` is
    the same in every attempt, for providers that recognise repeats.
    """

    address: str = field(repr=False)
    topic: str
    text: str
    link: str
    recipient: str
    at: datetime
    client_message_id: str


class Kind(StrEnum):
    """What a failure means: try again; never with this letter; not before the channel's pause is over."""

    RETRY = "retry"
    FINAL = "final"
    QUOTA = "quota"


class NotSent(Exception):
    """The channel did not take the letter, or did not say so; holds no address and no secret.

    `pause` is how long a QUOTA asks the whole channel to be left alone, None when the provider did not say; of a RETRY,
    how long there is no point in trying. `no_consent` says that the person has agreed to no further message.
    """

    def __init__(
        self, reason: str, kind: Kind = Kind.RETRY, *, pause: timedelta | None = None, no_consent: bool = False
    ) -> None:
        self.reason, self.kind, self.pause, self.no_consent = reason, kind, pause, no_consent
        super().__init__(reason)


class Outlet(Protocol):
    """A channel's way out; shared by threads."""

    def send(self, letter: Letter) -> str | None:
        """Hand the letter over; returns the provider's own id of it, if it gives one. Raises NotSent."""
