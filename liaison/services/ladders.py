"""Who hears of which rung of the ladder: a region's own table, the nearest above it, else the default of the rules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from liaison.db import forget, lasting, session
from liaison.domain.actors import Actor
from liaison.domain.errors import Invalid
from liaison.domain.reminders import LADDER, NEVER_EMPTY, Audience, Audiences, Rung
from liaison.models.departments import LadderRung
from liaison.models.regions import Region
from liaison.services import audit
from liaison.services.departments import get_region


@dataclass(frozen=True)
class RungSetting:
    """One rung in one region: who hears of it, who would without the region's own word, and whose word that is."""

    rung: Rung
    audience: frozenset[Audience]
    inherited: frozenset[Audience]
    inherited_from: str | None
    is_own: bool


def audiences_for(region_path: str) -> Audiences:
    """Whom each rung addresses in a region: of its own word and those of the regions above, the nearest."""
    found = dict(LADDER)
    for path, _, rung, audience in lasting("ladders", _rows):  # shorter paths first, so that the nearest stays
        if region_path.startswith(path):
            found[rung] = audience
    return found


def settings_of(actor: Actor, region_code: str) -> tuple[Region, list[RungSetting]]:
    """A region within reach and its rungs from the softest to the loudest. Raises NotFound."""
    region = get_region(actor, region_code)
    inherited, named, own = dict(LADDER), dict.fromkeys(Rung), {}
    for path, name, rung, audience in lasting("ladders", _rows):
        if path == region.path:
            own[rung] = audience
        elif region.path.startswith(path):
            inherited[rung], named[rung] = audience, name
    return region, [
        RungSetting(rung, own.get(rung, inherited[rung]), inherited[rung], named[rung], rung in own) for rung in Rung
    ]


def set_ladder(actor: Actor, region_code: str, wanted: Mapping[str, Iterable[str]], now: datetime) -> Region:
    """Write who hears of each rung in a region; a rung that says what it would say anyway is not kept as its own.

    Raises Invalid for a rung that must reach somebody and would not.
    """
    region, settings = settings_of(actor, region_code)
    chosen = {each.rung: frozenset(map(Audience, wanted.get(each.rung, ()))) for each in settings}
    if silent := [rung for rung in NEVER_EMPTY if not chosen[rung]]:
        raise Invalid({rung: ["这一档不能没有人收到提醒，请至少选一类人员。"] for rung in silent})
    session.execute(delete(LadderRung).where(LadderRung.region_id == region.id))
    session.add_all(
        LadderRung(region_id=region.id, rung=each.rung, audiences=sorted(chosen[each.rung]))
        for each in settings
        if chosen[each.rung] != each.inherited
    )
    session.flush()
    forget()
    told = {rung: sorted(audience) for rung, audience in chosen.items()}
    audit.note(actor, "setting.ladder", now, about=region.name, region_path=region.path, data=told)
    return region


def reset_ladder(actor: Actor, region_code: str, now: datetime) -> Region:
    """Take back all a region has set for itself, so that it follows the region above or the default."""
    region = get_region(actor, region_code)
    session.execute(delete(LadderRung).where(LadderRung.region_id == region.id))
    forget()
    audit.note(actor, "setting.ladder_reset", now, about=region.name, region_path=region.path)
    return region


def _rows() -> list[tuple[str, str, Rung, frozenset[Audience]]]:
    """All regions' own words, those of higher regions first."""
    rows = session.execute(
        select(Region.path, Region.name, LadderRung.rung, LadderRung.audiences).join(Region).order_by(Region.path)
    )
    return [(path, name, Rung(rung), frozenset(map(Audience, told))) for path, name, rung, told in rows]
