"""`python -m bench.data SIZE [--keep DIR]`: an installation with so many synthetic matters, kept between runs.

Skewed like real ones: stations and deputies by Zipf's law, what is older than a month has ended, and so many are open
that the busiest deputy's pages are full at every size. Lives follow the table of moves, their chains hold and their
clocks are right. Left out: identities, places, files, ratings, checks of content; every tenth has notices, every
hundredth a query code that is known (`rows.code_of`).
"""

import argparse
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from bench.places import standing
from bench.rows import COLUMNS, Lines, Maker
from bench.town import read_town

SIZES = {"10k": 10_000, "100k": 100_000, "1M": 1_000_000, "10M": 10_000_000}
BLOCK = 10_000
ROOM = 6_000  # bytes a matter takes while its indexes are made; some 3,500 afterwards
LOADING = {"wal_level": "minimal", "max_wal_senders": "0", "max_wal_size": "4GB", "autovacuum": "off"}
"""So that no log is written of rows whose table is emptied in the same transaction."""

BY_HAND = """SELECT pg_get_indexdef(indexrelid), indexrelid::regclass::text FROM pg_index
    WHERE indrelid = ANY(%s::regclass[]) AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)"""
"""The indexes no constraint needs: made faster when all rows are there."""


def kept(size: str, home: Path | None = None) -> Path:
    """The folder of an installation with so many matters, filled now if need be; `bench.places.running` runs it."""
    folder = _above(home) / size
    if not (folder / "filled").exists():
        _fill(folder, SIZES[size])
        (folder / "filled").touch()
    return folder


def finds_room(sizes: Iterable[str], home: Path | None = None) -> bool:
    """Whether the disk has room for those that are not there yet."""
    above = _above(home)
    above.mkdir(parents=True, exist_ok=True)
    wanted = sum(SIZES[size] for size in sizes if not (above / size / "filled").exists())
    return shutil.disk_usage(above).free > wanted * ROOM


def main() -> int:
    """Make one, and say where it lies."""
    asked = argparse.ArgumentParser(prog="bench.data", description=__doc__)
    asked.add_argument("size", choices=SIZES)
    asked.add_argument("--keep", type=Path, help="the folder it lies in; default BENCH_DATA, or one in ~/.cache")
    told = asked.parse_args()
    print(kept(told.size, told.keep))
    return 0


def _above(home: Path | None) -> Path:
    return home or Path(os.environ.get("BENCH_DATA", Path.home() / ".cache" / "liaison-bench"))


def _fill(folder: Path, count: int) -> None:
    with standing(folder, durable=False) as ground, ground.app.app_context():
        now = datetime.now(UTC)
        maker = Maker(read_town(ground.app.extensions["liaison"].keys, now), count, now)
        _set(ground.postgres.url, LOADING)
    with standing(folder, durable=False) as ground:
        _load(ground.postgres.url, maker, count)
        _set(ground.postgres.url, dict.fromkeys(LOADING))


def _load(url: str, maker: Maker, count: int) -> None:
    """All rows in one transaction, then the indexes; while a block is written the next one is made."""
    tables = list(COLUMNS)
    with psycopg.connect(url) as connection, ThreadPoolExecutor(1) as writer:
        connection.execute("SET session_replication_role = replica")  # nobody checks what is known to be right
        connection.execute("SET maintenance_work_mem = '1GB'")
        connection.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
        indexes = connection.execute(BY_HAND, (tables,)).fetchall()
        for _, name in indexes:
            connection.execute(f"DROP INDEX {name}")
        made, written = range(0, count, BLOCK), None
        for start in made:
            lines = maker.block(range(start + 1, min(start + BLOCK, count) + 1))
            if written:
                written.result()
            written = writer.submit(_copy, connection, lines)
        written.result()
        for definition, _ in indexes:
            connection.execute(definition)
        connection.execute("SELECT setval('case_numbers', %s)", (count,))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def _copy(connection: psycopg.Connection, lines: Lines) -> None:
    for table, columns in COLUMNS.items():
        names = ", ".join(columns.split())
        with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN (FREEZE)") as copy:
            copy.write("".join(lines[table]))


def _set(url: str, settings: Mapping[str, str | None]) -> None:
    """For the server as it starts next; None takes a setting back."""
    with psycopg.connect(url, autocommit=True) as connection:
        for name, value in settings.items():
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'" if value else f"ALTER SYSTEM RESET {name}")


if __name__ == "__main__":
    sys.exit(main())
