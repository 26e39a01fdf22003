"""A county's evening: scans of its stations' codes and matters told, all within a minute, against one web server.

An open loop: every arrival's moment is fixed beforehand, and latency counts from that moment, not from when the client
got round to it, so that a server that stalls cannot hide it by slowing the client (coordinated omission). Each arrival
is a phone of its own: a new connection, an address of its own by X-Forwarded-For (the server trusts one proxy), so that
rate limits are on and count as they would. Matters are told by the JSON API. The client shares the two cores.
"""

import asyncio
import random
import secrets
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from bench.load import Request, cpu_of
from bench.operations import told
from bench.places import answers, environ, standing
from bench.report import Figure
from chaos.stack import free_port
from liaison import programs
from liaison.config import ROOT
from liaison.db import session
from liaison.domain.station_codes import station_url
from liaison.models.stations import Station
from liaison.processes import spawn, stop, wait_until

MINUTE = 60.0
SCANS, MATTERS = 10_000, 1_000  # of a minute
WARM = 3.0  # seconds of the same beforehand, since a server that runs is warm
START, PATIENCE = 60.0, 30.0  # seconds to come up, and for one answer
SCAN, TELL = "landing", "submit"
DONE = {SCAN: 200, TELL: 201}


@dataclass(frozen=True)
class Arrival:
    """One request, and the second of the run at which it is sent."""

    at: float
    kind: str
    raw: bytes


@dataclass(frozen=True)
class Outcome:
    """What became of an arrival: seconds from its planned moment, the status (0: none), how late it was sent."""

    kind: str
    took: float
    status: int
    late: float


def measure(folder: Path, seconds: float) -> list[Figure]:
    """Run so many seconds of that minute on the installation in a folder; prints what came of it."""
    with standing(folder) as ground:
        arrivals, port = plan(ground.app, seconds, seed=1), free_port()
        limits = {"LIAISON_WEB__RATE_LIMITS": "true", "LIAISON_WEB__TRUSTED_PROXIES": "1"}
        program = programs.web("127.0.0.1", port, environ(folder) | limits, folder, ROOT)
        server = spawn(program)
        try:
            wait_until(partial(answers, port, "/healthz"), START, "the web server")
            parts = {"app": server.pid, "PostgreSQL": ground.postgres.child.pid}
            asyncio.run(run(port, plan(ground.app, WARM, seed=0)))
            before = {name: cpu_of(pid) for name, pid in parts.items()}
            outcomes = asyncio.run(run(port, arrivals))
            cpu = {name: (cpu_of(pid) - before[name]) / seconds for name, pid in parts.items()}
        finally:
            stop([(program, server)])
    busy = ", ".join(f"{name} {value:.2f}" for name, value in cpu.items())
    late = max(each.late for each in outcomes) * 1000
    print(f"burst         {len(outcomes)} arrivals in {seconds:g} s; cores busy: {busy}; client late by ≤{late:.0f} ms")
    return _figures(outcomes)


def plan(app: Flask, seconds: float, *, seed: int) -> list[Arrival]:
    """The arrivals in their order: at random moments, at all stations alike."""
    chance = random.Random(seed)
    with app.app_context():
        codes = list(session.scalars(select(Station.code).where(Station.active)))
        keys = app.extensions["liaison"].keys.stations
    share = seconds / MINUTE
    found = [Arrival(chance.uniform(0, seconds), SCAN, _scan(chance, codes, keys)) for _ in range(int(SCANS * share))]
    found += [Arrival(chance.uniform(0, seconds), TELL, _tell(chance, codes)) for _ in range(int(MATTERS * share))]
    return sorted(found, key=lambda arrival: arrival.at)


def _scan(chance: random.Random, codes: Sequence[str], keys: dict[str, bytes]) -> bytes:
    return Request("GET", station_url("", chance.choice(codes), keys), _phone(chance)).raw()


def _tell(chance: random.Random, codes: Sequence[str]) -> bytes:
    path = f"/api/v1/stations/{chance.choice(codes)}/matters"
    return Request("POST", path, _phone(chance) | {"Idempotency-Key": secrets.token_hex(8)}, told(chance)).raw()


def _phone(chance: random.Random) -> dict[str, str]:
    address = ".".join(str(chance.randrange(1, 255)) for _ in range(3))
    return {"X-Forwarded-For": f"10.{address}", "Accept-Encoding": "gzip", "Connection": "close"}



async def run(port: int, arrivals: Sequence[Arrival]) -> list[Outcome]:
    """Send every arrival at its moment, and wait for all answers."""
    began = time.perf_counter()
    waiting = []
    for arrival in arrivals:
        ahead = began + arrival.at - time.perf_counter()
        if ahead > 0:
            await asyncio.sleep(ahead)
        waiting.append(asyncio.create_task(_arrive(port, arrival, began)))
    return await asyncio.gather(*waiting)


async def _arrive(port: int, arrival: Arrival, began: float) -> Outcome:
    planned, sent = began + arrival.at, time.perf_counter()
    try:
        async with asyncio.timeout(PATIENCE):
            status = await _ask(port, arrival.raw)
    except (OSError, TimeoutError, ValueError, IndexError):
        status = 0
    return Outcome(arrival.kind, time.perf_counter() - planned, status, sent - planned)


async def _ask(port: int, raw: bytes) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(raw)
        answer = await reader.read()
        return int(answer.split(b" ", 2)[1])
    finally:
        writer.close()


def _figures(outcomes: Sequence[Outcome]) -> list[Figure]:
    wrong = Counter((each.kind, each.status) for each in outcomes if each.status != DONE[each.kind])
    p95 = {}
    for kind in DONE:
        took = sorted(each.took * 1000 for each in outcomes if each.kind == kind)
        p95[kind] = statistics.quantiles(took, n=20)[-1]
        middle, worst = statistics.median(took), took[-1]
        print(f"    {kind:8} {len(took):6}: p50 {middle:.0f}, p95 {p95[kind]:.0f}, most {worst:.0f} ms")
    if wrong:
        print("    errors:", ", ".join(f"{count} × {kind} {status}" for (kind, status), count in wrong.items()))
    return [
        Figure("burst, errors", wrong.total(), 0, least=False),
        Figure("burst, landing p95 ms", p95[SCAN], 300, least=False),
        Figure("burst, submit p95 ms", p95[TELL], 1500, least=False),
    ]


if __name__ == "__main__":
    for figure in measure(Path(sys.argv[1]), float(sys.argv[2])):
        print(figure)
