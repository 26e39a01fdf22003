"""What hosts must know in common: who is signed in, what a code opens, who has guessed too often, the registers."""

import json
from collections.abc import Sequence

import psycopg

from bench.residents import SCREENING, ask

GUESSES = 10  # a minute, from one address (liaison/web/limits.py)
LOOKS = 12  # enough to come by both processes of each host's web server
GUESSERS, TELLER = ("203.0.113.7", "203.0.113.8"), "203.0.113.9"


def faults(doors: Sequence[str], database: str, token: str) -> list[str]:
    """A sentence for everything that one host knows and the other does not; `token` is of a session to be ended."""
    return [*_session(doors, token), *_code(doors), *_limit(doors), *_registers(doors, database)]


def _session(doors: Sequence[str], token: str) -> list[str]:
    told = {"Authorization": f"Bearer {token}"}
    before = [ask(door, "GET", "/api/v1/me", headers=told)[0] for door in doors]
    ended = ask(doors[0], "DELETE", "/api/v1/sessions/current", headers=told)[0]
    after = [ask(door, "GET", "/api/v1/me", headers=told)[0] for door in doors]
    good = (before, ended, after) == ([200, 200], 204, [401, 401])
    return [] if good else [f"a session before, at and after its end: {before}, {ended}, {after}"]


def _code(doors: Sequence[str]) -> list[str]:
    """Tell a matter at one door and open it at the other; tell it again there, with the same key."""
    body = json.dumps({"text": "两台主机：北街路口的红绿灯不亮了，请尽快修好。"}).encode()
    headers = {"Content-Type": "application/json", "Idempotency-Key": "shared-by-hosts", "X-Forwarded-For": TELLER}
    path = f"/api/v1/stations/{SCREENING}/matters"
    (first, told), (second, again) = (ask(door, "POST", path, body, headers) for door in doors)
    if (first, second) != (201, 200) or told != again:
        return [f"one key at two doors: {first} {told}, {second} {again}"]
    opened = ask(doors[1], "GET", f"/api/v1/matters/{told['number']}", headers={"X-Matter-Secret": told["secret"]})[0]
    return [] if opened == 200 else [f"a code of {doors[0]} at {doors[1]}: {opened}"]


def _limit(doors: Sequence[str]) -> list[str]:
    """Guess a password in turn at both doors: together they let as many tries through as one would.

    A minute may begin in between and all be let through, but not twice in a row.
    """
    body = json.dumps({"username": "nobody-here", "password": "not the password"}).encode()
    rows = []
    for guesser in GUESSERS:
        headers = {"Content-Type": "application/json", "X-Forwarded-For": guesser}
        rows.append([ask(doors[turn % 2], "POST", "/api/v1/sessions", body, headers)[0] for turn in range(GUESSES + 2)])
    return [] if any(429 in tries for tries in rows) else [f"tries to sign in: {rows}"]


def _registers(doors: Sequence[str], database: str) -> list[str]:
    """Change where a station is, and look at once: no process of any host may show the old address."""
    path, found = f"/api/v1/stations/{SCREENING}", []
    for address in ("东街1号", "西街2号", "南街3号"):
        for door in doors * LOOKS:
            ask(door, "GET", path)
        with psycopg.connect(database) as connection:
            connection.execute("UPDATE stations SET address = %s WHERE code = %s", (address, SCREENING))
        seen = [ask(door, "GET", path)[1].get("address") for door in doors * LOOKS]
        found += [f"address after a change to {address}: {old}" for old in seen if old != address]
    return found
