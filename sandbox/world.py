"""Everything the sandbox remembers: tokens, consents, limits, what was received; one lock around it all."""

import json
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from sandbox.book import Book
from sandbox.codes import CodeBook
from sandbox.faults import Faults
from sandbox.pushing import Callback, Delivery, Postman
from sandbox.settings import Settings, people_in
from sandbox.tokens import TokenBook

KEPT = 200_000


@dataclass(frozen=True)
class Received:
    """A message as it came to somebody's phone; `ref` is the sender's own id of it, where the provider takes one."""

    id: str
    at: float
    channel: str
    address: str
    text: str
    detail: str
    link: str
    ref: str


class World:
    """The state; whoever reads or writes more than one thing holds `lock`."""

    def __init__(self, settings: Settings, folder: Path | None = None, clock: Callable[[], float] = time.time) -> None:
        self.settings, self.lock, self._clock, self._ahead = settings, threading.RLock(), clock, 0.0
        self.tokens = TokenBook(self.now, settings.token_seconds, settings.token_overlap)
        self.once = CodeBook(self.now)
        self.faults = Faults()
        self.canned: list[dict] = []
        self.consents: Counter[tuple[str, str]] = Counter()
        self.gone: set[str] = set()
        self.away: set[str] = set()
        self.checked: deque[str] = deque(maxlen=KEPT)
        self.media: dict[str, str] = {}
        self.wrote: dict[str, float] = {}
        self.day_quota = settings.day_quota
        self.sms_balance = True
        self.per_person = True
        self.calls: Counter[str] = Counter()
        self._received: deque[Received] = deque(maxlen=KEPT)
        self._numbers = 0
        self._sent: dict[object, tuple[float, str]] = {}
        self._times: defaultdict[object, deque[float]] = defaultdict(deque)
        self.delivery = Delivery()
        self.postman = Postman(self)
        self.book = Book(settings.apps, people_in(folder) if folder else ())
        for openid, count in self.book.consents():
            for template in settings.templates:
                self.consents[openid, template] = count
        for told in settings.callbacks:
            self.postman.callbacks[told["app_id"]] = Callback(**told)
        self._file = folder / "messages.jsonl" if folder else None

    def now(self) -> float:
        """The sandbox's time in seconds since 1970."""
        return self._clock() + self._ahead

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        with self.lock:
            self._ahead += seconds

    def receive(self, channel: str, address: str, text: str, *, detail: str = "", link: str = "", ref: str = "") -> str:
        """Put a message on somebody's phone; returns its id."""
        with self.lock:
            self._numbers += 1
            message = Received(str(self._numbers), self.now(), channel, address, text, detail, link, ref)
            self._received.append(message)
            if self._file:
                with self._file.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(message), ensure_ascii=False) + "\n")
        return message.id

    def received(self) -> list[Received]:
        """All messages, newest first."""
        with self.lock:
            return list(reversed(self._received))

    def clear(self) -> None:
        """Forget what was received and counted; accounts, consents and limits stay."""
        with self.lock:
            self._received.clear()
            self.calls.clear()
            self._sent.clear()
            self._times.clear()
            self.tokens.renewals = 0

    def repeated(self, key: object, within: float) -> str | None:
        """Return the id of what was remembered under a key not longer ago than that, or None."""
        at, found = self._sent.get(key, (float("-inf"), ""))
        return found if self.now() - at < within else None

    def remember(self, key: object, message_id: str) -> None:
        """Remember what a key led to."""
        self._sent[key] = (self.now(), message_id)

    def is_over(self, key: object, limits: tuple[tuple[float, int], ...]) -> bool:
        """Count one more under a key and tell whether it breaks one of its limits (seconds, how many)."""
        if not self.per_person:
            return False
        now, times = self.now(), self._times[key]
        while times and times[0] <= now - max(seconds for seconds, _ in limits):
            times.popleft()
        if any(sum(at > now - seconds for at in times) >= most for seconds, most in limits):
            return True
        times.append(now)
        return False
