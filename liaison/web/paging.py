"""Keyset pages: an opaque cursor instead of a page number, so that deep pages cost what the first one costs."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import request

from liaison.domain.errors import Invalid
from liaison.services.listing import Place, Row

DEFAULT_LIMIT, MAX_LIMIT = 20, 100
LIMITS = frozenset(map(str, range(1, MAX_LIMIT + 1)))

Cursor = tuple[Any, ...]
BY_TIME = (datetime.fromisoformat, UUID)
"""How the parts of the usual cursor are read: a moment and an id."""

BY_PLACE = (datetime.fromisoformat, int, datetime.fromisoformat, datetime.fromisoformat, UUID)
"""How those of a `services.listing.Place` are read."""


def page(
    fetch: Callable[[Any, int], Sequence[Any]],
    cursor_of: Callable[[Any], Cursor],
    parts: Sequence[Callable[[str], Any]] = BY_TIME,
) -> tuple[list, str | None]:
    """One page of what `fetch(after, limit)` returns, as the query asks, and the cursor of the next or None."""
    limit = _limit()
    rows = list(fetch(_after(parts), limit + 1))
    more = len(rows) > limit
    return rows[:limit], _encode(cursor_of(rows[limit - 1])) if more else None


def _limit() -> int:
    given = request.args.get("limit", str(DEFAULT_LIMIT))
    if given not in LIMITS:
        raise Invalid({"limit": [f"每页数量应在 1 到 {MAX_LIMIT} 之间。"]})
    return int(given)


def _after(parts: Sequence[Callable[[str], Any]]) -> Cursor | None:
    given = request.args.get("after")
    if not given:
        return None
    try:
        told = base64.urlsafe_b64decode(given.encode("ascii")).decode("ascii").split("|")
        return tuple(read(part) for read, part in zip(parts, told, strict=True))
    except (ValueError, UnicodeError, binascii.Error):
        raise Invalid({"after": ["翻页标记无效，请从第一页重新打开。"]}) from None


def _encode(cursor: Cursor) -> str:
    told = (part.isoformat() if isinstance(part, datetime) else str(part) for part in cursor)
    return base64.urlsafe_b64encode("|".join(told).encode()).decode()


def list_page(fetch: Callable[[Place | None, int], Sequence[Row]]) -> tuple[list[Row], str | None]:
    """One page of a list of cases or assignments."""
    return page(lambda after, limit: fetch(Place(*after) if after else None, limit), lambda row: row.cursor, BY_PLACE)
