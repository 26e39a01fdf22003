"""Whom the token of a request stands for, found out by the very statement that begins the request's transaction.

What makes a session alive stands in function `signed_in` of the database (migration `0031`) but for one thing: how long
a region lets its sessions stand idle. `find_known` asks the same where a transaction runs already.
"""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Row, text, update

from liaison import wall
from liaison.db import session
from liaison.domain.actors import Actor, Role
from liaison.models.people import Session
from liaison.services import preferences
from liaison.services.sealing import fingerprint

IDLE = timedelta(minutes=30)
"""What no region may go beyond; `session_idle` of its preferences may be less."""

SEEN_EVERY = timedelta(minutes=1)  # so that reading does not write a row per request

_KNOWN = text("SELECT * FROM signed_in(:digest, :moment, :idle_since)")


class Known(NamedTuple):
    """A live session and its account, in the order of the columns of `signed_in`."""

    session_id: UUID
    seen_at: datetime
    proven: bool
    by: str
    account_id: UUID
    name: str
    role: str
    region_path: str
    department_id: UUID | None
    station_id: UUID | None
    deputy_id: UUID | None
    head: bool
    must_change: bool
    password_changed_at: datetime
    otp_since: datetime | None

    @property
    def actor(self) -> Actor:
        """The account as the rules see it."""
        return Actor(
            role=Role(self.role),
            name=self.name,
            account_id=self.account_id,
            region_path=self.region_path,
            department_id=self.department_id,
            station_id=self.station_id,
            deputy_id=self.deputy_id,
            head=self.head,
        )


def recognise(token: str, now: datetime) -> Known | None:
    """Whom a live session stands for, the wall standing as theirs from now on; None for a token that opens nothing.

    To be called before anything else is asked: one statement then takes on the role, tells the wall and answers.
    """
    return _alive(wall.recognise(_asked(token, now)), now)


def find_known(token: str, now: datetime) -> Known | None:
    """The same without a word to the wall, for whoever acts already."""
    session.flush()
    row = session.execute(_KNOWN, _asked(token, now)).one_or_none()
    return _alive(row, now) if row else None


def is_to_touch(known: Known, now: datetime) -> bool:
    """Whether it is time to write down again that the session is in use."""
    return now - known.seen_at >= SEEN_EVERY


def touch(session_id: UUID, now: datetime) -> None:
    """Remember that a session is in use."""
    session.execute(update(Session).where(Session.id == session_id).values(seen_at=now))


def _asked(token: str, now: datetime) -> dict[str, object]:
    return {"digest": fingerprint(token), "moment": now, "idle_since": now - IDLE}


def _alive(row: Row, now: datetime) -> Known | None:
    known = Known._make(row[: len(Known._fields)])
    if known.session_id is None:
        return None
    idle = timedelta(minutes=preferences.in_force("session_idle", known.region_path))
    return known if known.seen_at > now - idle else None
