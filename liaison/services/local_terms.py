"""The terms a region sets for itself, clock by clock; `clocks.term_for` reads them when a clock starts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, literal, select

from liaison.db import forget, session
from liaison.domain.actors import Actor
from liaison.domain.clocks import Term, Unit
from liaison.domain.errors import Invalid
from liaison.domain.terms import DEFAULT_TERMS
from liaison.models.departments import LocalTerm
from liaison.models.regions import Region
from liaison.services import audit
from liaison.services.departments import get_region

IN_WORKING_DAYS = frozenset({"return_request", "reopening"})
"""Terms that are counted back from a later day, in working days only."""


@dataclass(frozen=True)
class TermSetting:
    """One clock in one region: the region's own term, or else the one in force and whose word it is."""

    clock: str
    own: str
    inherited: str
    inherited_from: str | None


def terms_of(actor: Actor, region_code: str) -> list[TermSetting]:
    """Every clock's term in a region within reach. Raises NotFound."""
    region = get_region(actor, region_code)
    above = literal(region.path).like(Region.path + "%")
    rows = session.execute(
        select(Region.path, Region.name, LocalTerm.clock, LocalTerm.term)
        .join(Region, Region.id == LocalTerm.region_id)
        .where(above)
        .order_by(Region.path)
    ).all()
    own = {row.clock: row.term for row in rows if row.path == region.path}
    inherited = {row.clock: (row.term, row.name) for row in rows if row.path != region.path}
    defaults = {clock: (str(term), None) for clock, term in DEFAULT_TERMS.items()}
    return [TermSetting(clock, own.get(clock, ""), *(defaults | inherited)[clock]) for clock in DEFAULT_TERMS]


def set_terms(actor: Actor, region_code: str, wanted: Mapping[str, str], now: datetime) -> Region:
    """Write a region's own terms, an empty one meaning that it has none; clocks already running keep theirs.

    Raises Invalid naming each clock whose term cannot be read.
    """
    region = get_region(actor, region_code)
    terms, errors = {}, {}
    for clock in DEFAULT_TERMS:
        if typed := wanted.get(clock, "").strip():
            try:
                terms[clock] = _checked(clock, typed)
            except Invalid as error:
                errors |= {clock: error.errors["term"]}
    if errors:
        raise Invalid(errors)
    session.execute(delete(LocalTerm).where(LocalTerm.region_id == region.id))
    session.add_all(LocalTerm(region_id=region.id, clock=clock, term=str(term)) for clock, term in terms.items())
    session.flush()
    forget()
    told = {clock: str(term) for clock, term in terms.items()}
    audit.note(actor, "setting.terms", now, about=region.name, region_path=region.path, data=told)
    return region


def _checked(clock: str, typed: str) -> Term:
    term = Term.parse(typed)
    if clock in IN_WORKING_DAYS and term.unit is not Unit.working_days:
        raise Invalid({"term": ["这一项只能按工作日计算，请写成“5 wd”。"]})
    return term
