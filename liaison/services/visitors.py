"""Residents whom the service account knows. A random id stands for each; the openid stays sealed in the vault.

Beside `vault` the only reader and writer of that schema. A visit is a session by WeChat: the browser holds a random
token, the table its digest.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, delete, exists, func, insert, select, update

from liaison import wall
from liaison.db import session
from liaison.models.people import Visit
from liaison.models.vault import OwnMatter, Visitor
from liaison.services.sealing import Keys, fingerprint, look_up, seal, unseal

LONGEST = timedelta(days=30)
"""A visit ends after so long whatever happens: in WeChat the next one begins without a tap, so that a month costs
nobody anything, and a phone that was sold or lost opens nothing for longer."""
IDLE = timedelta(days=7)
"""And after so long unused: phones are shared in families, and WeChat may be another's by then, which only a new
visit finds out."""
SEEN_EVERY = timedelta(hours=1)  # written down so often, since nobody looks at it more closely

_APART = {"synchronize_session": False}


@dataclass(frozen=True)
class Entered:
    """A visit that has begun: the token its browser keeps, and until when at most."""

    token: str = field(repr=False)
    until: datetime


def enter(openid: str, keys: Keys, now: datetime, *, instead_of: str = "") -> Entered:
    """Begin a visit of whoever has that openid, under a new token; the one it takes the place of opens nothing more."""
    visitor_id = find_visitor(openid, keys) or _add(openid, keys, now)
    leave(instead_of, now)
    token, until = secrets.token_urlsafe(32), now + LONGEST
    times = {"created_at": now, "seen_at": now, "expires_at": until}
    session.add(Visit(visitor_id=visitor_id, token_digest=fingerprint(token), **times))
    session.flush()
    return Entered(token, until)


def find_visit(token: str, now: datetime) -> Visit | None:
    """The visit of a token that still stands."""
    return session.scalar(select(Visit).where(Visit.token_digest == fingerprint(token), *_alive(now)))


def touch(visit: Visit, now: datetime) -> None:
    """Remember that a visit goes on."""
    visit.seen_at = now


def leave(token: str, now: datetime) -> None:
    """End the visit of a token at once, if there is one."""
    ended = update(Visit).where(Visit.token_digest == fingerprint(token), Visit.revoked_at.is_(None))
    session.execute(ended.values(revoked_at=now), execution_options=_APART)


def openid_of(visitor_id: UUID, keys: Keys) -> str:
    """The openid, opened; for sending alone."""
    with wall.in_vault():
        row = session.get_one(Visitor, visitor_id)
    return unseal(keys, row.key_id, Visitor.openid, (visitor_id,), row.openid).decode()


def forget_unused(visitor_ids: Collection[UUID]) -> None:
    """Forget those of these visitors who have neither a matter nor a visit left, not even one that has ended."""
    visiting = set(session.scalars(select(Visit.visitor_id).where(Visit.visitor_id.in_(visitor_ids))))
    gone = (Visitor.id.in_(set(visitor_ids) - visiting), ~exists().where(OwnMatter.visitor_id == Visitor.id))
    with wall.in_vault():
        session.execute(delete(Visitor).where(*gone), execution_options=_APART)


def remove_visits(ids: Collection[UUID]) -> int:
    """Delete visits, and with them whoever is left without any trace; returns how many visits went."""
    whose = set(session.scalars(select(Visit.visitor_id).where(Visit.id.in_(ids))))
    removed = session.execute(delete(Visit).where(Visit.id.in_(ids)), execution_options=_APART).rowcount
    forget_unused(whose)
    return removed


def find_visitor(openid: str, keys: Keys) -> UUID | None:
    """Who has that openid, by its digests alone."""
    macs = [look_up(key, Visitor.openid_mac, openid.encode()) for key in keys.codes.values()]
    with wall.in_vault():
        return session.scalar(select(Visitor.id).where(Visitor.openid_mac.in_(macs)))


def _add(openid: str, keys: Keys, now: datetime) -> UUID:
    """A visitor who came for the first time; of two at once the second waits and is the first."""
    mac = look_up(keys.codes[keys.newest_code], Visitor.openid_mac, openid.encode())
    session.execute(select(func.pg_advisory_xact_lock(int.from_bytes(mac[:8], signed=True))))
    if found := find_visitor(openid, keys):
        return found
    row_id = uuid4()  # tells nothing of when, unlike our other ids
    row = insert(Visitor).values(
        id=row_id,
        key_id=keys.newest,
        openid=seal(keys, Visitor.openid, (row_id,), openid.encode()),
        openid_mac=mac,
        code_key_id=keys.newest_code,
        created_at=now,
    )
    with wall.in_vault():
        session.execute(row)
    return row_id


def _alive(now: datetime) -> list[ColumnElement[bool]]:
    return [Visit.revoked_at.is_(None), Visit.expires_at > now, Visit.seen_at > now - IDLE]
