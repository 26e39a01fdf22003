"""Seal and open who the resident is, where exactly, and what platforms told us.

The only reader and writer of the vault schema.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, select

from liaison.db import session
from liaison.models.vault import Address, Identity, Message, Place

NONCE = 12  # bytes, as AES-GCM wants it


@dataclass(frozen=True)
class Keys:
    """The server's keys: sealing keys by id (the newest last), the look-up key, the query-code key."""

    vault: Mapping[str, bytes] = field(repr=False)
    codes: bytes = field(repr=False)
    stations: Mapping[str, bytes] = field(repr=False)

    @property
    def newest(self) -> str:
        """The id of the key that seals now."""
        return next(reversed(self.vault))


@dataclass(frozen=True)
class Contact:
    """Who the resident is, as far as told."""

    name: str | None = None
    phone: str | None = None


@dataclass(frozen=True)
class Spot:
    """Where the matter is: a name as people say it, and degrees if the resident chose to give them."""

    name: str = ""
    lat: float | None = None
    lng: float | None = None


def keep_contact(case_id: UUID, contact: Contact, keys: Keys) -> None:
    """Seal a resident's contact; nothing is written when nothing was told."""
    if not (contact.name or contact.phone):
        return
    key_id = keys.newest
    session.add(
        Identity(
            case_id=case_id,
            key_id=key_id,
            name=_seal(keys, key_id, case_id, contact.name) if contact.name else None,
            phone=_seal(keys, key_id, case_id, contact.phone) if contact.phone else None,
            phone_mac=_digest(keys, contact.phone) if contact.phone else None,
        )
    )


def keep_place(case_id: UUID, spot: Spot, keys: Keys) -> None:
    """Seal where the matter is; nothing is written when nothing was told."""
    if not spot.name and spot.lat is None:
        return
    document = json.dumps({"name": spot.name, "lat": spot.lat, "lng": spot.lng}, ensure_ascii=False)
    session.add(Place(case_id=case_id, key_id=keys.newest, sealed=_seal(keys, keys.newest, case_id, document)))


def find_contact(case_id: UUID, keys: Keys) -> Contact | None:
    """The resident's contact, opened; the caller has checked that it may be."""
    row = session.get(Identity, case_id)
    if row is None:
        return None
    name = _open(keys, row.key_id, case_id, row.name) if row.name else None
    phone = _open(keys, row.key_id, case_id, row.phone) if row.phone else None
    return Contact(name, phone)


def find_place(case_id: UUID, keys: Keys) -> Spot | None:
    """Where the matter is, opened; the caller has checked that it may be."""
    row = session.get(Place, case_id)
    return Spot(**json.loads(_open(keys, row.key_id, case_id, row.sealed))) if row else None


def keep_message(event_id: UUID, message: bytes, keys: Keys) -> None:
    """Seal what a platform told us."""
    sealed = _seal_bytes(keys, keys.newest, event_id, message)
    session.add(Message(event_id=event_id, key_id=keys.newest, sealed=sealed))


def get_message(event_id: UUID, keys: Keys) -> bytes:
    """What a platform told us, opened."""
    row = session.get_one(Message, event_id)
    return _open_bytes(keys, row.key_id, event_id, row.sealed)


def keep_address(recipient_id: UUID, channel: str, address: str, keys: Keys, now: datetime) -> None:
    """Seal where a recipient is reached by a channel, in place of what was kept before."""
    sealed = _seal(keys, keys.newest, recipient_id, address)
    session.merge(
        Address(recipient_id=recipient_id, channel=channel, key_id=keys.newest, sealed=sealed, changed_at=now)
    )


def drop_address(recipient_id: UUID, channel: str) -> None:
    """Forget where a recipient is reached by a channel."""
    session.execute(delete(Address).where(Address.recipient_id == recipient_id, Address.channel == channel))


def find_addresses(recipients: Iterable[UUID], keys: Keys) -> dict[tuple[UUID, str], str]:
    """Where these recipients are reached, by recipient and channel, opened; for sending alone."""
    rows = session.scalars(select(Address).where(Address.recipient_id.in_(recipients)))
    return {(row.recipient_id, row.channel): _open(keys, row.key_id, row.recipient_id, row.sealed) for row in rows}


def _seal(keys: Keys, key_id: str, case_id: UUID, text: str) -> bytes:
    return _seal_bytes(keys, key_id, case_id, text.encode())


def _open(keys: Keys, key_id: str, case_id: UUID, sealed: bytes) -> str:
    return _open_bytes(keys, key_id, case_id, sealed).decode()


def _seal_bytes(keys: Keys, key_id: str, about: UUID, what: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE)
    return nonce + AESGCM(keys.vault[key_id]).encrypt(nonce, what, about.bytes)


def _open_bytes(keys: Keys, key_id: str, about: UUID, sealed: bytes) -> bytes:
    return AESGCM(keys.vault[key_id]).decrypt(sealed[:NONCE], sealed[NONCE:], about.bytes)


def _digest(keys: Keys, phone: str) -> bytes:
    return hmac.new(keys.codes, f"phone:{phone}".encode(), hashlib.sha256).digest()
