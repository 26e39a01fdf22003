"""How PostgreSQL's answers are read: what their columns are is told when somebody asks.

SQLAlchemy asks with every answer whether it has columns at all, and knows of its own statements which. psycopg would
make an object of each column meanwhile, which for a wide row takes longer than reading it.
"""

from collections.abc import Sequence
from typing import Any

from psycopg import Column
from psycopg import Cursor as Plain


class Cursor(Plain[Any]):
    """psycopg's own, but for the description."""

    @property
    def description(self) -> Sequence[Column] | None:
        """The columns of the answer; None where there is none."""
        found = self.pgresult
        return _Columns(self, found.nfields) if found and found.nfields else None


class _Columns(Sequence[Column]):
    def __init__(self, cursor: Cursor, count: int) -> None:
        self._cursor, self._count = cursor, count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Column:
        if not -self._count <= index < self._count:
            raise IndexError(index)
        return Column(self._cursor, index % self._count)
