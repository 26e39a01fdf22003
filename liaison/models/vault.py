"""Who the resident is and where exactly: sealed, in a schema of its own that ordinary queries do not join."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from liaison.models.base import DIGEST_OF, SEALED, Base

SCHEMA = "vault"


class Identity(Base):
    """A resident's name and phone, sealed under the key `key_id`; `phone_mac` is for look-up, under `code_key_id`."""

    __tablename__ = "identities"
    __table_args__ = (Index("ix_identities_phone_mac", "phone_mac"), {"schema": SCHEMA})

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    key_id: Mapped[str]
    name: Mapped[bytes | None] = mapped_column(LargeBinary, info=SEALED)
    phone: Mapped[bytes | None] = mapped_column(LargeBinary, info=SEALED)
    phone_mac: Mapped[bytes | None] = mapped_column(LargeBinary, info={DIGEST_OF: "phone"})
    code_key_id: Mapped[str | None]


class Place(Base):
    """Where the matter is, as precisely as the resident gave it; sealed as one JSON document."""

    __tablename__ = "places"
    __table_args__ = ({"schema": SCHEMA},)

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    key_id: Mapped[str]
    sealed: Mapped[bytes] = mapped_column(LargeBinary, info=SEALED)


class Address(Base):
    """Where a recipient, an account or a resident's case, is reached by one channel; sealed."""

    __tablename__ = "addresses"
    __table_args__ = ({"schema": SCHEMA},)

    recipient_id: Mapped[UUID] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    key_id: Mapped[str]
    sealed: Mapped[bytes] = mapped_column(LargeBinary, info=SEALED)
    changed_at: Mapped[datetime]


class Visitor(Base):
    """A resident as the service account knows one: an openid, sealed, and under `code_key_id` its digest for look-up.

    The id is random and stands for the person wherever the openid must not.
    """

    __tablename__ = "visitors"
    __table_args__ = (Index("ix_visitors_openid_mac", "openid_mac"), {"schema": SCHEMA})

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    key_id: Mapped[str]
    openid: Mapped[bytes] = mapped_column(LargeBinary, info=SEALED)
    openid_mac: Mapped[bytes] = mapped_column(LargeBinary, info={DIGEST_OF: "openid"})
    code_key_id: Mapped[str]
    created_at: Mapped[datetime]


class OwnMatter(Base):
    """That a matter stands in a visitor's list: here, since it says which matters are one person's."""

    __tablename__ = "own_matters"
    __table_args__ = ({"schema": SCHEMA},)

    visitor_id: Mapped[UUID] = mapped_column(
        ForeignKey(f"{SCHEMA}.visitors.id", ondelete="CASCADE"), primary_key=True
    )
    case_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)
    added_at: Mapped[datetime]


class Message(Base):
    """What a platform told us, byte for byte, in an inbound event; sealed, since it may name people."""

    __tablename__ = "messages"
    __table_args__ = ({"schema": SCHEMA},)

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    key_id: Mapped[str]
    sealed: Mapped[bytes] = mapped_column(LargeBinary, info=SEALED)


class Seed(Base):
    """The seed of an account's second factor, sealed: `offered` until a code of it was shown, then `used`."""

    __tablename__ = "seeds"
    __table_args__ = ({"schema": SCHEMA},)

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(primary_key=True)
    key_id: Mapped[str]
    sealed: Mapped[bytes] = mapped_column(LargeBinary, info=SEALED)


class Mark(Base):
    """By what somebody is known elsewhere, sealed, with a digest for look-up: openid, WeCom user id, phone number.

    `owner_id` is an account, or for the kind `asked` a binding that is not made yet. An openid and a user id are one
    account's alone; a phone may be that of two accounts of one person.
    """

    __tablename__ = "marks"
    __table_args__ = (
        Index("ix_marks_mac", "mac"),
        Index("ix_marks_alone", "kind", "mac", unique=True, postgresql_where=text("kind IN ('openid', 'userid')")),
        {"schema": SCHEMA},
    )

    owner_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    key_id: Mapped[str]
    sealed: Mapped[bytes] = mapped_column(LargeBinary, info=SEALED)
    mac: Mapped[bytes] = mapped_column(LargeBinary, info={DIGEST_OF: "sealed"})
    code_key_id: Mapped[str]
