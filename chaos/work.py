"""What people do meanwhile: tell matters with a key and try again until acknowledged; and time passes for some."""

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO

import psycopg
from PIL import Image
from redis import Redis
from redis.exceptions import RedisError

from chaos.naive import DELAY

PACE = 1.0  # seconds between two submissions of one client
PATIENCE = 8.0  # seconds a phone waits for an answer
STATIONS = ("66pypn", "x3mrry")  # one whose office screens, one that goes straight to the deputy
PHOTO_EVERY = 7
REMIND_EVERY = 2
AGE = """
UPDATE clocks SET term = '1 h', started_at = long_ago, reminded_to = long_ago, due_at = long_ago + interval '1 hour',
  due_on = (long_ago + interval '1 hour')::date, remind_at = long_ago + interval '40 days', lapse_at = NULL
FROM cases, (SELECT now() - interval '40 days 2 hours' AS long_ago) AS moment
WHERE cases.id = clocks.case_id AND cases.number = %s AND clocks.stopped_at IS NULL
"""
"""Makes the deadline of a matter long past: its ladder then has one urgent rung to send, now.

By two hours, so that it is now as well when the clock that this asks is 20 minutes ahead.
"""

ALARM = "SELECT alarm_since FROM clock_watch WHERE alarm_since IS NOT NULL"


@dataclass(frozen=True)
class Ack:
    """What a client was promised and when: number and receipt of its matter, its words, how many photos it had."""

    key: str
    number: str
    receipt: str
    text: str
    photos: int
    tries: int
    at: float


@dataclass
class Ledger:
    """What was promised to whom, kept outside everything that can break.

    `answers` by status, 0 for none at all; `alarms` of the clock that were seen, by when each was raised.
    """

    acks: list[Ack] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    aged: dict[str, float] = field(default_factory=dict)
    alarms: set[datetime] = field(default_factory=set)
    naive: dict[str, float] = field(default_factory=dict)


class Crowd:
    """Clients of both arms in threads: `stop()` lets each finish the submission it is about."""

    def __init__(
        self,
        port: int,
        database: str,
        naive: Callable[[str], None],
        clients: int = 3,
        stations: Sequence[str] = STATIONS,
    ) -> None:
        self.ledger, self.stations = Ledger(), stations
        self._port, self._database, self._naive = port, database, naive
        self._over, self._given_up = threading.Event(), threading.Event()
        self._to_age: list[str] = []
        jobs = [(self._tell, (name,)) for name in range(clients)] + [(self._remind_naively, (0,)), (self._let_pass, ())]
        self._threads = [threading.Thread(target=job, args=told, daemon=True) for job, told in jobs]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Begin nothing new."""
        self._over.set()

    def give_up(self) -> None:
        """Leave even what was begun."""
        self._over.set()
        self._given_up.set()

    def is_done(self) -> bool:
        """Whether everybody has finished."""
        return not any(thread.is_alive() for thread in self._threads)

    def _tell(self, client: int) -> None:
        count = 0
        while not self._over.wait(PACE):
            count += 1
            self._until_acknowledged(f"chaos-{client}-{count}", count)

    def _until_acknowledged(self, key: str, count: int) -> None:
        text = f"第 {key} 件：北街的路灯坏了三盏，晚上看不见路，请尽快修好。"
        photos = 1 if count % PHOTO_EVERY == 0 else 0
        body, kind = _form(text, _photo(count)) if photos else (json.dumps({"text": text}).encode(), "application/json")
        station, tries = self.stations[count % len(self.stations)], 0
        while not self._given_up.is_set():
            tries += 1
            status, answer = self._post(station, key, body, kind)
            self.ledger.answers[status] += 1
            if status in (200, 201):
                receipt = answer["receipt"]["hash"]
                self.ledger.acks.append(Ack(key, answer["number"], receipt, text, photos, tries, time.time()))
                if count % REMIND_EVERY:
                    self._to_age.append(answer["number"])
                return
            if 400 <= status < 500 and status != 429:
                self.ledger.refused.append(f"{key}: {status} {answer}")
                return
            self._given_up.wait(min(0.2 * tries, 2))

    def _post(self, station: str, key: str, body: bytes, kind: str) -> tuple[int, dict]:
        line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        try:
            line.request(
                "POST",
                f"/api/v1/stations/{station}/matters",
                body,
                {"Content-Type": kind, "Idempotency-Key": key, "Connection": "close"},
            )
            answer = line.getresponse()
            return answer.status, json.loads(answer.read() or b"{}")
        except (OSError, http.client.HTTPException, ValueError):
            return 0, {}
        finally:
            line.close()

    def _let_pass(self) -> None:
        """Time passes: the deadlines of every other matter are over a moment after it was told."""
        while not (self._over.wait(DELAY / 2) and not self._to_age) and not self._given_up.is_set():
            try:
                with psycopg.connect(self._database, connect_timeout=3, autocommit=True) as connection:
                    self.ledger.alarms |= {since for (since,) in connection.execute(ALARM)}
                    while self._to_age:
                        connection.execute(AGE, (self._to_age[0],))
                        self.ledger.aged[self._to_age.pop(0)] = time.time()
            except psycopg.Error:
                continue

    def _remind_naively(self, count: int) -> None:
        """The same work for the naive arm: as many reminders at the same pace, each tried until acknowledged."""
        while not self._over.wait(PACE * REMIND_EVERY / (len(self._threads) - 2)):
            count += 1
            while not self._given_up.is_set():
                try:
                    self._naive(f"naive-{count}")
                except (RedisError, OSError):
                    self._given_up.wait(0.5)
                    continue
                self.ledger.naive[f"naive-{count}"] = time.time() + DELAY
                break


def patient_redis(url: str) -> Redis:
    """A connection that notices a server that is stopped."""
    return Redis.from_url(url, socket_timeout=3, socket_connect_timeout=3)


def _photo(count: int) -> bytes:
    file = BytesIO()
    Image.effect_noise((320, 240), 40 + count % 50).convert("RGB").save(file, "JPEG", quality=80)
    return file.getvalue()


def _form(text: str, photo: bytes) -> tuple[bytes, str]:
    mark = "chaos-boundary-7f3a"
    parts = (
        f'--{mark}\r\nContent-Disposition: form-data; name="text"\r\n\r\n{text}\r\n'
        f'--{mark}\r\nContent-Disposition: form-data; name="photos"; filename="a.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    )
    return parts.encode() + photo + f"\r\n--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"
