"""What all anchors have seen, to look up by case: a database of its own on disk, gone when it is closed.

Millions of heads fit, in the memory of a few thousand.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from liaison.domain.anchors import AUDIT, Head, Tree

_TABLES = """
PRAGMA journal_mode = OFF;
CREATE TABLE seen (number TEXT, day TEXT, seq INTEGER, hash TEXT, undone INTEGER,
    PRIMARY KEY (number, day, seq, hash)) WITHOUT ROWID;
CREATE VIEW latest AS SELECT number, seq, hash, max(day) FROM seen GROUP BY number;
CREATE TABLE present (number TEXT PRIMARY KEY, seq INTEGER, hash TEXT, leaf BLOB) WITHOUT ROWID;
CREATE TABLE changed (leaf BLOB PRIMARY KEY, number TEXT, seq INTEGER, hash TEXT) WITHOUT ROWID;
CREATE TABLE found (number TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_COMPARE = """
INSERT INTO changed SELECT leaf, number, seq, hash FROM present
WHERE hash IS NOT (SELECT hash FROM seen WHERE seen.number = present.number ORDER BY day DESC LIMIT 1)
UNION ALL SELECT leaf(number, 0, ''), number, 0, '' FROM latest
WHERE seq > 0 AND number NOT IN (SELECT number FROM present)
"""
_MISSED = """
SELECT number, seq, hash, max(day), undone FROM seen
WHERE seq > 0 AND number NOT IN (SELECT number FROM found)
GROUP BY number, undone ORDER BY number
"""


@dataclass(frozen=True)
class Witness:
    """What an anchor of that day says of a chain; `is_undone` when a restore may have lost it since."""

    seq: int
    hash: str
    day: date
    is_undone: bool


class Witnesses:
    """Heads by the anchors that listed them, and, to make the next anchor, those of now."""

    def __init__(self) -> None:
        self._line = sqlite3.connect("")  # a file of SQLite's own that nobody else can open
        self._line.executescript(_TABLES)
        self._line.create_function("leaf", 3, lambda *head: Head(*head).leaf, deterministic=True)

    def close(self) -> None:
        """Forget everything."""
        self._line.close()

    def add(self, day: date, heads: Iterable[Head], *, is_undone: bool = False) -> None:
        """Take in what an anchor lists."""
        rows = ((each.number, day.isoformat(), each.seq, each.hash, is_undone) for each in heads)
        self._line.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?, ?, ?, ?)", rows)

    def stand_at(self, heads: Iterable[Head]) -> None:
        """Take in where all chains stand now, once all anchors are taken in."""
        rows = ((each.number, each.seq, each.hash, each.leaf) for each in heads)
        self._line.executemany("INSERT INTO present VALUES (?, ?, ?, ?)", rows)
        self._line.execute(_COMPARE)

    def changed(self) -> Iterator[Head]:
        """The heads of now that the anchors have not seen last, and what is gone, in the order of their leaves."""
        return (Head(*row) for row in self._line.execute("SELECT number, seq, hash FROM changed ORDER BY leaf"))

    def figures(self) -> dict[str, object]:
        """What a statement says of the heads of now."""
        counts = "SELECT count(*), coalesce(sum(seq), 0) FROM present WHERE number <> ?"
        cases, events = self._line.execute(counts, (AUDIT,)).fetchone()
        changed = self._tree("SELECT leaf FROM changed ORDER BY leaf")
        return {
            "cases": cases,
            "events": events,
            "root": self._tree("SELECT leaf FROM present ORDER BY leaf").root,
            "changed": changed.size,
            "changed_root": changed.root,
        }

    def root(self) -> str:
        """The root over what the anchors have seen last."""
        return self._tree("SELECT leaf(number, seq, hash) FROM latest WHERE seq > 0 ORDER BY 1").root

    def of(self, number: str) -> list[Witness]:
        """What the anchors say of one chain, the oldest first; the chain counts as found."""
        self._line.execute("INSERT OR IGNORE INTO found VALUES (?)", (number,))
        rows = "SELECT seq, hash, day, undone FROM seen WHERE number = ? AND seq > 0 ORDER BY day"
        return [_witness(*row) for row in self._line.execute(rows, (number,)).fetchall()]

    def missed(self) -> Iterator[tuple[str, Witness]]:
        """The chains that were never asked for, each with the last an anchor says of it."""
        for number, *row in self._line.execute(_MISSED):
            yield number, _witness(*row)

    def _tree(self, leaves: str) -> Tree:
        tree = Tree()
        for (leaf,) in self._line.execute(leaves):
            tree.add(leaf)
        return tree


def _witness(seq: int, hash_: str, day: str, undone: int) -> Witness:
    return Witness(seq, hash_, date.fromisoformat(day), bool(undone))
