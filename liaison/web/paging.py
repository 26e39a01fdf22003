"""Keyset pages: an opaque cursor instead of a page number, so that deep pages cost what the first one costs."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import request

from liaison.domain.errors import Invalid

DEFAULT_LIMIT, MAX_LIMIT = 20, 100
LIMITS = frozenset(map(str, range(1, MAX_LIMIT + 1)))

Cursor = tuple[datetime, UUID]


def page(
    fetch: Callable[[Cursor | None, int], Sequence[Any]], cursor_of: Callable[[Any], Cursor]
) -> tuple[list, str | None]:
    """One page of what `fetch(after, limit)` returns, as the query asks, and the cursor of the next or None."""
    limit = _limit()
    rows = list(fetch(_after(), limit + 1))
    more = len(rows) > limit
    return rows[:limit], _encode(cursor_of(rows[limit - 1])) if more else None


def _limit() -> int:
    given = request.args.get("limit", str(DEFAULT_LIMIT))
    if given not in LIMITS:
        raise Invalid({"limit": [f"每页数量应在 1 到 {MAX_LIMIT} 之间。"]})
    return int(given)


def _after() -> Cursor | None:
    given = request.args.get("after")
    if not given:
        return None
    try:
        at, _, id_ = base64.urlsafe_b64decode(given.encode("ascii")).decode("ascii").partition("|")
        return datetime.fromisoformat(at), UUID(id_)
    except (ValueError, UnicodeError, binascii.Error):
        raise Invalid({"after": ["翻页标记无效，请从第一页重新打开。"]}) from None


def _encode(cursor: Cursor) -> str:
    return base64.urlsafe_b64encode(f"{cursor[0].isoformat()}|{cursor[1]}".encode()).decode()
