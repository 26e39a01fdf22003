"""What people read of a case beside its events: text, answers, ratings. Each must be what an event says of it."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from sqlalchemy import select

from liaison.db import session
from liaison.models.assignments import Reply
from liaison.models.cases import Event, Rating
from liaison.services.replies import said

SUBMITTED = "submit"
"""The event whose text the case repeats, to be listed and searched."""

WORDS = ("text", "measures", "owner")
"""What answers and ratings say in words."""

Rows = dict[str, Reply | Rating]
Pair = tuple[object, object]


class Beside:
    """Answers and ratings by case, read along with the cases, which are asked for in the order of their ids."""

    def __init__(self, batch: int) -> None:
        self._streams = [_Stream(table, batch) for table in (Reply, Rating)]

    def of(self, case_id: UUID) -> Rows:
        """The rows of a case by their ids."""
        return {str(row.id): row for stream in self._streams for row in stream.of(case_id)}


class _Stream:
    def __init__(self, table: type[Reply | Rating], batch: int) -> None:
        rows = session.scalars(select(table).order_by(table.case_id).execution_options(yield_per=batch))
        self._groups = groupby(rows, key=attrgetter("case_id"))
        self._next = next(self._groups, None)

    def of(self, case_id: UUID) -> Iterator[Reply | Rating]:
        while self._next and self._next[0] < case_id:
            self._next = next(self._groups, None)
        if self._next and self._next[0] == case_id:
            yield from self._next[1]
            self._next = next(self._groups, None)


def compared(event: Event, text: str, rows: Rows) -> Pair | None:
    """What an event says and what people read in its place, if they read it elsewhere; takes that row out of `rows`."""
    if event.erased_at and not event.data:
        _drop_wordless(rows)
    if event.kind == SUBMITTED:
        return event.text, text
    told: Mapping[str, object] | str | None = event.data.get("reply")
    if told:
        return told, _answer(rows.pop(str(told["id"]), None))
    if id_ := event.data.get("rating"):
        return (event.text, *_opinion(event.data)), _rating(rows.pop(str(id_), None))
    return None


def _drop_wordless(rows: Rows) -> None:
    """Take out what an erasure of all text left: its event no longer tells of it, and it no longer says anything."""
    for id_ in [id_ for id_, row in rows.items() if not any(getattr(row, name, "") for name in WORDS)]:
        del rows[id_]


def _answer(row: Reply | Rating | None) -> object:
    return said(row.id, row) if isinstance(row, Reply) else None


def _rating(row: Reply | Rating | None) -> object:
    return (row.text, row.result, row.attitude, row.speed) if isinstance(row, Rating) else None


def _opinion(data: Mapping[str, object]) -> tuple[object, ...]:
    return tuple(data.get(name) for name in ("result", "attitude", "speed"))
