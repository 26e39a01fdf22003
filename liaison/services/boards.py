"""Screens on walls: paired once with a code, then open to the board of one region alone, until they expire.

A screen is nobody: it has no role and no session. Its key opens `figures`, which hands out sums and no row behind
them; every sum of one place is hidden while it is small enough to point at somebody (`domain.suppression`).
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from liaison import wall
from liaison.db import session
from liaison.domain import numbers
from liaison.domain.actors import Actor, Role
from liaison.domain.errors import Invalid, NotFound
from liaison.domain.policy import require
from liaison.domain.suppression import hidden
from liaison.models.base import new_id
from liaison.models.boards import Board
from liaison.models.regions import Region
from liaison.services import audit, overviews
from liaison.services.departments import get_region
from liaison.services.overviews import Line, Overview
from liaison.services.reach import region_within
from liaison.services.sealing import fingerprint
from liaison.services.sign_in import Origin

LASTS = timedelta(days=90)  # a quarter: whoever is responsible looks at it as often
PAIRED_WITHIN = timedelta(hours=24)  # the code is read from one screen and typed into another, today
SEEN_EVERY = timedelta(minutes=5)  # so that asking each minute does not write a row each minute
KEPT = timedelta(days=90)  # for how long the list remembers a board that is over
WRONG = "配对码不正确、已经用过或已经过期，请核对；仍不行的，请人大办负责人重新生成。"
STATIONS = ("received", "open", "overdue")
DEPARTMENTS = ("duty", "duty_open", "duty_overdue")


@dataclass(frozen=True)
class Place:
    """A station or department with its figures; None for one that is not shown, in `small` those that are too small."""

    name: str
    counts: Mapping[str, int | None]
    small: frozenset[str]


@dataclass(frozen=True)
class Shown:
    """What a screen may show: the sums of its region, and those of its fullest places."""

    region: str
    found: Overview
    least: int
    stations: Sequence[Place]
    departments: Sequence[Place]


def add(actor: Actor, name: str, region_code: str, now: datetime) -> tuple[Board, str]:
    """A new screen of a region within reach, and the code that pairs it, told this once. Raises NotFound."""
    require(actor.role, "boards.write")
    region = get_region(actor, region_code)
    code = numbers.make_code(secrets.randbits(numbers.CODE_BITS))
    told = {"created_at": now, "created_by": actor.name, "expires_at": now + LASTS}
    board = Board(id=new_id(), name=name, region_id=region.id, code_digest=fingerprint(code), **told)
    board.region = region
    session.add(board)
    session.flush()
    audit.note(actor, "board.add", now, about=name, region_path=region.path, data={"board": str(board.id)})
    return board, code


def boards_within(actor: Actor, now: datetime) -> list[Board]:
    """The screens within reach, newest first, those that are over for a while after."""
    rows = select(Board).join(Board.region).where(region_within(actor, Region.path), Board.expires_at > now - KEPT)
    return list(session.scalars(rows.options(joinedload(Board.region)).order_by(Board.created_at.desc(), Board.id)))


def revoke(actor: Actor, board_id: UUID, now: datetime) -> Board:
    """Close a screen at once. Raises NotFound; one that is closed stays as it was."""
    require(actor.role, "boards.write")
    rows = select(Board).join(Board.region).where(Board.id == board_id, region_within(actor, Region.path))
    board = session.scalar(rows.options(joinedload(Board.region, innerjoin=True)).with_for_update(of=Board))
    if board is None:
        raise NotFound("没有找到这块屏幕，请刷新后再试。")
    if board.revoked_at is None:
        board.revoked_at, board.code_digest, board.token_digest = now, None, None
        session.flush()
        data = {"board": str(board.id)}
        audit.note(actor, "board.revoke", now, about=board.name, region_path=board.region.path, data=data)
    return board


def pair(typed: str, origin: Origin, now: datetime) -> tuple[Board, str]:
    """Give the screen of a code its key; the code opens nothing afterwards. Raises Invalid, for whichever reason."""
    try:
        code = numbers.normalise_code(typed)
    except Invalid:
        raise Invalid({"code": [WRONG]}) from None
    mine = (Board.code_digest == fingerprint(code), Board.created_at > now - PAIRED_WITHIN)
    board = session.scalar(select(Board).where(*mine, *_alive(now)).with_for_update())
    if board is None:
        raise Invalid({"code": [WRONG]})
    token = secrets.token_urlsafe(32)
    board.code_digest, board.token_digest, board.paired_at = None, fingerprint(token), now
    board.device, board.network = origin.device, origin.network
    session.flush()
    return board, token


def find(token: str, now: datetime) -> Board | None:
    """The screen of a key, if it is neither revoked nor expired; remembers that it asked."""
    rows = select(Board).where(Board.token_digest == fingerprint(token), *_alive(now)).options(joinedload(Board.region))
    board = session.scalar(rows)
    if board and (board.seen_at is None or now - board.seen_at >= SEEN_EVERY):
        board.seen_at = now
    return board


def figures(board: Board, now: datetime) -> Shown:
    """What a screen shows, read as the office of its region would, from now on in this session."""
    reader = Actor(Role.OFFICE, name=board.name, region_path=board.region.path)
    wall.stand(reader)
    found, least = overviews.overview(reader, "today", now=now), overviews.least_of(reader)
    stations = _places(found.stations, STATIONS, least, {name: found.total.counts[name] for name in STATIONS})
    departments = _places(found.departments, DEPARTMENTS, least, {})
    return Shown(board.region.name, found, least, stations, departments)


def _places(lines: Sequence[Line], names: Sequence[str], least: int, totals: Mapping[str, int]) -> list[Place]:
    """The fullest places first, small figures left out, and as many more as keep them from being worked out."""
    out: set[tuple[str, str]] = set()
    for name in names:
        counts = {(line.code, name): line.counts[name] for line in lines}
        total = ("", name)
        sums = [(total, list(counts))] if totals.get(name) == sum(counts.values()) else []
        out |= hidden(counts | ({total: totals[name]} if sums else {}), sums, least)
    return [
        Place(
            line.name,
            {name: None if (line.code, name) in out else line.counts[name] for name in names},
            frozenset(name for name in names if 0 < line.counts[name] < least),
        )
        for line in sorted(lines, key=lambda line: -line.counts[names[1]])
    ]


def _alive(now: datetime) -> tuple:
    return Board.revoked_at.is_(None), Board.expires_at > now
