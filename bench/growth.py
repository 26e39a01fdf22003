"""`python -m bench.growth [--sizes 10k,1M,10M]`: how much slower the hot reads get when the tables grow.

The same requests go in short turns to an installation of each size (`bench.data`), through the whole application in
this process: whatever else the machine does meanwhile hits all sizes alike. Ticks are undone.
"""

import argparse
import base64
import random
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import quote

import psycopg
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from bench import data
from bench.load import cpu_of
from bench.places import Ground, carrying, signed_in, standing
from bench.report import Figure, tell
from bench.rows import OPENED, code_of
from liaison import wall
from liaison.app import create_app
from liaison.config import load
from liaison.db import let_go, session
from liaison.domain.numbers import make_number
from liaison.services import inboxes, notices, reminders, sign_in
from liaison.services.wanted import Wanted

GOAL = 1.5
MANY, OF_TICKS = 12, 3  # calls of a turn
KNOWN = 200
DUE = 100  # clocks or notices of a tick
WORDS = ("井盖", "路灯", "电梯", "污水", "油烟")
SEARCHED, SEARCH_MS, SEARCH_GOAL = "1M", 40, 2
BARE = """SELECT id FROM cases WHERE bigrams(text) @> bigrams(%(words)s) AND strpos(text, %(words)s) > 0
    ORDER BY created_at DESC, id DESC LIMIT 21"""
NOW_DUE = """UPDATE clocks SET remind_at = now() WHERE id IN (
    SELECT id FROM clocks WHERE remind_at IS NOT NULL AND started_at < now() - interval '2 days'
    ORDER BY started_at DESC LIMIT :many)"""
NOW_RUNG = """UPDATE notices SET state = 'due', next_at = now() WHERE id IN (
    SELECT id FROM notices WHERE channel = 'log' ORDER BY id DESC LIMIT :many)"""
DONE = """SELECT count(*) FROM cases WHERE deputy_id = (SELECT deputy_id FROM cases WHERE number = %(number)s)
    AND closed_at IS NOT NULL"""
MIDDLE = """SELECT created_at, id FROM cases WHERE deputy_id = (SELECT deputy_id FROM cases WHERE number = %(number)s)
    AND closed_at IS NOT NULL ORDER BY created_at DESC OFFSET %(half)s LIMIT 1"""
TICKS = ("fall_due", "relay")


@dataclass(frozen=True)
class Grown:
    """An installation of one size: how each operation is called there, and the CPU seconds spent on it so far."""

    calls: Mapping[str, Callable[[], float]]
    spent: Callable[[], float]


def measure(sizes: Sequence[str], rounds: int, home: Path | None = None) -> list[Figure]:
    """Turns by turns; prints a line for each operation and size, returns how the largest compares to the smallest.

    Nothing where the disk has no room for them, and says so.
    """
    if not data.finds_room(sizes, home):
        print(f"growth is left out: no room on the disk for {', '.join(sizes)}", flush=True)
        return []
    with ExitStack() as open_:
        grown = {size: _grown(open_.enter_context(standing(data.kept(size, home))), data.SIZES[size]) for size in sizes}
        for each in grown.values():  # what is read and kept once; a connection plans a query anew some ten times
            [call() for name, call in each.calls.items() for _ in range(_calls(name))]
        found = {name: _turns(name, grown, rounds) for name in grown[sizes[0]].calls}
    bare = found.pop("bare bigrams"), found.pop("search, rows alone")
    figures = [
        Figure(f"{name}, {sizes[-1]} ÷ {sizes[0]}", p95[sizes[-1]] / p95[sizes[0]], GOAL, least=False)
        for name, p95 in found.items()
    ]
    return [*figures, *_search(*bare)]


def _turns(name: str, grown: Mapping[str, Grown], rounds: int) -> dict[str, float]:
    """The 95th percentile in milliseconds by size."""
    took, cpu = {size: list[float]() for size in grown}, dict.fromkeys(grown, 0.0)
    for turn in range(rounds):
        for size in sorted(grown, reverse=bool(turn % 2), key=list(grown).index):
            before = grown[size].spent()
            took[size] += [grown[size].calls[name]() for _ in range(_calls(name))]
            cpu[size] += grown[size].spent() - before
    p95 = {size: statistics.quantiles(times, n=20)[-1] for size, times in took.items()}
    for size, times in took.items():
        spent = cpu[size] / len(times) * 1000
        told = f"p50 {statistics.median(times):8.2f} ms  p95 {p95[size]:8.2f} ms  CPU {spent:7.2f} ms"
        print(f"{name:20}{size:>5}  {told}", flush=True)
    return p95


def _calls(name: str) -> int:
    """How often an operation is called in a turn: ticks seldom, since what is undone is left in the tables."""
    return OF_TICKS if name in TICKS else MANY


def _search(bare: Mapping[str, float], found: Mapping[str, float]) -> list[Figure]:
    if SEARCHED not in found:
        return []
    return [
        Figure(f"search in {SEARCHED}, ms", found[SEARCHED], SEARCH_MS, least=False),
        Figure(f"search in {SEARCHED} ÷ bare bigrams", found[SEARCHED] / bare[SEARCHED], SEARCH_GOAL, least=False),
    ]


def _grown(ground: Ground, count: int) -> Grown:
    url, chance = ground.postgres.url, random.Random(1)
    deputy, office = signed_in(ground.app)
    workers = create_app(load(None, ground.environ), works_as=wall.WORKER)
    signed = {"headers": {"Authorization": f"Bearer {deputy}"}}
    inbox = {"headers": carrying(ground.app, office)}
    get = partial(_get, ground.app.test_client(use_cookies=False))
    box, matters = "/api/v1/deputy/matters?limit=50&box=", _known(url, count, chance)
    deep = f"{box}done&after={_deep(ground, box, signed)}"
    calls = {
        "list": lambda: get(f"{box}todo", signed),
        "list deep": lambda: get(deep, signed),
        "detail": lambda: get(*chance.choice(matters)),
        "search": lambda: get(f"/console/?box=all&q={quote(chance.choice(WORDS))}", inbox),
        "console inbox": lambda: get("/console/?box=all", inbox),
        "fall_due": partial(_tick, workers, NOW_DUE, reminders.fall_due),
        "relay": partial(_tick, workers, NOW_RUNG, notices.ring),
        "search, rows alone": partial(_rows, ground.app, chance),
        "bare bigrams": partial(_bare, psycopg.connect(url, autocommit=True), chance),
    }
    return Grown(calls, lambda: time.process_time() + cpu_of(ground.postgres.child.pid))


def _get(client: FlaskClient, path: str, more: Mapping) -> float:
    began = time.perf_counter()
    answer = client.get(path, **more)
    took = time.perf_counter() - began
    if answer.status_code != 200:
        raise RuntimeError(f"{path}: {answer.status_code} {answer.text[:300]}")
    return took * 1000


def _tick(app: Flask, prepare: str, work: Callable[[datetime], object]) -> float:
    """One batch of what is due now, undone afterwards."""
    with app.app_context():
        session.execute(text(prepare), {"many": DUE})
        now = datetime.now(UTC)
        began = time.perf_counter()
        done = work(now)
        took = time.perf_counter() - began
        session.rollback()
    if not done:
        raise RuntimeError("nothing was due")
    return took * 1000


def _rows(app: Flask, chance: random.Random) -> float:
    """The office's search without its page, as the office: behind the wall, and within reach."""
    now, wanted = datetime.now(UTC), Wanted(query=chance.choice(WORDS))
    with app.app_context():
        actor = sign_in.actor_of(sign_in.find_account("office"))
        let_go()
        wall.stand(actor)
        began = time.perf_counter()
        inboxes.office_box(actor, "all", now, wanted=wanted, after=None, limit=21)
        let_go()
        return (time.perf_counter() - began) * 1000


def _bare(connection: psycopg.Connection, chance: random.Random) -> float:
    words = chance.choice(WORDS)
    began = time.perf_counter()
    connection.execute(BARE, {"words": words}, prepare=True).fetchall()
    return (time.perf_counter() - began) * 1000


def _known(url: str, count: int, chance: random.Random) -> list[tuple[str, Mapping]]:
    """Matters whose query code is known, from all times, as requests."""
    found = list[tuple[str, Mapping]]()
    with psycopg.connect(url) as connection:
        while len(found) < KNOWN:
            place = OPENED * chance.randint(1, count // OPENED)
            named = [make_number("matter", year, place) for year in range(2015, datetime.now(UTC).year + 1)]
            for (number,) in connection.execute("SELECT number FROM cases WHERE number = ANY(%s)", (named,)):
                found.append((f"/api/v1/matters/{number}", {"headers": {"X-Matter-Secret": code_of(place)}}))
    return found


def _deep(ground: Ground, box: str, signed: Mapping) -> str:
    """The cursor of a page in the middle of all that the deputy has ever done."""
    first = ground.app.test_client().get(f"{box}done", **signed).json
    with psycopg.connect(ground.postgres.url) as connection:
        done = connection.execute(DONE, {"number": first["items"][0]["number"]}).fetchone()[0]
        made, id_ = connection.execute(MIDDLE, {"number": first["items"][0]["number"], "half": done // 2}).fetchone()
    told = base64.urlsafe_b64decode(first["next"]).decode().split("|")[:-2]
    return base64.urlsafe_b64encode("|".join([*told, made.isoformat(), str(id_)]).encode()).decode()


def main() -> int:
    """Measure, print the table, judge nobody."""
    asked = argparse.ArgumentParser(prog="bench.growth", description=__doc__)
    asked.add_argument("--sizes", default="10k,1M", help="from the smallest to the largest, of bench.data's")
    asked.add_argument("--rounds", type=int, default=10)
    asked.add_argument("--keep", type=Path, help="the folder they lie in")
    asked.add_argument("--json", type=Path, help="a file for the figures")
    told = asked.parse_args()
    found = measure(told.sizes.split(","), told.rounds, told.keep)
    tell(found, told.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
