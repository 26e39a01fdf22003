"""Asking another platform while somebody waits for the answer: what its refusals mean to them."""

from collections.abc import Iterator
from contextlib import contextmanager

from werkzeug.exceptions import TooManyRequests

from liaison.clients.letters import Kind, NotSent
from liaison.domain.errors import Invalid, Unavailable

AFTER = 60  # seconds, where the platform did not say


@contextmanager
def asking(field: str, refused: str) -> Iterator[None]:
    """Never within a transaction. Raises Invalid for `field` with these words when the platform does not take it,
    TooManyRequests where that is too often, Unavailable when it gives no answer.
    """
    try:
        yield
    except NotSent as error:
        kind, pause = error.kind, error.pause
    else:
        return
    if kind is Kind.FINAL:
        raise Invalid({field: [refused]}, refused)
    if kind is Kind.QUOTA:
        raise TooManyRequests(retry_after=int(pause.total_seconds()) if pause else AFTER)
    raise Unavailable
