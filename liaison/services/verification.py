"""Walks the hash chains of all cases and names the first fault of each (see `domain.chain`)."""

from collections.abc import Iterator
from itertools import groupby

from sqlalchemy import select

from liaison.db import session
from liaison.domain import chain
from liaison.models.cases import Case, Event

BATCH = 1000


def faults() -> Iterator[tuple[str, chain.Fault]]:
    """Every case whose history does not hold, with the first event that breaks it.

    A chain is held against the head and the count its case keeps, so that events cut off its end show as well.
    """
    rows = session.execute(
        select(Event, Case.number, Case.seq.label("events"), Case.head)
        .join(Case, Case.id == Event.case_id)
        .order_by(Event.case_id, Event.seq)
        .execution_options(yield_per=BATCH)
    )
    for number, group in groupby(rows, key=lambda row: row.number):
        events = list(group)
        anchors = {events[0].events: events[0].head}
        links = [_link(row.Event, number) for row in events]
        fault = chain.verify(links, anchors) or _altered_body([row.Event for row in events])
        if fault:
            yield number, fault


def _link(event: Event, number: str) -> chain.Link:
    return chain.Link(
        number=number,
        seq=event.seq,
        at=event.at,
        kind=event.kind,
        by_role=event.by_role,
        body_digest=event.body_digest,
        prev_hash=event.prev_hash,
        hash=event.hash,
    )


def _altered_body(events: list[Event]) -> chain.Fault | None:
    for event in events:
        body = {"text": event.text, "data": event.data}
        if chain.digest_body(event.salt, body) != event.body_digest:
            return chain.Fault(event.seq, chain.Breach.ALTERED)
    return None
