"""Whom a new matter is about: the department the resident chose, and those the text names until the office decides."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import literal, select

from liaison.db import lasting, session
from liaison.domain.actors import SYSTEM, Actor
from liaison.domain.conflict import Source, named_in
from liaison.domain.errors import Invalid
from liaison.models.cases import Case
from liaison.models.regions import Region
from liaison.services import parties
from liaison.services.departments import departments_around
from liaison.services.parties import DEPARTMENT, Party
from liaison.services.recipients import nobody_barred


def read(region_path: str, text: str, chosen: str | None) -> tuple[list[Party], list[Party]]:
    """The department the resident chose, if any, and the others around the region that the text names.

    Raises Invalid for a department that is not around the region.
    """
    around = {each.code: Party(DEPARTMENT, each.id, each.code, each.name) for each in departments_around(region_path)}
    if chosen and chosen not in around:
        raise Invalid({"about.department": ["没有这个单位，请重新选择。"]})
    above = lasting(f"names above {region_path}", partial(_names_above, region_path))
    named = named_in(text, {code: party.name for code, party in around.items()}, above)
    return [around[chosen]] if chosen else [], [around[code] for code in named if code != chosen]


def _names_above(region_path: str) -> Sequence[str]:
    return session.scalars(select(Region.name).where(literal(region_path).like(Region.path + "%"))).all()


def keep(case: Case, actor: Actor, told: Sequence[Party], named: Sequence[Party], now: datetime) -> None:
    """Put them into the conflict set of the new case, those of each source with one event."""
    if told:
        parties.put(case, told, Source.RESIDENT, actor, now, kind="accuse")
    if named:
        parties.put(case, named, Source.TEXT, SYSTEM, now, kind="suspect")
    if not told and not named:
        nobody_barred(case)
