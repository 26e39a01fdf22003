"""The stations as a tree of regions: how many there are below each, and which do not live.

A station is asleep when no deputy stands on its roster, or when nobody has scanned its code for long: it exists on the
wall only (DOMAIN §6).
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from liaison.db import session
from liaison.domain.actors import Actor
from liaison.models.people import Deputy
from liaison.models.regions import Region
from liaison.models.stations import DutyTurn, Station
from liaison.services.departments import regions_within
from liaison.services.reach import region_within, station_within
from liaison.services.register_lists import Wanted

UNSCANNED = timedelta(days=30)
"""A month without one scan: the poster is hidden, torn off, or nobody knows what it is for."""

MOST_AT_ONCE = 400
"""Stations of one page; above that only branches are shown, each of which opens on a page of its own."""


@dataclass(frozen=True)
class Leaf:
    """A station; `deputies` stand on its roster, `unscanned` says that nobody has scanned its code for long."""

    station: Station
    deputies: int
    unscanned: bool


@dataclass(frozen=True)
class Branch:
    """A region with its own stations and the regions below that have any; the figures are of all of them together."""

    region: Region
    leaves: Sequence[Leaf]
    branches: Sequence["Branch"]
    kinds: Mapping[str, int]
    unattended: int
    unscanned: int

    @property
    def total(self) -> int:
        """How many stations there are in it."""
        return sum(self.kinds.values())


@dataclass(frozen=True)
class Tree:
    """The topmost branches; `is_cut` when there are too many stations to list each one on this page."""

    branches: Sequence[Branch]
    total: int
    is_cut: bool


def tree(actor: Actor, wanted: Wanted, now: datetime) -> Tree:
    """The stations within reach that fit, in the tree of their regions, regions without any left out.

    `wanted.words` is part of a station's name or address or of its region's name, or a whole code.
    """
    on_roster = (
        select(func.count())
        .select_from(DutyTurn)
        .join(Deputy, Deputy.id == DutyTurn.deputy_id)
        .where(DutyTurn.station_id == Station.id, Deputy.active)
        .scalar_subquery()
    )
    rows = select(Station, on_roster).join(Region, Region.id == Station.region_id)
    rows = rows.where(station_within(actor), *_conditions(actor, wanted)).order_by(Station.kind, Station.name)
    leaves: defaultdict[UUID, list[Leaf]] = defaultdict(list)
    for station, deputies in session.execute(rows):
        last = station.last_scan_at
        leaves[station.region_id].append(Leaf(station, deputies, last is None or now - last > UNSCANNED))
    within = regions_within(actor)
    elsewhere = leaves.keys() - {region.id for region in within}  # a liaison's station may stand in another region
    branches = _branches([*within, *session.scalars(select(Region).where(Region.id.in_(elsewhere)))], leaves)
    total = sum(branch.total for branch in branches)
    return Tree(branches, total, total > MOST_AT_ONCE and len(leaves) > 1)


def _conditions(actor: Actor, wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.state != "all":
        found.append(Station.active.is_(wanted.state != "retired"))
    if wanted.kind:
        found.append(Station.kind == wanted.kind)
    if wanted.capability:
        found.append(Station.capabilities.contains([wanted.capability]))
    if wanted.region:
        above = select(Region.path).where(Region.code == wanted.region, region_within(actor, Region.path))
        found.append(func.starts_with(Region.path, above.scalar_subquery()))
    if wanted.words:
        columns = (Station.name, Station.address, Region.name)
        holds = [column.contains(wanted.words, autoescape=True) for column in columns]
        found.append(or_(*holds, func.lower(Station.code) == wanted.words.lower()))
    return found


def _branches(regions: Sequence[Region], leaves: Mapping[UUID, list[Leaf]]) -> list[Branch]:
    """The regions as branches, made from the lowest up; those above the actor's own do not appear."""
    below: defaultdict[UUID | None, list[Branch]] = defaultdict(list)
    known = {region.id for region in regions}
    for region in sorted(regions, key=lambda each: each.path.count("/"), reverse=True):
        branch = _branch(region, leaves.get(region.id, []), sorted(below[region.id], key=lambda each: each.region.code))
        if branch.total:
            below[region.parent_id if region.parent_id in known else None].append(branch)
    return sorted(below[None], key=lambda each: each.region.code)


def _branch(region: Region, own: Sequence[Leaf], branches: Sequence[Branch]) -> Branch:
    kinds = Counter(leaf.station.kind for leaf in own)
    for branch in branches:
        kinds.update(branch.kinds)
    return Branch(
        region,
        own,
        branches,
        kinds,
        sum(not leaf.deputies for leaf in own) + sum(each.unattended for each in branches),
        sum(leaf.unscanned for leaf in own) + sum(each.unscanned for each in branches),
    )
