"""People in front of two doors: whoever gets no answer at one goes to the other with the same key, as phones do.

A clerk of the office works as well, always at another door than the last time, and remembers what was acknowledged.
"""

import http.client
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from chaos.work import PATIENCE, Crowd

PORT = 8000
CONNECTING = 2.0  # seconds until a door that says nothing at all is left for the other one
CLIENTS, BEHIND = 3, "198.51.100.{}"
"""How many tell matters, and the address by which the balancer would announce each of them."""
SCREENING = "66pypn"
STATIONS = ("x3mrry", SCREENING, "px3e3j", "dw4phn", "mj7fdj")
"""An odd number, so that every other matter, whose deadline runs out, is told at all of them."""
NOT_YET = 0.3
DONE = 200

Answer = tuple[int, dict]


def ask(door: str, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
    """One request to one host, as its balancer passes it on; status 0 when there was no answer."""
    line = http.client.HTTPConnection(door, PORT, timeout=CONNECTING)
    try:
        line.connect()
        line.sock.settimeout(PATIENCE)
        line.request(method, path, body, (headers or {}) | {"Connection": "close"})
        answer = line.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")
    except (OSError, http.client.HTTPException, ValueError):
        return 0, {}
    finally:
        line.close()


class Residents(Crowd):
    """Tell matters at doors in turn; `waits` holds how long each had to wait, from the first try on."""

    def __init__(self, doors: Sequence[str], database: str) -> None:
        super().__init__(PORT, database, lambda key: None, CLIENTS, STATIONS)
        self.waits: list[float] = []
        self._doors, self._turns, self._tried = doors, count(), dict[str, int]()

    def _until_acknowledged(self, key: str, number: int) -> None:
        began = time.monotonic()
        super()._until_acknowledged(key, number)
        self.waits.append(time.monotonic() - began)

    def _post(self, station: str, key: str, body: bytes, kind: str) -> Answer:
        turn = self._tried[key] = self._tried[key] + 1 if key in self._tried else next(self._turns)
        door = self._doors[turn % len(self._doors)]
        from_whom = BEHIND.format(key.split("-")[1])
        told = {"Content-Type": kind, "Idempotency-Key": key, "X-Forwarded-For": from_whom}
        return ask(door, "POST", f"/api/v1/stations/{station}/matters", body, told)


@dataclass
class Clerk:
    """Lets matters through that wait for screening; `moved` are the numbers whose move was acknowledged.

    `unseen` are those that the other host then did not show as moved.
    """

    doors: Sequence[str]
    token: str
    residents: Residents
    moved: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the matter at hand, and wait for that."""
        self._over.set()
        self._thread.join()

    def _work(self) -> None:
        seen = 0
        while not self._over.wait(NOT_YET):
            told = self.residents.ledger.acks
            for ack in told[seen:]:
                if is_for_clerk(ack.key):
                    self._let_through(ack.number)
            seen = len(told)

    def _let_through(self, number: str) -> None:
        """Try at one door after the other; once refused after a try without answer, that try had been heard."""
        path, told = f"/api/v1/office/matters/{number}", {"Authorization": f"Bearer {self.token}"}
        as_json, unanswered = told | {"Content-Type": "application/json"}, False
        for turn in count(len(self.moved)):
            here, there = (self.doors[(turn + step) % len(self.doors)] for step in (0, 1))
            status, answer = ask(here, "POST", f"{path}/accept", b"{}", as_json)
            if status == DONE or (status == 409 and unanswered):
                break
            if 400 <= status < 500 and status != 429:
                self.refused.append(f"{number}: {status} {answer}")
                return
            unanswered |= status == 0
            self._over.wait(NOT_YET)
        self.moved.append(number)
        status, answer = ask(there, "GET", path, headers=told)
        if status == DONE and answer["state"] == "submitted":
            self.unseen.append(number)


def is_for_clerk(key: str) -> bool:
    """Whether the matter of this key waits for screening, and its deadline is left alone meanwhile."""
    number = int(key.rpartition("-")[2])
    return number % 2 == 0 and STATIONS[number % len(STATIONS)] == SCREENING
