"""The declarative base, naming convention and application-side ids shared by every model."""

import secrets
import time
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, MetaData, Text, Uuid, literal_column
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, registry

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


SEALED = {"sealed": True}
"""Marks a column (`info=SEALED`) that holds what `services.sealing` sealed; its row names the key in `key_id`."""

DIGEST_OF = "digest_of"
"""Marks a column (`info={DIGEST_OF: "phone"}`) that holds a keyed digest of what that sealed column of the row holds,
for look-up; the row names the key in `code_key_id`."""


class Base(DeclarativeBase):
    """The common root: text without length, times with zone, JSON as jsonb, ids as uuid."""

    registry = registry(
        metadata=MetaData(naming_convention=NAMING),
        type_annotation_map={
            str: Text(),
            datetime: DateTime(timezone=True),
            UUID: Uuid(),
            dict: JSONB(),
            list: JSONB(),
        },
    )


def fixed(code: str) -> ColumnElement[str]:
    """A code of ours as it stands in a statement. For codes that never change from one call to the next.

    Of a value sent beside a prepared statement its plan knows nothing: neither that few rows have it, nor that a
    partial index holds those.
    """
    if not code.isidentifier():
        raise ValueError(f"not a code: {code!r}")
    return literal_column(f"'{code}'", Text())


def new_id() -> UUID:
    """A fresh UUIDv7: ordered by time, so that new rows land at one end of an index, and as they were made.

    The twelve bits after the milliseconds hold their fraction (RFC 9562, section 6.2, method 3), a quarter of a
    microsecond each: two rows of one transaction keep their order.
    """
    return UUID(int=_ordered(_moment()) | secrets.randbits(62))


def new_ids(count: int) -> list[str]:
    """Fresh ids like `new_id`'s, in hexadecimal and in order, for thousands of rows that are made at once.

    They have sixty bits of chance, two fewer, and are made in a third of the time.
    """
    first, chance = _moment(), secrets.token_hex(8 * count)
    return [
        f"{first + nth >> 12:012x}7{first + nth & 0xFFF:03x}8{chance[15 * nth : 15 * nth + 15]}" for nth in range(count)
    ]


def _moment() -> int:
    """The time in milliseconds and their fraction in twelve bits."""
    return (time.time_ns() << 12) // 1_000_000


def _ordered(moment: int) -> int:
    """A UUIDv7 of that moment, its 62 bits of chance left empty."""
    return (moment >> 12) << 80 | 0x7 << 76 | (moment & 0xFFF) << 64 | 0x2 << 62
