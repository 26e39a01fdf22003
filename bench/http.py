"""The hot operations over HTTP, ours and the floor's in turn, so that a busy moment of the machine meets both."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

import psycopg

from bench import layers
from bench.load import Slice, press
from bench.operations import Operation, operations
from bench.places import Site
from bench.report import Figure


@dataclass(frozen=True)
class Pressed:
    """One operation's slices, and the bytes of WAL that ours wrote per answer."""

    operation: Operation
    ours: Sequence[Slice]
    floor: Sequence[Slice]
    wal: float

    @property
    def ratio(self) -> float | None:
        """Ours over the floor, the median of the rounds."""
        if not self.floor:
            return None
        return median(mine.rate / theirs.rate for mine, theirs in zip(self.ours, self.floor, strict=True))


def measure(site: Site, rounds: int, seconds: int) -> list[Pressed]:
    """Press every operation in every round, and once before: a connection plans a query anew some ten times."""
    found = []
    for operation in operations(site):
        told = [_round(site, operation, seconds) for _ in range(rounds + 1)][1:]
        ours, floors = [each.ours for each in told], [each.floor for each in told if each.floor]
        written = sum(each.wal for each in told) / sum(each.requests for each in ours)
        found.append(Pressed(operation, ours, floors, written))
        print(line(found[-1]), flush=True)
        if found[-1].ratio and found[-1].ratio < operation.goal:
            print(layers.line(_layers(site, operation, seconds)), flush=True)
    return found


class _Round(NamedTuple):
    """Ours and, where something compares, the floor's, with the WAL that ours wrote."""

    ours: Slice
    floor: Slice | None
    wal: int


def _round(site: Site, operation: Operation, seconds: int) -> _Round:
    beside = None
    if operation.floor:
        beside = press(site.floor, operation.floor(site), seconds, _of(site, "floor"), once=False)
    requests, before = operation.ours(site), _wal(site)
    ours = press(site.ours, requests, seconds, _of(site, "ours"), once=operation.once)
    return _Round(ours, beside, _wal(site) - before)


def _layers(site: Site, operation: Operation, seconds: int) -> dict[str, float]:
    requests = operation.ours(site)
    return layers.shares(
        site.pids["ours"], seconds, lambda: press(site.ours, requests, seconds, {}, once=operation.once)
    )


def line(pressed: Pressed) -> str:
    """One line of the table."""
    mine, told = pressed.ours, f"{pressed.operation.name:14}"
    told += f"{median(each.rate for each in mine):7.0f}/s {_cpu(mine):>14} ms"
    told += f"  p50 {median(each.p50 for each in mine):6.1f}  p95 {median(each.p95 for each in mine):6.1f} ms"
    if pressed.floor:
        told += f"  floor {median(each.rate for each in pressed.floor):6.0f}/s {_cpu(pressed.floor):>13} ms"
        told += f"  ratio {pressed.ratio:.2f} (goal {pressed.operation.goal})"
    return told


def figures(found: Sequence[Pressed]) -> list[Figure]:
    """What is held against a goal."""
    ratios = [
        Figure(f"{each.operation.name}, of the floor", each.ratio, each.operation.goal) for each in found if each.floor
    ]
    return [*ratios, *(Figure("create, kB of WAL", each.wal / 1000, 2.5, least=False) for each in found[:1])]


def _cpu(slices: Sequence[Slice]) -> str:
    names = slices[0].cpu
    return " + ".join(f"{median(each.cpu[name] for each in slices):.2f}" for name in names)


def _of(site: Site, name: str) -> dict:
    return {part: site.parts[part] for part in (name, "PostgreSQL")}


def _wal(site: Site) -> int:
    with psycopg.connect(site.database) as connection:
        return int(connection.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn").fetchone()[0])
