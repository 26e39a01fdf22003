"""The declarative base, naming convention and application-side ids shared by every model."""

import secrets
import time
from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, MetaData, Text, Uuid
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


def new_id() -> UUID:
    """A fresh UUIDv7 (RFC 9562): ordered by time, so that new rows land at one end of an index."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | secrets.randbits(80)
    value = value & ~(0xF << 76) | (0x7 << 76)
    value = value & ~(0x3 << 62) | (0x2 << 62)
    return UUID(int=value)
