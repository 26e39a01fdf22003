"""Seal and open who the resident is, where exactly, and what platforms told us.

The only reader and writer of the vault schema but for what WeChat knows residents by (`visitors`, `own_matters`).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Row, delete, select
from sqlalchemy.dialects.postgresql import insert

from liaison import wall
from liaison.db import session
from liaison.domain.addresses import plain_phone
from liaison.models.base import Base
from liaison.models.vault import Address, Identity, Mark, Message, OwnMatter, Place, Seed
from liaison.services.sealing import Keys, look_up, seal, unseal

Kept = TypeVar("Kept", bound=Base)
OFFERED, USED = "offered", "used"  # states of a seed
OPENID, USERID, PHONE, ASKED = "openid", "userid", "phone", "asked"  # kinds of marks


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


def slots(case_id: UUID, contact: Contact, spot: Spot, keys: Keys) -> list[Base]:
    """The rows that keep who tells a new matter and where it is, as far as told; written with it by `write_new`."""
    identity, place = _sealed_contact(case_id, contact, keys), _sealed_place(case_id, spot, keys)
    return [*([Identity(**identity)] if identity else []), *([Place(**place)] if place else [])]


def keep_contact(case_id: UUID, contact: Contact, keys: Keys) -> None:
    """Seal a resident's contact, the phone as its digits; nothing is written when nothing was told."""
    if sealed := _sealed_contact(case_id, contact, keys):
        _keep(Identity, **sealed)


def keep_place(case_id: UUID, spot: Spot, keys: Keys) -> None:
    """Seal where the matter is; nothing is written when nothing was told."""
    if sealed := _sealed_place(case_id, spot, keys):
        _keep(Place, **sealed)


def drop_contact(case_id: UUID) -> int:
    """Forget who the resident of a case is; returns how many rows that were."""
    return _drop(Identity, Identity.case_id == case_id)


def drop_place(case_id: UUID) -> int:
    """Forget where exactly the matter of a case is; returns how many rows that were."""
    return _drop(Place, Place.case_id == case_id)


def find_contact(case_id: UUID, keys: Keys) -> Contact | None:
    """The resident's contact, opened; the caller has checked that it may be."""
    row = _find(Identity, case_id)
    if row is None:
        return None
    name = unseal(keys, row.key_id, Identity.name, (case_id,), row.name).decode() if row.name else None
    phone = unseal(keys, row.key_id, Identity.phone, (case_id,), row.phone).decode() if row.phone else None
    return Contact(name, phone)


def find_cases_by_phone(phone: str, keys: Keys) -> list[UUID]:
    """The cases whose residents gave this plain number, by its digests alone; the caller has checked who may ask."""
    macs = [look_up(key, Identity.phone_mac, phone.encode()) for key in keys.codes.values()]
    with wall.in_vault():
        return list(session.scalars(select(Identity.case_id).where(Identity.phone_mac.in_(macs))))


def find_place(case_id: UUID, keys: Keys) -> Spot | None:
    """Where the matter is, opened; the caller has checked that it may be."""
    row = _find(Place, case_id)
    return Spot(**json.loads(unseal(keys, row.key_id, Place.sealed, (case_id,), row.sealed))) if row else None


def identified() -> list[UUID]:
    """The ids of those of whom a contact, an address or an owner is kept, cases and accounts; opens nothing."""
    others = select(Address.recipient_id), select(OwnMatter.case_id)
    with wall.in_vault():
        return list(session.scalars(select(Identity.case_id).union(*others)))


def placed() -> list[UUID]:
    """The ids of cases of which a place is kept."""
    with wall.in_vault():
        return list(session.scalars(select(Place.case_id)))


def drop_messages(event_ids: Iterable[UUID]) -> None:
    """Forget what platforms told us in these events."""
    _drop(Message, Message.event_id.in_(event_ids))


def keep_message(event_id: UUID, message: bytes, keys: Keys) -> None:
    """Seal what a platform told us."""
    sealed = seal(keys, Message.sealed, (event_id,), message)
    _keep(Message, event_id=event_id, key_id=keys.newest, sealed=sealed)


def get_message(event_id: UUID, keys: Keys) -> bytes:
    """What a platform told us, opened."""
    with wall.in_vault():
        row = session.get_one(Message, event_id)
    return unseal(keys, row.key_id, Message.sealed, (event_id,), row.sealed)


def keep_address(recipient_id: UUID, channel: str, address: str, keys: Keys, now: datetime) -> None:
    """Seal where a recipient is reached by a channel, in place of what was kept before."""
    sealed = seal(keys, Address.sealed, (recipient_id, channel), address.encode())
    own = {"recipient_id": recipient_id, "channel": channel}
    _replace(Address, own, key_id=keys.newest, sealed=sealed, changed_at=now)


def keep_many(
    addresses: Mapping[tuple[UUID, str], str], marks: Mapping[tuple[UUID, str], str], keys: Keys, now: datetime
) -> None:
    """Seal addresses by recipient and channel, and marks by owner and kind, of people of whom nothing was kept yet.

    A statement for each of both, for laying out a whole town.
    """
    kept_addresses = [
        {
            "recipient_id": recipient_id,
            "channel": channel,
            "key_id": keys.newest,
            "sealed": seal(keys, Address.sealed, (recipient_id, channel), address.encode()),
            "changed_at": now,
        }
        for (recipient_id, channel), address in addresses.items()
    ]
    kept_marks = [{"owner_id": own[0], "kind": own[1], **_mark(*own, mark, keys)} for own, mark in marks.items()]
    with wall.in_vault():
        for table, rows in ((Address, kept_addresses), (Mark, kept_marks)):
            if rows:
                session.execute(insert(table), rows)


def drop_address(recipient_id: UUID, channel: str) -> None:
    """Forget where a recipient is reached by a channel."""
    _drop(Address, Address.recipient_id == recipient_id, Address.channel == channel)


def find_addresses(recipients: Iterable[UUID], keys: Keys) -> dict[tuple[UUID, str], str]:
    """Where these recipients are reached, by recipient and channel, opened; for sending alone."""
    columns = Address.recipient_id, Address.channel, Address.key_id, Address.sealed
    with wall.in_vault():
        rows = session.execute(select(*columns).where(Address.recipient_id.in_(recipients))).all()
    return {(row.recipient_id, row.channel): _address(keys, row) for row in rows}


def offer_seed(account_id: UUID, seed: str, keys: Keys) -> None:
    """Seal the seed of a second factor that is not used yet, in place of one offered before."""
    _keep_seed(account_id, OFFERED, seed, keys)


def use_seed(account_id: UUID, keys: Keys) -> None:
    """Let the offered seed take the place of the used one."""
    seed = find_seed(account_id, keys, offered=True)
    drop_seeds(account_id)
    _keep_seed(account_id, USED, seed, keys)


def find_seed(account_id: UUID, keys: Keys, *, offered: bool = False) -> str | None:
    """The seed in use, or the one on offer, opened; for checking codes and for showing it to its owner alone."""
    own = (account_id, OFFERED if offered else USED)
    with wall.in_vault():
        row = session.get(Seed, own, populate_existing=True)
    return unseal(keys, row.key_id, Seed.sealed, own, row.sealed).decode() if row else None


def drop_seeds(account_id: UUID) -> None:
    """Forget the seeds of an account."""
    _drop(Seed, Seed.account_id == account_id)


def keep_mark(owner_id: UUID, kind: str, mark: str, keys: Keys) -> None:
    """Seal by what somebody is known elsewhere, in place of what was kept before."""
    _replace(Mark, {"owner_id": owner_id, "kind": kind}, **_mark(owner_id, kind, mark, keys))


def find_mark(owner_id: UUID, kind: str, keys: Keys) -> str | None:
    """By what somebody is known elsewhere, opened; the caller has checked that it may be."""
    own = (owner_id, kind)
    with wall.in_vault():
        row = session.get(Mark, own, populate_existing=True)
    return unseal(keys, row.key_id, Mark.sealed, own, row.sealed).decode() if row else None


def find_marked(kind: str, mark: str, keys: Keys) -> list[UUID]:
    """Who is known by this, by its digests alone."""
    macs = [look_up(key, Mark.mac, mark.encode()) for key in keys.codes.values()]
    with wall.in_vault():
        return list(session.scalars(select(Mark.owner_id).where(Mark.kind == kind, Mark.mac.in_(macs))))


def marked(kind: str, owners: Iterable[UUID]) -> set[UUID]:
    """Those of these owners of whom such a mark is kept; opens nothing."""
    with wall.in_vault():
        return set(session.scalars(select(Mark.owner_id).where(Mark.kind == kind, Mark.owner_id.in_(owners))))


def drop_marks(owners: Iterable[UUID], kind: str) -> int:
    """Forget by what these are known elsewhere; returns how many marks that were."""
    return _drop(Mark, Mark.owner_id.in_(owners), Mark.kind == kind)


def _mark(owner_id: UUID, kind: str, mark: str, keys: Keys) -> dict[str, object]:
    """What is kept of a mark beside whose it is."""
    return {
        "key_id": keys.newest,
        "code_key_id": keys.newest_code,
        "sealed": seal(keys, Mark.sealed, (owner_id, kind), mark.encode()),
        "mac": look_up(keys.codes[keys.newest_code], Mark.mac, mark.encode()),
    }


def _keep_seed(account_id: UUID, state: str, seed: str, keys: Keys) -> None:
    sealed = seal(keys, Seed.sealed, (account_id, state), seed.encode())
    _replace(Seed, {"account_id": account_id, "state": state}, key_id=keys.newest, sealed=sealed)


def _sealed_contact(case_id: UUID, contact: Contact, keys: Keys) -> dict[str, object]:
    if not (contact.name or contact.phone):
        return {}
    name, phone, row = contact.name, plain_phone(contact.phone or ""), (case_id,)
    return {
        "case_id": case_id,
        "key_id": keys.newest,
        "name": seal(keys, Identity.name, row, name.encode()) if name else None,
        "phone": seal(keys, Identity.phone, row, phone.encode()) if phone else None,
        "phone_mac": look_up(keys.codes[keys.newest_code], Identity.phone_mac, phone.encode()) if phone else None,
        "code_key_id": keys.newest_code if phone else None,
    }


def _sealed_place(case_id: UUID, spot: Spot, keys: Keys) -> dict[str, object]:
    if not spot.name and spot.lat is None:
        return {}
    document = json.dumps({"name": spot.name, "lat": spot.lat, "lng": spot.lng}, ensure_ascii=False)
    sealed = seal(keys, Place.sealed, (case_id,), document.encode())
    return {"case_id": case_id, "key_id": keys.newest, "sealed": sealed}


def _keep(table: type[Base], **columns: object) -> None:
    with wall.in_vault():
        session.execute(insert(table).values(**columns))


def _replace(table: type[Base], own: Mapping[str, UUID | str], **columns: object) -> None:
    """Keep a row in place of the one with this primary key, in one statement: a rotation may re-wrap it meanwhile."""
    kept = insert(table).values(**own, **columns)
    with wall.in_vault():
        session.execute(kept.on_conflict_do_update(index_elements=list(own), set_=columns))


def _drop(table: type[Base], *conditions: ColumnElement[bool]) -> int:
    """Delete rows; returns how many that were."""
    with wall.in_vault():
        return session.execute(delete(table).where(*conditions)).rowcount


def _find(table: type[Kept], id_: UUID) -> Kept | None:
    with wall.in_vault():
        return session.get(table, id_)


def _address(keys: Keys, row: Row) -> str:
    return unseal(keys, row.key_id, Address.sealed, (row.recipient_id, row.channel), row.sealed).decode()
